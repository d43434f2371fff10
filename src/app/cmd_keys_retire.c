/* gridiron keys retire: a key away, unless something is lost without it. */
#include "app/command.h"
#include "app/data_folder.h"
#include "app/key_file.h"
#include "app/wiring.h"
#include "audit/signed.h"
#include "crypto/keyring_file.h"
#include "ops/reseal.h"

/* The use of key ID, where it is in the file and not the one in force: else the file is asked
 * no further than to be changed, which says what is wrong. */
static struct err *
use_find(struct invocation *run, const char *path, struct str id, enum key_use *ret)
{
	struct key_set *set;

	*ret = KEY_USE_COUNT;
	TRY_NEW(run->arena, set, 1);
	TRY(key_file_read_any(run->arena, path, set));
	for (size_t i = 0; i < set->count; i++) {
		const struct key *key = &set->keys[i];

		if (str_eq(key_id(key), id) &&
			key != key_set_current(set, key->use, run->ctx.now))
			*ret = key->use;
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
		"key " STR_FMT " still seals fields of %lld users, %lld sessions, %lld "
		"mails and %lld entries of the audit log, which would be lost: run "
		"gridiron keys reseal, which takes the key away when nothing needs it "
		"any more",
		STR_ARG(id), (long long)uses.users, (long long)uses.sessions,
		(long long)uses.mails, (long long)uses.audit_entries);
}

static struct err *
signed_check(struct invocation *run, struct str id)
{
	struct audit_signed left;

	TRY(audit_signed_by(&run->ctx, id, &left));
	if (left.rows)
		return err_new(&run->ctx, ERR_CONFLICT,
			"key " STR_FMT " signed %lld rows of the audit log, %lld to "
			"%lld, none of which could be verified without it: keep it, "
			"which costs nothing, until they are cut off (gridiron audit "
			"export, audit cut, audit prune)",
			STR_ARG(id), (long long)left.rows, (long long)left.first,
			(long long)left.last);
	if (left.others)
		return err_new(&run->ctx, ERR_CONFLICT,
			"key " STR_FMT " signed %lld cuts of the audit log, anchors that "
			"the database remembers, or entries that wait, none of which "
			"could be verified without it: keep it, which costs nothing",
			STR_ARG(id), (long long)left.others);
	return NULL;
}

static struct err *
database_ask(struct invocation *run, enum key_use use, struct str id)
{
	struct err *err;

	if (data_folder_lacks_database(run))
		return err_new(&run->ctx, ERR_NOT_FOUND,
			STR_FMT " is not there, so nobody can say whether key " STR_FMT
				" is needed: say which database it is of "
				"(--database-url)",
			STR_ARG(run->config.database_url), STR_ARG(id));
	err = database_open(run);
	if (err)
		return err_new(&run->ctx, err->code,
			"nobody can say whether key " STR_FMT " is needed, since " STR_FMT
			" (beside a server on SQLite, gridiron keys reseal takes seal "
			"keys away; for another, end the server first)",
			STR_ARG(id), STR_ARG(err->message));
	err = use == KEY_SEAL ? sealed_check(run, id) : signed_check(run, id);
	database_stop(run);
	return err;
}

static struct err *
run_retire(struct invocation *run)
{
	struct str path_text, id = run->args[0];
	const char *path;
	enum key_use use;

	TRY(key_file_path(run, &path_text));
	path = str_cstr(run->arena, path_text);
	if (!path)
		return err_no_memory();
	TRY(use_find(run, path, id, &use));
	if (use == KEY_SEAL || use == KEY_AUDIT)
		TRY(database_ask(run, use, id));
	TRY(key_file_retire(run->arena, path, id, run->ctx.now));
	fprintf(run->console.out,
		run->is_json ? "{\"retired\": \"" STR_FMT "\"}\n"
			     : "key " STR_FMT " is gone\n",
		STR_ARG(id));
	if (use == KEY_AUDIT)
		fprintf(run->console.err,
			"lines of audit.anchor that it signed count as damaged now: stop "
			"the servers, put the file aside and keep it; the next server "
			"begins another and puts that on record\n");
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
		"database.",
	.examples = "keys retire 5f0c9e1b7a3d2846",
	.args_min = 1,
	.args_max = 1,
	.needs = NEEDS_LOOP,
	.run = run_retire,
};
