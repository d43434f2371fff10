/* A key that signed some of the log and is missing: that cannot be verified, all else can. */
#include "audit/cut.h"

#include <fcntl.h>
#include <unistd.h>

#include "audit/anchor.h"
#include "audit/daily.h"
#include "audit/signed.h"
#include "crypto/keyring.h"
#include "sys/file.h"
#include "tests/audit/log.h"

BOTH_ENGINES(a_key_that_is_missing_is_no_tampering_and_the_rest_is_verified)
{
	const struct keyring *keys = ctx->keys;
	struct audit_verify_options behind = { .from = 5 };
	struct audit_verified verified;
	struct keyring *other;
	struct audit_signed left;
	struct audit_round round;
	struct err *err;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, STR_NONE));
	OK_ERR(log_entries(ctx, 4));
	log_close(ctx);
	OK_ERR(keyring_new(ctx, &other));
	ctx->keys = other;
	OK_ERR(log_open(ctx, STR_NONE));
	OK_ERR(log_entries(ctx, 3));
	log_close(ctx);
	OK_ERR(audit_verify(ctx, &(struct audit_verify_options){ .from = 0 }, &verified));
	OK(str_is_none(verified.fault.what));
	EQ_I64(verified.unproven.count, 1);
	EQ_STR(audit_unproven_id(&verified.unproven.keys[0]),
		key_id(keyring_current(keys, KEY_AUDIT, ctx->now)));
	EQ_I64(verified.unproven.keys[0].first, 1);
	EQ_I64(verified.unproven.keys[0].last, 4);
	EQ_I64(verified.unproven.keys[0].rows, 4);
	EQ_I64(verified.rows, 3);
	/* The daily job fails, and puts nothing on record. */
	err = audit_verify_daily(ctx, STR_NONE, &verified);
	OK(err && err->code == ERR_CONFLICT);
	EQ_I64(owner_count_tampered(ctx), 0);
	OK_ERR(audit_verify(ctx, &behind, &verified));
	OK(audit_is_sound(&verified));
	EQ_I64(verified.rows, 3);
	/* Nor does whoever follows what another's keys wrote, which he cannot tell. */
	OK_ERR(log_open(ctx, STR_NONE));
	ctx->keys = keys;
	OK_ERR(log_entries(ctx, 2));
	ctx->keys = other;
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(round.refused, 2);
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	log_close(ctx);
	EQ_I64(owner_count_tampered(ctx), 0);
	EQ_I64(owner_count(ctx,
		       "SELECT count(*) FROM audit_logs WHERE action = "
		       "'audit.key_missing'"),
		1);
	ctx->keys = keys;
	OK_ERR(audit_signed_by(
		ctx, key_id(keyring_current(keys, KEY_AUDIT, ctx->now)), &left));
	EQ_I64(left.rows, 4);
	EQ_I64(left.others, 2);
	keyring_close(other);
}

/* Rows 1 to 4 are of the missing key. */
static const struct {
	const char *sql;
	int64_t seq;
} beside_missing[] = {
	{ "UPDATE audit_logs SET action = 'x' WHERE seq = 7", 7 },
	{ "DELETE FROM audit_logs WHERE seq = 6", 6 },
	{ "DELETE FROM audit_logs WHERE seq = 3", 3 },
	{ "DELETE FROM audit_logs WHERE seq <= 2", 1 },
	{ "UPDATE audit_logs SET hash = commitment WHERE seq = 2", 3 },
	/* The anchor has that one, too. */
	{ "UPDATE audit_logs SET hash = commitment WHERE seq = 4", 4 },
};

