#include "app/key_match.h"

#include <unistd.h>

#include "app/key_file.h"
#include "audit/append.h"
#include "audit/check.h"
#include "base/log.h"
#include "crypto/keyring_file.h"
#include "db/db.h"
#include "ops/reseal.h"
#include "sys/clock.h"

enum {
	ACCEPT_DEADLINE_MS = 5000,
};

struct err *
keys_expect(struct invocation *run, const struct keyring_options *options)
{
	struct tx tx = db_auto(&run->ctx, SHARD_GLOBAL);
	const char *path = str_cstr(run->arena, options->path);
	struct audit_link end;

	if (!path)
		return err_no_memory();
	if (!options->may_generate || access(path, F_OK) == 0)
		return NULL;
	TRY(audit_chain_end(&tx, &end));
	return end.seq == 0
		? NULL
		: err_new(&run->ctx, ERR_NOT_FOUND,
			  "there is no %s, whose keys this database is sealed with: put "
			  "it back from its backup, or say where it is with --keys-file; "
			  "without it nothing of the audit log can be verified and no "
			  "second factor read (where it is lost for good: gridiron keys "
			  "init, then gridiron keys reseal --give-up)",
			  path);
}

static struct err *
foreign_err(struct invocation *run, struct str key_id)
{
	struct str path;

	TRY(key_file_path(run, &path));
	return err_new(&run->ctx, ERR_CONFLICT,
		"the keys in " STR_FMT " are not those of this database, whose audit log "
		"is signed with key " STR_FMT " among others: all instances of a "
		"database have copies of one keys.json, so copy it from the other "
		"instance, or put it back from its backup (where it is lost for good: "
		"gridiron keys reseal --give-up)",
		STR_ARG(path), STR_ARG(key_id));
}

/* What a server cannot open is no reason not to serve, but for its operator to know. */
static struct err *
missing_tell(struct invocation *run)
{
	struct seal_ids ids;

	TRY(reseal_missing(&run->ctx, true, &ids));
	for (size_t i = 0; i < ids.count; i++)
		log_error(&run->ctx,
			"users' fields are sealed with a key that the keyring has not: "
			"put it back; gridiron keys reseal says how many",
			LOG_STR("key", ids.items[i]));
	return NULL;
}

struct err *
keys_match(struct invocation *run)
{
	const char *flag = run->command->foreign_keys_flag;
	struct tx tx = db_auto(&run->ctx, SHARD_GLOBAL);
	struct audit_signer_list signers;
	bool is_known;

	TRY(q_audit_signer_list(&tx, &signers));
	is_known = signers.count == 0 || (flag && flag_is_set(run, flag));
	for (size_t i = 0; i < signers.count && !is_known; i++)
		is_known = !str_is_none(audit_secret(&run->ctx, signers.items[i].key_id));
	if (!is_known)
		return foreign_err(run, signers.items[0].key_id);
	return run->command->needs >= NEEDS_SERVED_DATABASE ? missing_tell(run) : NULL;
}

/* Of the changed file. In the memory of CTX, a look's: a server looks for years. */
static struct err *
lacking_err(const struct invocation *run, struct ctx *ctx, struct str key_id)
{
	struct str path;

	TRY(key_file_path_in(ctx->arena, &run->config, &path));
	return err_new(ctx, ERR_CONFLICT,
		"the keys in " STR_FMT " are not those of this database: key " STR_FMT
		", which signed its audit log, is not among them; the server goes on "
		"with the keys that it has: put the right file back from its backup, or "
		"copy it from another instance",
		STR_ARG(path), STR_ARG(key_id));
}

struct err *
keys_accept(struct ctx *ctx, const struct key_set *set, void *arg)
{
	struct invocation *run = arg;
	struct ctx own = run->ctx;
	struct tx tx = db_auto(&own, SHARD_GLOBAL);
	struct audit_signer_list signers;

	own.arena = ctx->arena;
	own.now = ctx->now;
	own.deadline = clock_deadline_ms(ACCEPT_DEADLINE_MS);
	TRY(q_audit_signer_list(&tx, &signers));
	for (size_t i = 0; i < signers.count; i++)
		if (!key_set_find(set, KEY_AUDIT, signers.items[i].key_id))
			return lacking_err(run, &own, signers.items[i].key_id);
	return NULL;
}
