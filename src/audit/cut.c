#include "audit/cut.h"

#include "audit/audit.h"
#include "audit/recall.h"
#include "codec/json_write.h"
#include "crypto/keyring.h"
#include "db/db.h"

enum {
	PRUNE_ROWS = 5000,
	DETAILS_BYTES_MAX = 4096,
};

struct cutting {
	const struct audit_cut_options *options;
	struct audit_unproven unproven;
	int64_t seq;  /* of the last link that may go */
	int64_t lost; /* entries as old that wait, whose keys are missing */
	int64_t waiting[AUDIT_UNPROVEN_KEYS_MAX]; /* the same, by key */
};

static struct err *
age_check(struct ctx *ctx, int64_t before)
{
	int64_t least = (int64_t)AUDIT_CUT_AGE_LEAST_S * MICROSECONDS_PER_SECOND;

	if (before > ctx->now - least)
		return err_new(
			ctx, ERR_INVALID, "the audit log is cut a day ago at the latest");
	return NULL;
}

/* What of UNPROVEN would go with the rows up to SEQ. */
static struct err *
unproven_refuse(struct ctx *ctx, const struct audit_unproven *unproven, int64_t seq)
{
	for (size_t i = 0; i < unproven->count; i++) {
		const struct audit_unproven_key *key = &unproven->keys[i];

		if (key->others || (key->rows && key->first <= seq))
			return err_new(ctx, ERR_CONFLICT,
				"the audit log is not cut while not all of it can be "
				"verified: " STR_FMT
				": put back the keyring that has it; "
				"where it is lost for good, gridiron audit cut "
				"--unproven lets that go too, and puts it on record",
				STR_ARG(audit_unproven_text(ctx->arena, key)));
	}
	return NULL;
}

static struct err *
log_check(struct ctx *ctx, struct cutting *cutting)
{
	struct audit_verified verified;

	TRY(audit_verify(ctx,
		&(struct audit_verify_options){ .folder = cutting->options->folder },
		&verified));
	cutting->unproven = verified.unproven;
	if (!str_is_none(verified.fault.what))
		return err_new(ctx, ERR_CONFLICT,
			"the audit log is not cut while something is wrong with "
			"it: " STR_FMT,
			STR_ARG(audit_fault_text(ctx->arena, &verified.fault)));
	return cutting->options->takes_unproven
		? NULL
		: unproven_refuse(ctx, &verified.unproven, 0);
}

static struct err *
fault_err(struct ctx *ctx, const struct audit_fault *fault)
{
	return err_new(
		ctx, ERR_CONFLICT, STR_FMT, STR_ARG(audit_fault_text(ctx->arena, fault)));
}

/*
 * The newest cut that is ours; seq 0: none. RET_UNPROVEN: one of a missing key stands
 * behind it, of which nobody can tell: whoever may write SQL puts one behind the end of
 * the chain, where ours never come to. CONFLICT where one behind it was altered.
 */
static struct err *
cut_newest(struct tx *tx, struct audit_cut *ret, struct audit_fault *ret_unproven)
{
	TRY(audit_recall_cut(tx, ret, ret_unproven));
	return str_is_none(ret_unproven->what) || !str_is_none(ret_unproven->missing_key)
		? NULL
		: fault_err(tx->ctx, ret_unproven);
}

/* Whether the chain was cut there already, by whomever: the links may have gone. */
static struct err *
is_cut_at(struct tx *tx, int64_t seq, bool *ret)
{
	struct audit_cut_list cuts;

	*ret = false;
	TRY(q_audit_cut_list(tx, &cuts));
	for (size_t i = 0; i < cuts.count; i++)
		*ret = *ret || cuts.items[i].seq == seq;
	return NULL;
}

/* How many wait of the key of ROW; NULL where it can be verified, or was not asked
 * for. */
