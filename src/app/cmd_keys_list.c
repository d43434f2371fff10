/* gridiron keys list: the keys of the file, and those that it lacks. */
#include "app/command.h"
#include "app/data_folder.h"
#include "app/key_file.h"
#include "app/wiring.h"
#include "audit/check.h"
#include "crypto/keyring_file.h"
#include "db/db.h"
#include "ops/reseal.h"
#include "sys/clock.h"

enum {
	ASKED_MS = 30000, /* as long the database is waited for */
};

static const struct table_column columns[] = {
	{ "use", "USE" },
	{ "id", "ID" },
	{ "algorithm", "ALGORITHM" },
	{ "state", "STATE" },
	{ "starts_at", "STARTS" },
	{ "retires_at", "RETIRES" },
};

static struct str
state_of(const struct key_set *set, const struct key *key, int64_t now)
{
	if (key->retires_at <= now)
		return STR("retired");
	if (key->starts_at > now)
		return STR("about to start");
	if (key == key_set_current(set, key->use, now))
		return STR("current");
	return STR("older, still serves");
}

static void
key_put(struct invocation *run, struct table *table, const struct key_set *set,
	const struct key *key)
{
	table_put_text(table, key_use_name(key->use));
	table_put_text(table, key_id(key));
	table_put_text(table, key_algorithm_name(key->algorithm));
	table_put_text(table, state_of(set, key, run->ctx.now));
	table_put_text(table, key_time_text(run->arena, key->starts_at));
	table_put_text(table, key_time_text(run->arena, key->retires_at));
}

/* --- What the database needs and is not there */

static void
missing_put(struct table *table, enum key_use use, struct str id)
{
	table_put_text(table, key_use_name(use));
	table_put_text(table, id);
	table_put_none(table);
	table_put_text(table, STR("missing, and the database needs it"));
	table_put_none(table);
	table_put_none(table);
}

static struct err *
missing_find(struct invocation *run, struct table *table)
{
	struct tx tx = db_auto(&run->ctx, SHARD_GLOBAL);
	struct audit_signer_list signers;
	struct seal_ids seals;

	TRY(reseal_missing(&run->ctx, false, &seals));
	TRY(q_audit_signer_all(&tx, &signers));
	for (size_t i = 0; i < seals.count; i++)
		missing_put(table, KEY_SEAL, seals.items[i]);
	for (size_t i = 0; i < signers.count; i++) {
		struct str id = signers.items[i].key_id;

		/* What was altered names no key. */
		if (audit_is_key_id(id) && str_is_none(audit_secret(&run->ctx, id)))
			missing_put(table, KEY_AUDIT, id);
	}
	return NULL;
}

static struct err *
database_ask(struct invocation *run, const char *path, struct table *table)
{
	const struct keyring_options options = { .path = str_from(path) };
	struct keyring *keys;
	struct err *err;

	TRY(keyring_open(&run->ctx, &options, &keys));
	run->ctx.keys = keys;
	err = database_open(run);
	if (!err) {
		err = missing_find(run, table);
		database_stop(run);
	}
	run->ctx.keys = NULL;
	keyring_close(keys);
	return err;
}

static struct err *
run_list(struct invocation *run)
{
	struct str path_text;
	struct key_set *set;
	struct table table;
	const char *path;
	struct err *err;

	TRY(key_file_path(run, &path_text));
	path = str_cstr(run->arena, path_text);
	if (!path)
		return err_no_memory();
	TRY_NEW(run->arena, set, 1);
	TRY(key_file_read_any(run->arena, path, set));
	TABLE_INIT(&table, run->arena, columns);
	for (size_t i = 0; i < set->count; i++)
		key_put(run, &table, set, &set->keys[i]);
	run->ctx.deadline = clock_deadline_ms(ASKED_MS);
	err = data_folder_lacks_database(run) ? NULL : database_ask(run, path, &table);
	print_table(run, &table);
	if (err)
		fprintf(run->console.err,
			"gridiron keys list: whether the database needs others is not "
			"known, since " STR_FMT "\n",
			STR_ARG(err->message));
	explicit_bzero(set, sizeof(*set));
	return NULL;
}

const struct command cmd_keys_list = {
	.name = "keys list",
	.args = "",
	.summary = "show the keys, without what is secret of them",
	.detail = "And those that are missing: the database has what they sealed or "
		  "signed. On SQLite it is asked while no\n"
		  "server has it.",
	.examples = "keys list\n"
		    "keys list --json",
	.needs = NEEDS_LOOP,
	.run = run_list,
};