BOTH_ENGINES(tampering_behind_the_rows_of_a_missing_key_is_told)
{
	const struct keyring *keys = ctx->keys;
	struct str folder = folder_make(ctx);
	struct audit_verified verified;
	struct keyring *other;
	struct err *err;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(log_entries(ctx, 4));
	log_close(ctx);
	OK_ERR(keyring_new(ctx, &other));
	ctx->keys = other;
	OK_ERR(log_open(ctx, folder));
	OK_ERR(log_entries(ctx, 4));
	log_close(ctx);
	OK_ERR(audit_verify(
		ctx, &(struct audit_verify_options){ .folder = folder }, &verified));
	OK_OR(str_is_none(verified.fault.what), STR_FMT, STR_ARG(verified.fault.what));
	EQ_I64(verified.unproven.count, 1);
	EQ_I64(verified.unproven.keys[0].rows, 4);
	/* Where they stand can be told, and the hash of the last of them. */
	OK_ERR(owner_run(ctx, "CREATE TABLE logs AS SELECT * FROM audit_logs"));
	for (size_t i = 0; i < COUNT_OF(beside_missing); i++) {
		OK_ERR(owner_run(ctx, "%s", beside_missing[i].sql));
		OK_ERR(audit_verify(ctx,
			&(struct audit_verify_options){ .folder = folder }, &verified));
		EQ_I64(verified.fault.seq, beside_missing[i].seq);
		err = audit_verify_daily(ctx, folder, &verified);
		OK_OR(err && err->code == ERR_DENIED, "%s", beside_missing[i].sql);
		OK_ERR(owner_run(ctx,
			"BEGIN; DELETE FROM audit_logs; INSERT INTO audit_logs SELECT * "
			"FROM logs; COMMIT"));
	}
	EQ_I64(owner_count_tampered(ctx), COUNT_OF(beside_missing));
	ctx->keys = keys;
	keyring_close(other);
	folder_remove(folder);
}

/* Two rings with one key in common; the one has another that is in force, and goes. */
struct rings {
	const struct keyring *own;
	struct keyring *left;
	struct keyring *both;
};

static struct err *
rings_make(struct ctx *ctx, struct rings *ret)
{
	*ret = (struct rings){ .own = ctx->keys };
	/* Closing signs at the clock's time, at which the other is in force already. */
	ctx->now -= 2 * MICROSECONDS_PER_SECOND;
	TRY(keyring_new(ctx, &ret->left));
	ctx->now += MICROSECONDS_PER_SECOND;
	TRY(keyring_new_beside(ctx, ret->left, &ret->both));
	ctx->now += MICROSECONDS_PER_SECOND;
	ctx->keys = ret->both;
	return NULL;
}

static void
rings_close(struct ctx *ctx, struct rings *rings)
{
	ctx->keys = rings->own;
	keyring_close(rings->both);
	keyring_close(rings->left);
}

/* Entries, chained and anchored. */
static struct err *
anchored(struct ctx *ctx, struct str folder, const struct keyring *keys, int count)
{
	ctx->keys = keys;
	TRY(log_open(ctx, folder));
	TRY(log_entries(ctx, count));
	log_close(ctx);
	return NULL;
}

BOTH_ENGINES(lines_of_a_missing_key_at_the_beginning_of_an_anchor_are_no_damage)
{
	struct str folder = folder_make(ctx);
	struct audit_verify_options behind = { .folder = folder, .from = 4 };
	struct audit_verified verified;
	struct rings rings;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(rings_make(ctx, &rings));
	OK_ERR(anchored(ctx, folder, rings.both, 3));
	OK_ERR(anchored(ctx, folder, rings.left, 3));
	OK_ERR(audit_verify(ctx, &behind, &verified));
	OK_OR(audit_is_sound(&verified), STR_FMT, STR_ARG(log_fault(ctx, folder)));
	OK(str_is_none(verified.anchor_fault));
	EQ_I64(verified.anchors_unproven.count, 1);
	EQ_I64(verified.anchors_unproven.keys[0].others, 1);
	EQ_I64(owner_count(ctx, "SELECT count(*) FROM audit_anchors"), 1);
	/* What the file is known by does not change, and so it is missed if it is cut. */
	ctx->keys = rings.both;
	SOUND(ctx, folder);
	/* Nor does a memory of another anchor that has gone, as long as it says the same. */
	OK_ERR(owner_run(ctx, "UPDATE audit_anchors SET key_id = '0123456789abcdef'"));
	SOUND(ctx, folder);
	OK_ERR(owner_run(ctx, "UPDATE audit_anchors SET hash = mac"));
	OK(str_find(log_fault(ctx, folder), STR("'0123456789abcdef'")) > 0);
	OK_ERR(owner_run(ctx, "UPDATE audit_anchors SET seq = 1000"));
	OK(str_find(log_fault(ctx, folder), STR("'0123456789abcdef'")) > 0);
	rings_close(ctx, &rings);
	folder_remove(folder);
}

