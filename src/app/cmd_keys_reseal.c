/* gridiron keys reseal: sealed fields under the newest key, and older keys away. */
#include "app/command.h"
#include "app/key_file.h"
#include "app/progress.h"
#include "audit/audit.h"
#include "base/num.h"
#include "crypto/keyring_file.h"
#include "ops/reseal.h"

static void
show_progress(void *arg, int64_t done)
{
	progress_set(arg, done);
}

static struct err *
reseal(struct invocation *run, struct resealed *ret)
{
	struct progress progress;
	const struct reseal_options options = { .progress = show_progress,
		.progress_arg = &progress,
		.gives_up = flag_is_set(run, "give-up") };
	struct err *err;
	int64_t total;

	TRY(reseal_count(&run->ctx, &total));
	progress_begin(&progress, &run->console, "sealing again", total);
	err = reseal_all(&run->ctx, &options, ret);
	progress_end(&progress);
	return err;
}

static const struct table_column columns[] = {
	{ "id", "KEY" },
	{ "state", "STATE" },
	{ "users", "USERS" },
	{ "sessions", "SESSIONS" },
	{ "mails", "MAIL" },
	{ "audit_entries", "AUDIT LOG" },
};

static void
put_row(struct table *table, struct str id, struct str state,
	const struct reseal_uses *uses)
{
	table_put_text(table, id);
	table_put_text(table, state);
	table_put_i64(table, uses->users);
	table_put_i64(table, uses->sessions);
	table_put_i64(table, uses->mails);
	table_put_i64(table, uses->audit_entries);
}

/* Away with KEY where nothing needs it, and nothing may have begun that will. */
static struct err *
retire_unused(struct invocation *run, const char *path, const struct key *key,
	struct table *table)
{
	const struct key *current = keyring_current(run->keys, KEY_SEAL, run->ctx.now);
	bool is_resting = key_is_resting(current, run->ctx.now);
	struct str state = STR("still needed");
	struct reseal_uses uses;

	TRY(reseal_uses(&run->ctx, key_id(key), &uses));
	if (key == current) {
		state = STR("current");
	} else if (reseal_uses_total(&uses) == 0 && is_resting) {
		state = STR("unused; ask again in six minutes");
	} else if (reseal_uses_total(&uses) == 0) {
		TRY(key_file_retire(run->arena, path, key_id(key), run->ctx.now));
		state = STR("retired");
	}
	put_row(table, key_id(key), state, &uses);
	return NULL;
}

/* Keys that the keyring has not, though something is sealed by them. */
static struct err *
put_missing(struct invocation *run, struct table *table)
{
	struct reseal_uses uses;
	struct seal_ids ids;

	TRY(reseal_missing(&run->ctx, false, &ids));
	for (size_t i = 0; i < ids.count; i++) {
		TRY(reseal_uses(&run->ctx, ids.items[i], &uses));
		put_row(table, ids.items[i], STR("missing"), &uses);
	}
	return NULL;
}

static struct err *
keys_put(struct invocation *run, const char *path, struct table *table)
{
	struct key_set *set;

	TRY_NEW(run->arena, set, 1);
	TRY(key_file_read(run->arena, path, set));
	for (size_t i = 0; i < set->count; i++) {
		const struct key *key = keyring_find(
			run->keys, KEY_SEAL, key_id(&set->keys[i]), run->ctx.now);

		/* One that starts later seals nothing yet. */
		if (key && key->starts_at <= run->ctx.now)
			TRY(retire_unused(run, path, key, table));
	}
	explicit_bzero(set, sizeof(*set));
	return put_missing(run, table);
}

/* What cannot be opened, and the ways on. */
static void
lost_print(FILE *out, const struct resealed *resealed)
{
	int64_t left = resealed->lost_keys - resealed->given_up;

	if (resealed->given_up)
		fprintf(out,
			"%lld key%s of the audit log given up; the next entry about each "
			"of these users makes another\n",
			(long long)resealed->given_up, plural_s(resealed->given_up));
	if (left)
		fprintf(out,
			"keys of the audit log of %lld user%s cannot be opened: what "
			"they "
			"do is put on record without their address. Put back the keyring "
			"that has the missing key; where it is lost for good, gridiron "
			"keys reseal --give-up\n",
			(long long)left, plural_s(left));
	if (resealed->lost_factors)
		fprintf(out,
			"%lld second factor%s cannot be opened: recovery codes are good; "
			"who has none asks an administrator to remove it, and an "
			"administrator another one (gridiron admin invite)\n",
			(long long)resealed->lost_factors,
			plural_s(resealed->lost_factors));
}

static struct err *
run_reseal(struct invocation *run)
{
	const struct audit_entry entry = { .action = AUDIT_KEYS_GIVE_UP };
	struct resealed resealed;
	struct table table;
	const char *path;
	struct str text;

	TRY(key_file_path(run, &text));
	path = str_cstr(run->arena, text);
	if (!path)
		return err_no_memory();
	if (flag_is_set(run, "give-up"))
		TRY(audit_log_alone(&run->ctx, &entry));
	TRY(reseal(run, &resealed));
	TABLE_INIT(&table, run->arena, columns);
	TRY(keys_put(run, path, &table));
	if (!run->is_json)
		fprintf(run->console.out, "%lld field%s sealed again\n",
			(long long)resealed.fields, plural_s(resealed.fields));
	lost_print(run->is_json ? run->console.err : run->console.out, &resealed);
	print_table(run, &table);
	return NULL;
}

static const struct flag flags[] = {
	{ "give-up", NULL,
		"what keys sealed that are lost for good is given up, and a database "
		"that was signed by others goes on with these" },
	{ 0 },
};

const struct command cmd_keys_reseal = {
	.name = "keys reseal",
	.args = "",
	.summary = "seal fields of the database by the current key, retire unused keys",
	.detail =
		"To be run six minutes after gridiron keys rotate seal, beside running "
		"servers. Safe\n"
		"to repeat, also after it was interrupted. A key goes when nothing needs "
		"it any more. What ends by\n"
		"itself is not sealed again: sessions renewed in the last seconds, mail "
		"that waits or is kept, and what\n"
		"the audit log holds of callers who were nobody, which needs its key "
		"until retention has cut it off.\n"
		"What cannot be opened, since its key is missing, is counted and left. "
		"With --give-up the keys that it\n"
		"sealed for users' entries of the audit log are made anew; that is put "
		"on "
		"record.",
	.examples = "keys reseal\n"
		    "keys reseal --json\n"
		    "keys reseal --give-up",
	.flags = flags,
	.needs = NEEDS_DATABASE,
	.uses_keys = true,
	.foreign_keys_flag = "give-up",
	.run = run_reseal,
};
