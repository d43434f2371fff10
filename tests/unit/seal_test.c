/* Sealed fields, and Fernet tokens by the vectors of its authors. */
#include "codec/iso_time.h"
#include "codec/json_read.h"
#include "crypto/fernet.h"
#include "crypto/keyring_file.h"
#include "crypto/seal.h"
#include "tests/support/shared.h"
#include "tests/tap.h"

static struct arena arena;

static struct ctx
new_ctx(void)
{
	struct ctx ctx = { .arena = &arena, .now = 1, .deadline = DEADLINE_NEVER };
	struct keyring *keys = NULL;

	arena_release(&arena);
	arena_init(&arena, 8 << 20);
	if (keyring_new(&ctx, &keys))
		return ctx;
	ctx.keys = keys;
	return ctx;
}

static const struct seal_place place = {
	.table = "users", .column = "totp_secret", .row = { { 1, 2, 3 } }
};

TEST(what_is_sealed_comes_back_and_shows_nothing)
{
	struct ctx ctx = new_ctx();
	struct str sealed, again, plain;

	OK_ERR(seal(&ctx, &place, STR("hunter2 and more"), &sealed));
	OK_ERR(seal(&ctx, &place, STR("hunter2 and more"), &again));
	EQ_I64(sealed.len, 16 + SEAL_OVERHEAD_BYTES);
	OK(str_find(sealed, STR("hunter2")) < 0);
	OK(!str_eq(sealed, again));
	OK_ERR(unseal(&ctx, &place, sealed, &plain));
	EQ_STR(plain, STR("hunter2 and more"));
	OK(!seal_is_stale(&ctx, sealed));
	OK_ERR(seal(&ctx, &place, STR(""), &sealed));
	OK_ERR(unseal(&ctx, &place, sealed, &plain));
	EQ_STR(plain, STR(""));
	arena_release(&arena);
}

TEST(a_field_cannot_be_moved_to_another_place)
{
	static const struct seal_place others[] = {
		{ .table = "users", .column = "totp_secret", .row = { { 1, 2, 4 } } },
		{ .table = "users", .column = "personal_key", .row = { { 1, 2, 3 } } },
		{ .table = "outbox", .column = "totp_secret", .row = { { 1, 2, 3 } } },
		{ .table = "userst", .column = "otp_secret", .row = { { 1, 2, 3 } } },
	};
	struct ctx ctx = new_ctx();
	struct str sealed, plain;

	OK_ERR(seal(&ctx, &place, STR("hunter2"), &sealed));
	for (size_t i = 0; i < COUNT_OF(others); i++)
		FAILS_WITH(unseal(&ctx, &others[i], sealed, &plain), ERR_INTERNAL);
	arena_release(&arena);
}

TEST(a_field_with_any_bit_changed_or_cut_off_is_refused)
{
	struct ctx ctx = new_ctx();
	struct str sealed, plain;
	char *copy;

	OK_ERR(seal(&ctx, &place, STR("hunter2"), &sealed));
	copy = arena_alloc_text(&arena, sealed.len);
	OK(copy);
	for (size_t bit = 0; bit < sealed.len * 8; bit++) {
		memcpy(copy, sealed.ptr, sealed.len);
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
		FAILS_WITH(unseal(&ctx, &place, (struct str){ copy, sealed.len }, &plain),
			ERR_INTERNAL);
	}
	for (size_t len = 0; len < sealed.len; len++)
		FAILS_WITH(unseal(&ctx, &place, str_slice(sealed, 0, len), &plain),
			ERR_INTERNAL);
	arena_release(&arena);
}

TEST(a_field_of_another_key_is_refused_and_stale)
{
	struct ctx ctx = new_ctx();
	struct keyring *others;
	struct str sealed, plain;

	OK_ERR(seal(&ctx, &place, STR("hunter2"), &sealed));
	OK_ERR(keyring_new(&ctx, &others));
	ctx.keys = others;
	OK(seal_is_stale(&ctx, sealed));
	FAILS_WITH(unseal(&ctx, &place, sealed, &plain), ERR_INTERNAL);
	arena_release(&arena);
}

TEST(too_much_is_not_sealed)
{
	struct ctx ctx = new_ctx();
	struct str sealed;
	char *text = arena_alloc(&arena, SEAL_PLAIN_BYTES_MAX + 1);

	OK(text);
	OK_ERR(seal(&ctx, &place, (struct str){ text, SEAL_PLAIN_BYTES_MAX }, &sealed));
	FAILS_WITH(seal(&ctx, &place, (struct str){ text, SEAL_PLAIN_BYTES_MAX + 1 },
			   &sealed),
		ERR_TOO_LARGE);
	arena_release(&arena);
}