/* Two instances, of which one has lost a key: rows of both come in at once. */
BOTH_ENGINES(whoever_follows_the_chain_looks_behind_the_rows_of_a_missing_key)
{
	struct audit_round round;
	struct audit *lacking;
	struct rings rings;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(rings_make(ctx, &rings));
	ctx->keys = rings.left;
	OK_ERR(log_open(ctx, STR_NONE));
	lacking = ctx->audit;
	OK_ERR(anchored(ctx, STR_NONE, rings.both, 3));
	OK_ERR(anchored(ctx, STR_NONE, rings.left, 3));
	OK_ERR(owner_run(ctx, "UPDATE audit_logs SET action = 'x' WHERE seq = 5"));
	ctx->audit = lacking;
	OK_ERR(audit_round(ctx, lacking, &round));
	OK_ERR(audit_round(ctx, lacking, &round));
	EQ_I64(owner_count_tampered(ctx), 1);
	EQ_I64(owner_count(ctx,
		       "SELECT count(*) FROM audit_logs WHERE action = "
		       "'audit.key_missing'"),
		1);
	log_close(ctx);
	rings_close(ctx, &rings);
}

#define DAY_US ((int64_t)86400 * MICROSECONDS_PER_SECOND)

/* Rows 1 to 4 and an entry that waits are three days old, and of a key that is lost. */
static struct err *
lost_fill(struct ctx *ctx, struct str folder, struct keyring *lost)
{
	struct ctx past = *ctx;
	struct audit_round round;

	past.now -= 3 * DAY_US;
	past.keys = lost;
	TRY(log_open(&past, folder));
	TRY(log_entries(&past, 4));
	log_close(&past);
	TRY(log_open(ctx, folder));
	past.audit = ctx->audit;
	TRY(log_entries(&past, 1));
	TRY(log_entries(ctx, 3));
	return audit_round(ctx, ctx->audit, &round);
}

BOTH_ENGINES(what_a_lost_key_signed_is_cut_off_where_that_is_asked_for_and_on_record)
{
	struct audit_cut_options options = { .folder = folder_make(ctx),
		.before = ctx->now - 2 * DAY_US };
	struct str key, said;
	struct audit_cut_done cut;
	struct keyring *lost;
	int64_t pruned;

	OK_ERR(log_users(ctx));
	OK_ERR(keyring_new(ctx, &lost));
	OK_ERR(lost_fill(ctx, options.folder, lost));
	key = key_id(keyring_current(lost, KEY_AUDIT, ctx->now));
	FAILS_WITH(audit_cut_before(ctx, &options, &cut), ERR_CONFLICT);
	options.takes_unproven = true;
	OK_ERR(audit_cut_before(ctx, &options, &cut));
	EQ_I64(cut.seq, 4);
	EQ_I64(cut.taken, 1);
	EQ_I64(cut.left, 0);
	OK_ERR(audit_prune(ctx, &pruned));
	EQ_I64(pruned, 4);
	/* The rest is proven, and what went is on record. */
	log_close(ctx);
	SOUND(ctx, options.folder);
	EQ_I64(owner_count(ctx, "SELECT count(*) FROM audit_pending"), 0);
	said = owner_text(ctx,
		"SELECT CAST(details AS TEXT) FROM audit_logs WHERE action = "
		"'operator.cut_audit'");
	OK_OR(str_find(said, key) > 0 && str_find(said, STR("unproven_waiting")) > 0,
		STR_FMT, STR_ARG(said));
	/* What is wrong is cut off by nobody. */
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, options.folder));
	OK_ERR(owner_run(ctx, "UPDATE audit_logs SET action = 'x' WHERE seq = 6"));
	FAILS_WITH(audit_cut_before(ctx, &options, &cut), ERR_CONFLICT);
	log_close(ctx);
	keyring_close(lost);
	folder_remove(options.folder);
}