static int64_t *
lost_find(struct ctx *ctx, struct cutting *cutting, const struct audit_waiting *row)
{
	if (!cutting->options->takes_unproven ||
		!str_is_none(audit_secret(ctx, row->key_id)))
		return NULL;
	for (size_t i = 0; i < cutting->unproven.count; i++)
		if (str_eq(row->key_id, audit_unproven_id(&cutting->unproven.keys[i])))
			return &cutting->waiting[i];
	return NULL;
}

/* Entries that wait and are as old: CONFLICT, but where nobody can verify them and that
 * is asked for. Those are counted, and taken away where IS_TAKING. */
static struct err *
waiting_go_along(struct tx *tx, struct cutting *cutting, bool is_taking)
{
	struct uuid after = { { 0 } };
	struct audit_waiting_list page;

	cutting->lost = 0;
	memset(cutting->waiting, 0, sizeof(cutting->waiting));
	do {
		TRY(q_audit_waiting_list(tx, after, &page));
		for (size_t i = 0; i < page.count; i++) {
			const struct audit_waiting *row = &page.items[i];
			const struct audit_take take = { .id = row->id };
			int64_t *lost, taken = 1;

			after = row->id.uuid;
			if (row->created_at >= cutting->options->before)
				continue;
			lost = lost_find(tx->ctx, cutting, row);
			if (lost && is_taking)
				TRY(q_audit_take(tx, &take, 1, &taken));
			if (!lost || !taken)
				return err_new(tx->ctx, ERR_CONFLICT,
					"entries that old still wait for the chain; try "
					"again in a moment");
			++*lost;
			cutting->lost++;
		}
	} while (page.count);
	return NULL;
}

/* The last link before which all are old; 0: none. */
static struct err *
place_find(struct tx *tx, struct cutting *cutting)
{
	struct audit_head young, last;
	struct audit_fault unproven;
	struct audit_cut cut;
	bool found, is_cut;

	cutting->seq = 0;
	TRY(waiting_go_along(tx, cutting, false));
	TRY(cut_newest(tx, &cut, &unproven));
	if (!str_is_none(unproven.what) && !cutting->options->takes_unproven)
		return fault_err(tx->ctx, &unproven);
	TRY(q_audit_first_since(tx, cutting->options->before, &young, &found));
	if (!found)
		TRY(q_audit_head(tx, &last, &found));
	else
		last.seq = young.seq - 1;
	if (found && last.seq > cut.seq) {
		TRY(is_cut_at(tx, last.seq, &is_cut));
		cutting->seq = is_cut ? 0 : last.seq;
	}
	return cutting->options->takes_unproven
		? NULL
		: unproven_refuse(tx->ctx, &cutting->unproven, cutting->seq);
}

static struct err *
cut_put(struct tx *tx, const struct cutting *cutting)
{
	struct ctx *ctx = tx->ctx;
	const struct key *key = keyring_current(ctx->keys, KEY_AUDIT, ctx->now);
	struct str secret = { (const char *)key->secret, KEY_BYTES };
	struct audit_link link = { .seq = cutting->seq };
	int64_t until = cutting->options->before - 1;
	struct audit_head last;
	struct audit_hash mac;
	bool found;

	TRY(q_audit_at(tx, cutting->seq, &last, &found));
	if (!found || !audit_hash_from(last.hash, &link.hash))
		return err_new(ctx, ERR_CONFLICT, "audit row %lld has gone",
			(long long)cutting->seq);
	mac = audit_cut_mac(secret, key_id(key), &link, until, ctx->now);
	return q_audit_cut_put(tx,
		(struct audit_cut_put){
			.seq = link.seq,
			.hash = last.hash,
			.entries_until = until,
			.mac = audit_hash_str(&mac),
			.key_id = key_id(key),
			.now = ctx->now,
		});
}