/* --- Fernet */

static struct str
member(const struct json_node *object, const char *name)
{
	const struct json_node *node = json_node_find(object, str_from(name));

	return node && node->kind == JSON_IS_TEXT ? node->text : STR_NONE;
}

/* What a vector gives beside its token. */
static bool
vector_read(
	const struct json_node *vector, struct fernet_key *ret_key, int64_t *ret_now_s)
{
	int64_t now;

	if (!fernet_key_parse(member(vector, "secret"), ret_key) ||
		!iso_time_parse(member(vector, "now"), &now))
		return false;
	*ret_now_s = now / MICROSECONDS_PER_SECOND;
	return true;
}

/* The vectors of corpora/fernet/NAME, of which there are NUMBER, or the test ends. */
#define VECTORS(name, ret, number)                                             \
	do {                                                                   \
		struct str text_;                                              \
		arena_release(&arena);                                         \
		arena_init(&arena, 8 << 20);                                   \
		if (!shared_file_read(&arena, "corpora/fernet/" name, &text_)) \
			SKIP("no corpora/fernet beside the source tree");      \
		OK_ERR(json_read(&arena, text_, ret));                         \
		EQ_I64((ret)->count, number);                                  \
	} while (0)

TEST(fernet_makes_the_tokens_of_its_vectors)
{
	struct json_node root;

	VECTORS("generate.json", &root, 1);
	for (size_t i = 0; i < root.count; i++) {
		const struct json_node *iv = json_node_find(&root.items[i], STR("iv"));
		uint8_t bytes[FERNET_IV_BYTES];
		struct fernet_options options = { .iv = bytes };
		struct fernet_key key;
		struct str token;

		EQ_I64(iv->count, FERNET_IV_BYTES);
		for (size_t j = 0; j < iv->count; j++)
			bytes[j] = (uint8_t)iv->items[j].i64;
		OK(vector_read(&root.items[i], &key, &options.now_s));
		OK_ERR(fernet_encrypt(
			&arena, &key, &options, member(&root.items[i], "src"), &token));
		EQ_STR(token, member(&root.items[i], "token"));
	}
	arena_release(&arena);
}

TEST(fernet_reads_the_tokens_of_its_vectors)
{
	struct json_node root;

	VECTORS("verify.json", &root, 1);
	for (size_t i = 0; i < root.count; i++) {
		struct fernet_key key;
		struct str plain;
		int64_t now_s;

		OK(vector_read(&root.items[i], &key, &now_s));
		OK_ERR(fernet_decrypt(&arena, &key, member(&root.items[i], "token"),
			now_s, json_node_find(&root.items[i], STR("ttl_sec"))->i64,
			&plain));
		EQ_STR(plain, member(&root.items[i], "src"));
	}
	arena_release(&arena);
}

TEST(fernet_refuses_the_invalid_ones)
{
	struct json_node root;

	VECTORS("invalid.json", &root, 8);
	for (size_t i = 0; i < root.count; i++) {
		struct fernet_key key;
		struct str plain;
		int64_t now_s;

		OK(vector_read(&root.items[i], &key, &now_s));
		FAILS_WITH(fernet_decrypt(&arena, &key, member(&root.items[i], "token"),
				   now_s,
				   json_node_find(&root.items[i], STR("ttl_sec"))->i64,
				   &plain),
			ERR_INVALID);
	}
	arena_release(&arena);
}

TEST(fernet_reads_what_it_writes_of_any_length)
{
	struct fernet_key key = { { 7 } };
	struct fernet_options options = { .now_s = 1700000000 };

	arena_release(&arena);
	arena_init(&arena, 64 << 20);
	for (size_t len = 0; len < 70; len++) {
		char text[70] = { 'x' };
		struct str token, plain;

		OK_ERR(fernet_encrypt(
			&arena, &key, &options, (struct str){ text, len }, &token));
		OK_ERR(fernet_decrypt(&arena, &key, token, 1700000000, 0, &plain));
		EQ_I64(plain.len, len);
		FAILS_WITH(fernet_decrypt(&arena, &key, token, 1700000001, 0, &plain),
			ERR_INVALID);
		OK_ERR(fernet_decrypt(&arena, &key, token, 1800000000, -1, &plain));
	}
	arena_release(&arena);
}
