#include "audit/personal.h"

#include "audit/audit_q.h"
#include "audit/erasure.h"
#include "base/buf.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "db/db.h"
#include "sys/random.h"

enum {
	WHERE_BYTES_MAX = 4096,
	USER_AGENT_LEN_MAX = 512,
	PARTS_BYTES_MAX = AUDIT_PERSONAL_BYTES_MAX + WHERE_BYTES_MAX + 1024,
};

/* Where a part of nobody belongs, which is sealed under the keyring. */
static struct seal_place
part_place(struct audit_id entry, char kind)
{
	return (struct seal_place){ .table = "audit_logs",
		.column = kind == PART_WHERE ? "personal where" : "personal",
		.row = entry.uuid };
}

/* --- The key of a person */

/* A first entry makes the key of its user. */
static struct err *
key_make(struct tx *tx, struct user_id user, struct personal_key *ret)
{
	struct personal_key key = { .is_there = true };
	struct seal_place place = personal_key_place(user);
	struct str sealed;
	int64_t updated;

	random_bytes(key.bytes, sizeof(key.bytes));
	TRY(seal(tx->ctx, &place,
		(struct str){ (const char *)key.bytes, sizeof(key.bytes) }, &sealed));
	TRY(q_audit_owner_key(tx, user, sealed, &updated));
	key.is_there = updated == 1;
	*ret = key;
	return NULL;
}

/* Of USER, made where there is none. One that cannot be opened is none: what is done goes
 * on record without what is personal, rather than not at all. */
static struct err *
key_get(struct tx *tx, struct user_id user, struct personal_key *ret)
{
	struct audit_owner owner;
	bool found;

	*ret = (struct personal_key){ .is_there = false };
	TRY(q_audit_owner_find(tx, user, &owner, &found));
	if (!found)
		return err_note(err_new(tx->ctx, ERR_INTERNAL, "internal error"),
			"an audit entry tells of a user who does not exist");
	if (!str_is_none(owner.personal_key))
		return seal_go_without(tx->ctx,
			personal_key_unseal(tx->ctx, user, owner.personal_key, ret));
	return owner.erased_at.is_set ? NULL : key_make(tx, user, ret);
}

/* --- Sealing */

struct sealing {
	struct tx *tx;
	const struct audit_people *people;
	struct personal_key user;
	struct personal_key subject;
	struct buf out;
};

static struct err *
part_put(struct sealing *sealing, char kind, char owner, struct str plain)
{
	const struct personal_key *key = owner == OWNER_USER ? &sealing->user
							     : &sealing->subject;
	struct ctx *ctx = sealing->tx->ctx;
	struct seal_place place = part_place(sealing->people->entry, kind);
	struct audit_part part = { .kind = kind, .owner = owner };

	if (owner == OWNER_NOBODY)
		TRY(seal(ctx, &place, plain, &part.sealed));
	else if (key->is_there)
		TRY(audit_part_seal(
			ctx, key, sealing->people->entry, kind, plain, &part.sealed));
	else
		return NULL;
	audit_part_put(&sealing->out, &part);
	return NULL;
}

static struct err *
where_put(struct sealing *sealing, char owner)
{
	const struct ctx *ctx = sealing->tx->ctx;
	struct buf out;
	struct json json = json_begin(&out);

	if (str_is_none(ctx->remote_address) && str_is_none(ctx->user_agent))
		return NULL;
	buf_init(&out, ctx->arena, WHERE_BYTES_MAX);
	json_put_object(&json);
	json_put_key(&json, STR("address"));
	json_put_text(&json, ctx->remote_address);
	json_put_key(&json, STR("agent"));
	json_put_text(&json,
		str_is_none(ctx->user_agent)
			? ctx->user_agent
			: str_slice(ctx->user_agent, 0, USER_AGENT_LEN_MAX));
	json_put_object_end(&json);
	return buf_is_cut(&out) ? err_no_memory()
				: part_put(sealing, PART_WHERE, owner, buf_str(&out));
}

struct err *
audit_personal_seal(struct tx *tx, const struct audit_people *people, struct str text,
	struct str *ret)
{
	struct sealing sealing = { .tx = tx, .people = people };
	bool has_user = !uuid_is_nil(people->user.uuid);
	bool has_subject = !uuid_is_nil(people->subject.uuid);

	if (has_user)
		TRY(key_get(tx, people->user, &sealing.user));
	if (has_subject && user_id_eq(people->user, people->subject))
		sealing.subject = sealing.user;
	else if (has_subject)
		TRY(key_get(tx, people->subject, &sealing.subject));
	buf_init(&sealing.out, tx->ctx->arena, PARTS_BYTES_MAX);
	TRY(where_put(&sealing,
		has_user              ? OWNER_USER
			: has_subject ? OWNER_SUBJECT
				      : OWNER_NOBODY));
	if (!str_is_none(text))
		TRY(part_put(&sealing, PART_TEXT,
			has_subject        ? OWNER_SUBJECT
				: has_user ? OWNER_USER
					   : OWNER_NOBODY,
			text));
	if (buf_is_cut(&sealing.out))
		return err_no_memory();
	*ret = sealing.out.len ? buf_str(&sealing.out) : STR_NONE;
	return NULL;
}