/* What went and was verified by nobody. */
static void
unproven_put(struct json *json, const struct cutting *cutting)
{
	json_put_key(json, STR("unproven"));
	json_put_array(json);
	for (size_t i = 0; i < cutting->unproven.count; i++) {
		const struct audit_unproven_key *key = &cutting->unproven.keys[i];
		bool has_rows = key->rows && key->first <= cutting->seq;

		if (!has_rows && !cutting->waiting[i])
			continue;
		json_put_object(json);
		json_put_key(json, STR("key"));
		json_put_text(json, audit_unproven_id(key));
		if (has_rows) {
			json_put_key(json, STR("first"));
			json_put_i64(json, key->first);
			json_put_key(json, STR("last"));
			json_put_i64(json,
				key->last < cutting->seq ? key->last : cutting->seq);
		}
		json_put_key(json, STR("waiting"));
		json_put_i64(json, cutting->waiting[i]);
		json_put_object_end(json);
	}
	json_put_array_end(json);
	json_put_key(json, STR("unproven_waiting"));
	json_put_i64(json, cutting->lost);
}

static struct err *
cut_in_tx(struct tx *tx, void *arg)
{
	struct cutting *cutting = arg;
	struct audit_entry entry = { .action = AUDIT_AUDIT_CUT,
		.resource_type = STR("audit") };
	struct buf out;
	struct json json = json_begin(&out);

	TRY(place_find(tx, cutting));
	/* Only a cut vouches for what was committed and waits no more. */
	if (!cutting->seq)
		return NULL;
	TRY(waiting_go_along(tx, cutting, true));
	TRY(cut_put(tx, cutting));
	buf_init(&out, tx->ctx->arena, DETAILS_BYTES_MAX);
	json_put_object(&json);
	json_put_key(&json, STR("last_seq"));
	json_put_i64(&json, cutting->seq);
	json_put_key(&json, STR("before"));
	json_put_time(&json, cutting->options->before);
	if (cutting->unproven.count)
		unproven_put(&json, cutting);
	json_put_object_end(&json);
	entry.details = buf_str(&out);
	return audit_log(tx, &entry);
}

struct err *
audit_cut_before(struct ctx *ctx, const struct audit_cut_options *options,
	struct audit_cut_done *ret)
{
	struct cutting cutting = { .options = options };

	TRY(age_check(ctx, options->before));
	TRY(log_check(ctx, &cutting));
	TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, cut_in_tx, &cutting));
	*ret = (struct audit_cut_done){ .seq = cutting.seq };
	*(cutting.seq ? &ret->taken : &ret->left) = cutting.lost;
	return NULL;
}

/*
 * The serving roles have no right to this statement, so it is none of the queries that
 * they prepare.
 */
static struct err *
prune_below(struct tx *tx, int64_t seq)
{
	struct str sql = str_fmt(tx->ctx->arena,
		"DELETE FROM audit_logs WHERE seq < %lld", (long long)seq);
	struct err *err = str_is_none(sql) ? err_no_memory() : db_run_text(tx, sql);

	if (err && err->code == ERR_DENIED)
		return err_note(err, "run this as the owner of the schema");
	return err;
}

struct err *
audit_prune(struct ctx *ctx, int64_t *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_head oldest;
	struct audit_fault unproven;
	struct audit_cut cut;
	int64_t first = 0, begin = 0;
	bool found;

	/* Who may not is told so also where there is nothing to take out. */
	TRY(prune_below(&tx, 0));
	TRY(cut_newest(&tx, &cut, &unproven));
	for (;;) {
		TRY(q_audit_oldest(&tx, &oldest, &found));
		if (!found || oldest.seq > cut.seq)
			break;
		first = first ? first : oldest.seq;
		begin = (oldest.seq > begin ? oldest.seq : begin) + PRUNE_ROWS;
		if (begin > cut.seq + 2 * PRUNE_ROWS)
			return err_new(ctx, ERR_DENIED,
				"nothing is taken out of the audit log by this role: run "
				"this as the owner of the schema");
		/* Not what lies before the cut of somebody else, behind ours. */
		TRY(prune_below(&tx, begin <= cut.seq ? begin : cut.seq + 1));
	}
	if (!first && !str_is_none(unproven.what))
		return fault_err(ctx, &unproven);
	*ret = first ? cut.seq - first + 1 : 0;
	return NULL;
}