/* Whoever may write SQL makes it up: no chain ever comes to end behind it. */
BOTH_ENGINES(a_cut_of_a_key_that_never_was_does_not_keep_ours_from_being_made)
{
	struct audit_cut_options options = { .folder = folder_make(ctx),
		.before = ctx->now - 2 * DAY_US };
	struct ctx past = *ctx;
	struct audit_cut_done cut;
	struct audit_round round;
	int64_t pruned;

	past.now -= 3 * DAY_US;
	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, options.folder));
	past.audit = ctx->audit;
	OK_ERR(log_entries(&past, 4));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(log_entries(ctx, 3));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(owner_run(ctx,
		"INSERT INTO audit_cuts SELECT 1000000000000, hash, created_at, hash, "
		"'0123456789abcdef', created_at FROM audit_logs WHERE seq = 1"));
	/* Without a cut of ours nothing may go. */
	FAILS_WITH(audit_prune(ctx, &pruned), ERR_CONFLICT);
	FAILS_WITH(audit_cut_before(ctx, &options, &cut), ERR_CONFLICT);
	options.takes_unproven = true;
	OK_ERR(audit_cut_before(ctx, &options, &cut));
	EQ_I64(cut.seq, 4);
	OK_ERR(audit_cut_before(ctx, &options, &cut));
	EQ_I64(cut.seq, 0);
	OK_ERR(audit_prune(ctx, &pruned));
	EQ_I64(pruned, 4);
	EQ_I64(owner_count(ctx, "SELECT min(seq) FROM audit_logs"), 5);
	/* Until it is taken away, not all can be verified. */
	OK(str_find(log_fault(ctx, options.folder), STR("'0123456789abcdef'")) > 0);
	OK_ERR(owner_prepare(ctx));
	OK_ERR(owner_run(
		ctx, "DELETE FROM audit_cuts WHERE key_id = '0123456789abcdef'"));
	SOUND(ctx, options.folder);
	log_close(ctx);
	folder_remove(options.folder);
}

/* Its links went with it, so there is nothing that ours could stand behind. */
BOTH_ENGINES(where_a_lost_key_cut_nothing_is_cut_again)
{
	struct audit_cut_options options = { .folder = folder_make(ctx),
		.before = ctx->now - 2 * DAY_US };
	const struct keyring *keys = ctx->keys;
	struct audit_cut_done cut;
	struct audit_round round;
	struct keyring *lost;
	struct ctx past;
	int64_t pruned;

	OK_ERR(log_users(ctx));
	OK_ERR(keyring_new(ctx, &lost));
	ctx->keys = lost;
	past = *ctx;
	past.now -= 3 * DAY_US;
	OK_ERR(log_open(ctx, options.folder));
	past.audit = ctx->audit;
	OK_ERR(log_entries(&past, 4));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(log_entries(ctx, 3));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(audit_cut_before(ctx, &options, &cut));
	EQ_I64(cut.seq, 4);
	/* What they were is anchored, and so remembered by no witness any more. */
	log_close(ctx);
	options.takes_unproven = true;
	for (int i = 0; i < 2; i++) {
		ctx->keys = keys;
		OK_ERR(audit_cut_before(ctx, &options, &cut));
		EQ_I64(cut.seq, 0);
		ctx->keys = lost;
		OK_ERR(audit_prune(ctx, &pruned));
		EQ_I64(pruned, i ? 0 : 4);
	}
	ctx->keys = keys;
	keyring_close(lost);
	folder_remove(options.folder);
}

/* A key was rotated while it looked, and the older one may be retired before it is done. */
BOTH_ENGINES(what_the_daily_look_finds_is_signed_by_the_key_in_force_at_its_end)
{
	struct ctx begun = *ctx;
	struct audit_verified verified;
	struct rings rings;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	begun.now -= DAY_US;
	OK_ERR(keyring_new(&begun, &rings.left));
	OK_ERR(keyring_new_beside(ctx, rings.left, &rings.both));
	rings.own = ctx->keys;
	ctx->keys = begun.keys = rings.both;
	OK_ERR(log_open(ctx, STR_NONE));
	OK_ERR(log_entries(ctx, 3));
	log_close(ctx);
	OK_ERR(owner_run(ctx, "UPDATE audit_logs SET action = 'x' WHERE seq = 2"));
	FAILS_WITH(audit_verify_daily(&begun, STR_NONE, &verified), ERR_DENIED);
	EQ_STR(owner_text(ctx,
		       "SELECT key_id FROM audit_pending WHERE action = "
		       "'audit.tampered'"),
		key_id(keyring_current(rings.both, KEY_AUDIT, ctx->now)));
	OK(!str_eq(key_id(keyring_current(rings.both, KEY_AUDIT, begun.now)),
		key_id(keyring_current(rings.both, KEY_AUDIT, ctx->now))));
	rings_close(ctx, &rings);
}

/* OLD rows of ours and an entry of a lost key that waits are three days old, three rows are
 * of now. */
static struct err *
waiting_fill(struct ctx *ctx, int old, const struct keyring *lost)
{
	struct ctx past = *ctx;
	struct audit_round round;

	past.now -= 3 * DAY_US;
	TRY(log_users(ctx));
	TRY(log_entries(&past, old));
	TRY(audit_round(ctx, ctx->audit, &round));
	past.keys = lost;
	TRY(log_entries(&past, 1));
	TRY(log_entries(ctx, 3));
	return audit_round(ctx, ctx->audit, &round);
}

