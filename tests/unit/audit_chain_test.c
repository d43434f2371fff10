#include "audit/chain.h"
#include "tests/tap.h"

#define KEY STR("0123456789abcdef0123456789abcdef")

static struct arena arena = { .cap_bytes = 1 << 20 };

static struct audit_fields
sample(void)
{
	return (struct audit_fields){
		.id = { { 1 } },
		.user_id = { { 2 } },
		.actor_kind = STR("user"),
		.action = STR("account.sign_in"),
		.outcome = STR("success"),
		.resource_type = STR("session"),
		.details = STR("{}"),
		.key_id = STR("k1"),
		.created_at = 5,
	};
}

static struct audit_hash
mac_of(const struct audit_fields *fields)
{
	struct audit_hash hash = { { 0 } };

	if (audit_mac(&arena, KEY, fields, STR("c"), &hash))
		memset(hash.bytes, 0xee, sizeof(hash.bytes));
	return hash;
}

static bool
is_same(struct audit_hash a, struct audit_hash b)
{
	return audit_hash_eq(&a, audit_hash_str(&b));
}

/* What makes each field another. */
#define CHANGES(X)                          \
	X(id.bytes[15] = 1)                 \
	X(user_id.bytes[0] = 3)             \
	X(subject_id.bytes[0] = 2)          \
	X(request_id.bytes[0] = 2)          \
	X(actor_kind = STR("admin"))        \
	X(action = STR("account.sign_out")) \
	X(outcome = STR("failure"))         \
	X(resource_type = STR_NONE)         \
	X(resource_type = STR(""))          \
	X(resource_id = STR(""))            \
	X(details = STR("{\"a\": 1}"))      \
	X(key_id = STR("k2"))               \
	X(created_at = 6)

TEST(a_mac_is_another_for_every_field_that_is_another)
{
	struct audit_fields fields = sample();
	struct audit_hash before = mac_of(&fields);

	OK(is_same(before, mac_of(&fields)));
#define X(change)                                                       \
	{                                                               \
		struct audit_fields other = sample();                   \
                                                                        \
		other.change;                                           \
		OK_OR(!is_same(before, mac_of(&other)), "%s", #change); \
	}
	CHANGES(X)
#undef X
}

TEST(text_does_not_move_from_one_field_into_the_next)
{
	struct audit_fields a = sample(), b = sample();

	a.action = STR("ab");
	a.outcome = STR("c");
	b.action = STR("a");
	b.outcome = STR("bc");
	OK(!is_same(mac_of(&a), mac_of(&b)));
	a = b = sample();
	a.resource_type = STR("x");
	a.resource_id = STR_NONE;
	b.resource_type = STR_NONE;
	b.resource_id = STR("x");
	OK(!is_same(mac_of(&a), mac_of(&b)));
}

TEST(a_commitment_is_of_all_that_is_personal)
{
	struct audit_fields a = sample(), b = sample();
	struct audit_hash one, other;

	a.personal = STR("x");
	b.ip_address = STR("x");
	OK_ERR(audit_commitment(&arena, KEY, &a, &one));
	OK_ERR(audit_commitment(&arena, KEY, &b, &other));
	OK(!is_same(one, other));
	b = sample();
	b.user_agent = STR("x");
	OK_ERR(audit_commitment(&arena, KEY, &b, &other));
	OK(!is_same(one, other));
	b.user_agent = STR_NONE;
	b.personal = STR("x");
	OK_ERR(audit_commitment(&arena, KEY, &b, &other));
	OK(is_same(one, other));
}

TEST(a_link_depends_on_its_number_what_is_before_it_its_entry_and_the_key)
{
	struct audit_fields fields = sample();
	struct audit_hash mac = mac_of(&fields), none = { { 0 } };
	struct audit_link first = audit_link_next(KEY, &AUDIT_LINK_NONE, &mac);
	struct audit_link second = audit_link_next(KEY, &first, &mac);
	struct audit_link moved = first;

	EQ_I64(first.seq, 1);
	EQ_I64(second.seq, 2);
	OK(!is_same(first.hash, second.hash));
	moved.seq = 7;
	OK(!is_same(audit_link_next(KEY, &moved, &mac).hash, second.hash));
	OK(!is_same(audit_link_next(KEY, &first, &none).hash, second.hash));
	OK(!is_same(audit_link_next(STR("another"), &first, &mac).hash, second.hash));
}

TEST(a_cut_is_no_anchor)
{
	struct audit_link link = { .seq = 3, .hash = { { 9 } } };
	struct audit_hash cut = audit_cut_mac(KEY, STR("k1"), &link, 5, 5);
	struct audit_hash anchor = audit_anchor_mac(KEY, STR("k1"), &link, 5);

	OK(!is_same(cut, anchor));
	OK(!is_same(cut, audit_cut_mac(KEY, STR("k1"), &link, 6, 5)));
	OK(!is_same(cut, audit_cut_mac(KEY, STR("k1"), &link, 5, 6)));
	OK(!is_same(anchor, audit_anchor_mac(KEY, STR("k1"), &link, 6)));
}

TEST(bytes_that_are_no_hash_are_none)
{
	struct audit_hash hash;

	OK(!audit_hash_from(STR("short"), &hash));
	OK(audit_hash_from(KEY, &hash));
	OK(!audit_hash_eq(&hash, STR("")));
}
