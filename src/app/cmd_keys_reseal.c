/* gridiron keys reseal: sealed fields under the newest key, and older keys away. */
#include "app/command.h"
#include "app/key_file.h"
#include "app/progress.h"
#include "crypto/keyring_file.h"
#include "ops/reseal.h"

enum {
	/* A request or a job that began before a rotation seals by the older key until it
	 * ends: nothing takes so long. */
	REST_SECONDS = 60,
};

static void
show_progress(void *arg, int64_t done)
{
	progress_set(arg, done);
}

static struct err *
reseal(struct invocation *run, int64_t *ret)
{
	struct progress progress;
	struct err *err;
	int64_t total;

	TRY(reseal_count(&run->ctx, &total));
	progress_begin(&progress, &run->console, "sealing again", total);
	err = reseal_all(&run->ctx, show_progress, &progress, ret);
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

/* Away with KEY where nothing needs it, and nothing may have begun that will. */
static struct err *
retire_unused(struct invocation *run, const char *path, const struct key *key,
	struct table *table)
{
	const struct key *current = keyring_current(run->keys, KEY_SEAL, run->ctx.now);
	bool is_resting = current->starts_at >
		run->ctx.now - (int64_t)REST_SECONDS * MICROSECONDS_PER_SECOND;
	struct str state = STR("still needed");
	struct reseal_uses uses;

	TRY(reseal_uses(&run->ctx, key_id(key), &uses));
	if (key == current) {
		state = STR("current");
	} else if (reseal_uses_total(&uses) == 0 && is_resting) {
		state = STR("unused; ask again in a minute");
	} else if (reseal_uses_total(&uses) == 0) {
		TRY(key_file_retire(run->arena, path, key_id(key), run->ctx.now));
		state = STR("retired");
	}
	table_put_text(table, key_id(key));
	table_put_text(table, state);
	table_put_i64(table, uses.users);
	table_put_i64(table, uses.sessions);
	table_put_i64(table, uses.mails);
	table_put_i64(table, uses.audit_entries);
	return NULL;
}

static struct err *
run_reseal(struct invocation *run)
{
	int64_t resealed = 0;
	struct key_set *set;
	struct table table;
	const char *path;
	struct str text;

	TRY(key_file_path(run, &text));
	path = str_cstr(run->arena, text);
	if (!path)
		return err_no_memory();
	TRY(reseal(run, &resealed));
	TRY_NEW(run->arena, set, 1);
	TRY(key_file_read(run->arena, path, set));
	TABLE_INIT(&table, run->arena, columns);
	for (size_t i = 0; i < set->count; i++) {
		const struct key *key = keyring_find(
			run->keys, KEY_SEAL, key_id(&set->keys[i]), run->ctx.now);

		/* One that starts later seals nothing yet. */
		if (key && key->starts_at <= run->ctx.now)
			TRY(retire_unused(run, path, key, &table));
	}
	explicit_bzero(set, sizeof(*set));
	if (!run->is_json)
		fprintf(run->console.out, "%lld fields sealed again\n",
			(long long)resealed);
	print_table(run, &table);
	return NULL;
}

const struct command cmd_keys_reseal = {
	.name = "keys reseal",
	.args = "",
	.summary = "seal fields of the database by the current key, retire unused keys",
	.detail =
		"To be run a minute after gridiron keys rotate seal, beside running "
		"servers. Safe\n"
		"to repeat, also after it was interrupted. A key goes when nothing needs "
		"it any more. What ends by\n"
		"itself is not sealed again: sessions renewed in the last seconds, mail "
		"that waits or is kept, and what\n"
		"the audit log holds of callers who were nobody, which needs its key "
		"until retention has cut it off.",
	.examples = "keys reseal\n"
		    "keys reseal --json",
	.needs = NEEDS_DATABASE,
	.uses_keys = true,
	.run = run_reseal,
};
