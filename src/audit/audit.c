#include "audit/audit.h"

#include "audit/audit_q.h"
#include "audit/chain.h"
#include "audit/chainer.h"
#include "audit/personal.h"
#include "audit/witness.h"
#include "codec/json_canonical.h"
#include "crypto/keyring.h"
#include "db/db.h"
#include "sys/random.h"

static const char *const actions[AUDIT_ACTION_COUNT] = {
#define ACTION(name, text) [AUDIT_##name] = text,
#include "audit/action.def"
#undef ACTION
};
static const char *const outcomes[] = {
	[AUDIT_SUCCESS] = "success",
	[AUDIT_REFUSED] = "refused",
	[AUDIT_FAILURE] = "failure",
};

struct str
audit_action_name(enum audit_action action)
{
	return str_from(actions[action]);
}

bool
audit_action_parse(struct str name, enum audit_action *ret)
{
	for (size_t i = 0; i < AUDIT_ACTION_COUNT; i++) {
		if (str_eq(name, str_from(actions[i]))) {
			*ret = (enum audit_action)i;
			return true;
		}
	}
	return false;
}

struct str
audit_action_nearest(struct str name)
{
	struct str near = str_from(actions[0]);

	for (size_t i = 1; i < AUDIT_ACTION_COUNT; i++) {
		struct str other = str_from(actions[i]);

		if (str_distance(name, other) < str_distance(name, near))
			near = other;
	}
	return near;
}

struct str
audit_outcome_name(enum audit_outcome outcome)
{
	return str_from(outcomes[outcome]);
}

static struct err *
entry_wrong(struct ctx *ctx, const struct audit_entry *entry, const char *what)
{
	return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
		"audit entry %s: %s", actions[entry->action], what);
}

static struct err *
entry_check(const struct tx *tx, const struct audit_entry *entry)
{
	if (tx->is_auto || tx->kind != TX_WRITE)
		return entry_wrong(tx->ctx, entry, "not in a transaction that writes");
	if (!tx->ctx->keys)
		return entry_wrong(tx->ctx, entry, "the context has no keyring");
	if (entry->details.len > AUDIT_DETAILS_BYTES_MAX ||
		entry->personal.len > AUDIT_PERSONAL_BYTES_MAX ||
		entry->resource_id.len > AUDIT_RESOURCE_LEN_MAX ||
		entry->resource_type.len > AUDIT_RESOURCE_LEN_MAX)
		return entry_wrong(tx->ctx, entry, "it is too long");
	return NULL;
}

/* In the form in which both engines give it back. */
static struct err *
details_of(struct ctx *ctx, const struct audit_entry *entry, struct str *ret)
{
	struct str details;

	if (str_is_none(entry->details)) {
		*ret = STR("{}");
		return NULL;
	}
	TRY(json_canonical(
		ctx->arena, entry->details, 2 * AUDIT_DETAILS_BYTES_MAX, &details));
	if (!str_starts_with(details, STR("{")))
		return entry_wrong(ctx, entry, "its details are not a JSON object");
	*ret = details;
	return NULL;
}

static struct str
actor_kind_of(const struct ctx *ctx, struct user_id user)
{
	if (uuid_is_nil(user.uuid))
		return ctx->actor.is_system ? STR("system") : STR("anonymous");
	return ctx->actor.is_admin ? STR("admin") : STR("user");
}

/* A clock that has gone back behind the last cut says nothing that is taken in. */
static int64_t
moment_of(const struct ctx *ctx)
{
	int64_t earliest = ctx->audit ? audit_earliest(ctx->audit) : INT64_MIN;

	return ctx->now > earliest ? ctx->now : earliest;
}

/* What waits, without its proofs. */
static struct err *
fields_of(struct tx *tx, const struct audit_entry *entry, struct audit_fields *ret)
{
	struct ctx *ctx = tx->ctx;
	int64_t moment = moment_of(ctx);
	struct audit_people people = {
		.entry = { uuid_v7(moment) },
		.user = uuid_is_nil(entry->user.uuid) ? ctx->actor.user_id : entry->user,
		.subject = entry->subject,
	};
	struct audit_fields fields = {
		.id = people.entry.uuid,
		.user_id = people.user.uuid,
		.subject_id = people.subject.uuid,
		.request_id = ctx->request_id,
		.actor_kind = actor_kind_of(ctx, people.user),
		.action = audit_action_name(entry->action),
		.outcome = audit_outcome_name(entry->outcome),
		.resource_type = entry->resource_type,
		.resource_id = entry->resource_id,
		.created_at = moment,
	};

	TRY(details_of(ctx, entry, &fields.details));
	TRY(audit_personal_seal(tx, &people, entry->personal, &fields.personal));
	*ret = fields;
	return NULL;
}

struct err *
audit_log(struct tx *tx, const struct audit_entry *entry)
{
	struct ctx *ctx = tx->ctx;
	struct audit_hash commitment, mac;
	struct audit_fields fields;
	const struct key *key;
	struct str secret;

	TRY(entry_check(tx, entry));
	TRY(fields_of(tx, entry, &fields));
	key = keyring_current(ctx->keys, KEY_AUDIT, ctx->now);
	secret = (struct str){ (const char *)key->secret, KEY_BYTES };
	fields.key_id = key_id(key);
	TRY(audit_commitment(ctx->arena, secret, &fields, &commitment));
	TRY(audit_mac(ctx->arena, secret, &fields, audit_hash_str(&commitment), &mac));
	TRY(q_audit_wait(tx,
		(struct audit_wait){
			.id = { fields.id },
			.user_id = { fields.user_id },
			.subject_id = { fields.subject_id },
			.actor_kind = fields.actor_kind,
			.action = fields.action,
			.outcome = fields.outcome,
			.resource_type = fields.resource_type,
			.resource_id = fields.resource_id,
			.details = fields.details,
			.personal = fields.personal,
			.request_id = fields.request_id,
			.commitment = audit_hash_str(&commitment),
			.mac = audit_hash_str(&mac),
			.key_id = fields.key_id,
			.now = fields.created_at,
		}));
	return ctx->audit ? witness_expect(tx, fields.id, &mac) : NULL;
}

static struct err *
log_in_tx(struct tx *tx, void *arg)
{
	return audit_log(tx, arg);
}

struct err *
audit_log_alone(struct ctx *ctx, const struct audit_entry *entry)
{
	struct audit_entry copy = *entry;

	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, log_in_tx, &copy);
}