BOTH_ENGINES(entries_of_a_lost_key_that_wait_go_with_a_cut_that_names_it)
{
	struct audit_cut_options options = { .folder = folder_make(ctx),
		.before = ctx->now - 2 * DAY_US,
		.takes_unproven = true };
	struct audit_cut_done cut;
	struct keyring *lost;
	struct str key, said;

	OK_ERR(keyring_new(ctx, &lost));
	OK_ERR(log_open(ctx, options.folder));
	OK_ERR(waiting_fill(ctx, 3, lost));
	OK_ERR(audit_cut_before(ctx, &options, &cut));
	EQ_I64(cut.seq, 3);
	EQ_I64(cut.taken, 1);
	EQ_I64(owner_count(ctx,
		       "SELECT count(*) FROM audit_pending WHERE action <> "
		       "'operator.cut_audit' AND action <> 'audit.key_missing'"),
		0);
	log_close(ctx);
	SOUND(ctx, options.folder);
	EQ_I64(owner_count_tampered(ctx), 0);
	key = key_id(keyring_current(lost, KEY_AUDIT, ctx->now));
	said = owner_text(ctx,
		"SELECT CAST(details AS TEXT) FROM audit_logs WHERE action = "
		"'operator.cut_audit'");
	OK_OR(str_find(said, key) > 0, STR_FMT, STR_ARG(said));
	keyring_close(lost);
	folder_remove(options.folder);
}

/* Without a cut nothing would vouch for them: their witness would tell of tampering. */
BOTH_ENGINES(entries_of_a_lost_key_that_wait_stay_where_nothing_is_cut)
{
	struct audit_cut_options options = { .folder = folder_make(ctx),
		.before = ctx->now - 2 * DAY_US,
		.takes_unproven = true };
	struct audit_cut_done cut;
	struct keyring *lost;

	OK_ERR(keyring_new(ctx, &lost));
	OK_ERR(log_open(ctx, options.folder));
	OK_ERR(waiting_fill(ctx, 0, lost));
	OK_ERR(audit_cut_before(ctx, &options, &cut));
	EQ_I64(cut.seq, 0);
	EQ_I64(cut.taken, 0);
	EQ_I64(cut.left, 1);
	log_close(ctx);
	EQ_I64(owner_count(ctx, "SELECT count(*) FROM audit_pending"), 1);
	EQ_I64(owner_count(ctx,
		       "SELECT count(*) FROM audit_logs WHERE action = "
		       "'operator.cut_audit'"),
		0);
	EQ_I64(owner_count_tampered(ctx), 0);
	keyring_close(lost);
	folder_remove(options.folder);
}

/* RET: the bytes that it takes to read the anchor with KEYS. */
static struct err *
memory_read(struct ctx *ctx, struct str folder, const struct keyring *keys, size_t *ret)
{
	struct arena arena;
	struct ctx own = *ctx;
	struct anchors anchors;
	struct err *err;

	arena_init(&arena, 64 << 20);
	own.arena = &arena;
	own.keys = keys;
	err = anchors_read(&own, folder, &anchors);
	*ret = arena.used_bytes;
	arena_release(&arena);
	return err ? err_new(ctx, ERR_INTERNAL, "the anchor cannot be read") : NULL;
}

/* Of years, by a key that was retired. */
BOTH_ENGINES(lines_of_a_missing_key_take_no_more_memory_than_ours)
{
	struct str folder = folder_make(ctx), line;
	struct keyring *other;
	size_t ours, missing;
	const char *path;
	int fd;

	OK_ERR(log_users(ctx));
	OK_ERR(anchored(ctx, folder, ctx->keys, 1));
	OK_ERR(anchor_file_path(ctx, folder, &path));
	OK_ERR(file_read(ctx->arena, path, 1024, &line));
	fd = open(path, O_WRONLY | O_APPEND);
	for (int i = 0; i < 20000; i++)
		OK(write(fd, line.ptr, line.len) == (ssize_t)line.len);
	close(fd);
	OK_ERR(keyring_new(ctx, &other));
	OK_ERR(memory_read(ctx, folder, ctx->keys, &ours));
	OK_ERR(memory_read(ctx, folder, other, &missing));
	OK_OR(missing < ours + ours / 10, "%zu bytes for ours, %zu for others", ours,
		missing);
	keyring_close(other);
	folder_remove(folder);
}