/* --- Opening */

/* Whatever stands in the way of opening it but a lack of memory is damage to it. */
static struct err *
damage_of(struct err *err, bool *ret_is_damaged)
{
	if (!err || err == err_no_memory())
		return err;
	*ret_is_damaged = true;
	return NULL;
}

/* USER may be erased or, where the row was altered, nobody. */
struct err *
audit_reader_open(struct ctx *ctx, struct user_id user, struct audit_reader *ret)
{
	struct audit_reader reader = { .user = user };
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_owner owner;
	bool found = false, is_erased = false;

	if (!uuid_is_nil(user.uuid))
		TRY(q_audit_owner_find(&tx, user, &owner, &found));
	if (found && !str_is_none(owner.personal_key)) {
		TRY(damage_of(
			personal_key_unseal(ctx, user, owner.personal_key, &reader.key),
			&reader.is_damaged));
	} else {
		/* Whoever never had a key had nothing sealed. */
		if (found)
			TRY(audit_erasure_known(ctx, user, owner.erased_at, &is_erased));
		reader.is_damaged = !is_erased;
	}
	*ret = reader;
	return NULL;
}

static struct user_id
owner_of(const struct audit_people *people, const struct audit_part *part)
{
	static const struct user_id nobody = { { { 0 } } };

	return part->owner == OWNER_USER       ? people->user
		: part->owner == OWNER_SUBJECT ? people->subject
					       : nobody;
}

/* With the key of READER, or where it is NULL with that which it was sealed under. ret is
 * absent where nobody can read it any more, or it is damaged. */
static struct err *
part_open(struct ctx *ctx, const struct audit_reader *reader,
	const struct audit_people *people, const struct audit_part *part, struct str *ret,
	bool *ret_is_damaged)
{
	struct seal_place place = part_place(people->entry, part->kind);
	struct audit_reader owner;

	*ret = STR_NONE;
	*ret_is_damaged = false;
	if (part->owner == OWNER_NOBODY)
		return damage_of(unseal(ctx, &place, part->sealed, ret), ret_is_damaged);
	if (!reader) {
		TRY(audit_reader_open(ctx, owner_of(people, part), &owner));
		reader = &owner;
	}
	*ret_is_damaged = reader->is_damaged;
	if (!reader->key.is_there)
		return NULL;
	return damage_of(audit_part_open(ctx, &reader->key, people->entry, part, ret),
		ret_is_damaged);
}

static struct err *
where_read(struct ctx *ctx, struct str text, struct audit_personal *ret)
{
	const struct json_node *address, *agent;
	struct json_node where;

	TRY(json_read(ctx->arena, text, &where));
	address = json_node_find(&where, STR("address"));
	agent = json_node_find(&where, STR("agent"));
	if (address && address->kind == JSON_IS_TEXT)
		ret->remote_address = address->text;
	if (agent && agent->kind == JSON_IS_TEXT)
		ret->user_agent = agent->text;
	return NULL;
}

static struct err *
parts_open(struct ctx *ctx, const struct audit_reader *reader,
	const struct audit_people *people, struct str sealed, struct audit_personal *ret)
{
	struct audit_personal personal = { .is_erased = false };
	struct audit_part part;

	while (sealed.len && !personal.is_damaged) {
		bool is_part = audit_part_next(&sealed, &part), is_damaged = true;
		struct str plain = STR_NONE;

		if (is_part && reader &&
			!user_id_eq(owner_of(people, &part), reader->user))
			continue;
		if (is_part)
			TRY(part_open(ctx, reader, people, &part, &plain, &is_damaged));
		if (is_damaged)
			personal.is_damaged = true;
		else if (str_is_none(plain))
			personal.is_erased = true;
		else if (part.kind == PART_WHERE)
			TRY(where_read(ctx, plain, &personal));
		else if (part.kind == PART_TEXT)
			personal.text = plain;
	}
	*ret = personal;
	return NULL;
}

struct err *
audit_personal_open(struct ctx *ctx, const struct audit_people *people, struct str sealed,
	struct audit_personal *ret)
{
	return parts_open(ctx, NULL, people, sealed, ret);
}

struct err *
audit_personal_read(struct ctx *ctx, const struct audit_reader *reader,
	const struct audit_people *people, struct str sealed, struct audit_personal *ret)
{
	return parts_open(ctx, reader, people, sealed, ret);
}
