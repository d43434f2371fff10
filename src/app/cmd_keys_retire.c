/* gridiron keys retire: a key away, unless something is lost without it. */
#include "app/command.h"
#include "app/data_folder.h"
#include "app/key_file.h"
#include "app/wiring.h"
#include "audit/signed.h"
#include "base/num.h"
#include "crypto/keyring_file.h"
#include "ops/reseal.h"

/* What is to be retired. */
struct retiring {
	struct str id;
	enum key_use use;
	/* The key in force of that use, where it has just taken over. */
	char resting[KEY_ID_LEN];
	bool is_resting;
};

/* What the key is of. Nothing is found out of one that is not in the file or is in force:
 * key_file_retire refuses both, and says why. */
static struct err *
key_look_up(struct invocation *run, const char *path, struct retiring *retiring)
{
	struct key_set *set;

	TRY_NEW(run->arena, set, 1);
	TRY(key_file_read_any(run->arena, path, set));
	for (size_t i = 0; i < set->count; i++) {
		const struct key *key = &set->keys[i];
		const struct key *current = key_set_current(set, key->use, run->ctx.now);

		if (!str_eq(key_id(key), retiring->id) || key == current)
			continue;
		retiring->use = key->use;
		retiring->is_resting = current && key_is_resting(current, run->ctx.now);
		if (current)
			memcpy(retiring->resting, current->id_text, KEY_ID_LEN);
	}
	explicit_bzero(set, sizeof(*set));
	return NULL;
}

static struct err *
sealed_check(struct invocation *run, struct str id)
{
	struct reseal_uses uses;

	TRY(reseal_uses(&run->ctx, id, &uses));
	if (reseal_uses_total(&uses) == 0)
		return NULL;
	return err_new(&run->ctx, ERR_CONFLICT,
		"key " STR_FMT " still seals fields of %lld user%s, %lld session%s, %lld "
		"mail%s and %lld entr%s of the audit log, which would be lost: run "
		"gridiron keys reseal, which takes the key away when nothing needs it "
		"any more",
		STR_ARG(id), (long long)uses.users, plural_s(uses.users),
		(long long)uses.sessions, plural_s(uses.sessions), (long long)uses.mails,
		plural_s(uses.mails), (long long)uses.audit_entries,
		uses.audit_entries == 1 ? "y" : "ies");
}

static struct err *
signed_check(struct invocation *run, struct str id)
{
	struct audit_signed left;

	TRY(audit_signed_by(&run->ctx, id, &left));
	if (left.rows)
		return err_new(&run->ctx, ERR_CONFLICT,
			"key " STR_FMT " signed %lld row%s of the audit log, %lld to "
			"%lld, which cannot be verified without it: keep it, which costs "
			"nothing, until they are cut off (gridiron audit export, audit "
			"cut, audit prune)",
			STR_ARG(id), (long long)left.rows, plural_s(left.rows),
			(long long)left.first, (long long)left.last);
	if (left.others)
		return err_new(&run->ctx, ERR_CONFLICT,
			"key " STR_FMT " signed %lld of these: entries that wait for the "
			"audit log, its last cut, the last anchor that the database "
			"remembers; none can be verified without it: keep it, which "
			"costs nothing, until the key in force has signed newer ones",
			STR_ARG(id), (long long)left.others);
	return NULL;
}

/* WHY nobody can say it, and what to do. */
static struct err *
unknown_err(struct invocation *run, struct str id, enum err_code code, struct str why,
	const char *what_to_do)
{
	return err_new(&run->ctx, code,
		"nobody can say whether key " STR_FMT " is needed, since " STR_FMT ": %s",
		STR_ARG(id), STR_ARG(why), what_to_do);
}

/* Whatever began before has ended, so that the database tells of all. */
static struct err *
rest_check(struct invocation *run, const struct retiring *retiring)
{
	if (!retiring->is_resting)
		return NULL;
	return err_new(&run->ctx, ERR_CONFLICT,
		"key %.*s took over from key " STR_FMT
		" less than six minutes ago, by which "
		"requests and jobs that began before may still seal or sign: come again "
		"in six minutes",
		KEY_ID_LEN, retiring->resting, STR_ARG(retiring->id));
}

static struct err *
database_ask(struct invocation *run, const struct retiring *retiring)
{
	struct str id = retiring->id, none;
	struct err *err;

	none = str_fmt(
		run->arena, STR_FMT " is not there", STR_ARG(run->config.database_url));
	if (data_folder_lacks_database(run))
		return unknown_err(run, id, ERR_NOT_FOUND, none,
			"say which database it is of (--database-url)");
	err = database_open(run);
	if (err)
		return unknown_err(run, id, err->code, err->message,
			"beside a server on SQLite, gridiron keys reseal takes seal keys "
			"away; for another, end the server first");
	err = retiring->use == KEY_SEAL ? sealed_check(run, id) : signed_check(run, id);
	database_stop(run);
	return err ? err : rest_check(run, retiring);
}

static struct err *
run_retire(struct invocation *run)
{
	struct retiring retiring = { .id = run->args[0], .use = KEY_USE_COUNT };
	struct str path_text;
	const char *path;

	TRY(key_file_path(run, &path_text));
	path = str_cstr(run->arena, path_text);
	if (!path)
		return err_no_memory();
	TRY(key_look_up(run, path, &retiring));
	if (retiring.use == KEY_SEAL || retiring.use == KEY_AUDIT)
		TRY(database_ask(run, &retiring));
	TRY(key_file_retire(run->arena, path, retiring.id, run->ctx.now));
	fprintf(run->console.out,
		run->is_json ? "{\"retired\": \"" STR_FMT "\"}\n"
			     : "key " STR_FMT " is gone\n",
		STR_ARG(retiring.id));
	return NULL;
}

const struct command cmd_keys_retire = {
	.name = "keys retire",
	.args = "ID",
	.summary = "take an older key away at once",
	.detail =
		"What it made is worth nothing from then on: access tokens of a jwt key "
		"are refused within a\n"
		"second. A seal key is refused while fields are sealed by it (gridiron "
		"keys reseal goes first), and an\n"
		"audit key while it is needed to verify the audit log; both need the "
		"database, and are refused for\n"
		"six minutes after a newer key took over.",
	.examples = "keys retire 5f0c9e1b7a3d2846",
	.args_min = 1,
	.args_max = 1,
	.needs = NEEDS_LOOP,
	.run = run_retire,
};
