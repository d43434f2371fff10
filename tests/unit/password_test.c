/* Passwords: hashed by either scheme, verified, refused. */
#include "crypto/password.h"

#include "crypto/common_passwords.h"

#include "tests/tap.h"

static struct arena arena;

/* Cheap, so that the tests are quick: 8 MiB, one pass; cost 10. */
static struct ctx
new_ctx(enum password_scheme scheme)
{
	struct password_params params = {
		.scheme = scheme, .memory_kib = 8192, .passes = 1, .bcrypt_cost = 10
	};

	arena_release(&arena);
	arena_init(&arena, 1 << 22);
	if (password_configure(&arena, &params))
		return (struct ctx){ .arena = NULL };
	return (struct ctx){ .arena = &arena, .deadline = DEADLINE_NEVER };
}

static const enum password_scheme schemes[] = { PASSWORD_ARGON2ID, PASSWORD_BCRYPT };

TEST(the_password_matches_and_others_do_not)
{
	for (size_t i = 0; i < COUNT_OF(schemes); i++) {
		struct ctx ctx = new_ctx(schemes[i]);
		struct password_verdict verdict;
		struct str hash;

		OK_ERR(password_hash(&ctx, STR("correct horse"), &hash));
		OK(str_starts_with(hash, i ? STR("$2b$10$") : STR("$argon2id$v=19$")));
		OK_ERR(password_verify(&ctx, hash, STR("correct horse"), &verdict));
		OK(verdict.matches && !verdict.needs_rehash);
		OK_ERR(password_verify(&ctx, hash, STR("correct horsf"), &verdict));
		OK(!verdict.matches);
		OK_ERR(password_verify(&ctx, hash, STR("correct hors"), &verdict));
		OK(!verdict.matches);
		OK_ERR(password_verify(&ctx, hash, STR(""), &verdict));
		OK(!verdict.matches);
		arena_release(&arena);
	}
}

TEST(nobody_has_no_password)
{
	for (size_t i = 0; i < COUNT_OF(schemes); i++) {
		struct ctx ctx = new_ctx(schemes[i]);
		struct password_verdict verdict = { .matches = true };

		OK_ERR(password_verify(&ctx, STR_NONE, STR("correct horse"), &verdict));
		OK(!verdict.matches);
		arena_release(&arena);
	}
}

TEST(a_password_of_other_parameters_matches_and_is_to_be_rehashed)
{
	struct password_params params = PASSWORD_PARAMS_DEFAULT;
	struct password_verdict verdict;
	struct str bcrypt, argon2id;
	struct ctx ctx = new_ctx(PASSWORD_BCRYPT);

	OK_ERR(password_hash(&ctx, STR("correct horse"), &bcrypt));
	params.memory_kib = 8192;
	params.passes = 2;
	OK_ERR(password_configure(&arena, &params));
	OK_ERR(password_verify(&ctx, bcrypt, STR("correct horse"), &verdict));
	OK(verdict.matches && verdict.needs_rehash);
	OK_ERR(password_verify(&ctx, bcrypt, STR("wrong horse"), &verdict));
	OK(!verdict.matches && !verdict.needs_rehash);
	OK_ERR(password_hash(&ctx, STR("correct horse"), &argon2id));
	params.passes = 1;
	OK_ERR(password_configure(&arena, &params));
	OK_ERR(password_verify(&ctx, argon2id, STR("correct horse"), &verdict));
	OK(verdict.matches && verdict.needs_rehash);
	params.scheme = PASSWORD_BCRYPT;
	OK_ERR(password_configure(&arena, &params));
	OK_ERR(password_verify(&ctx, argon2id, STR("correct horse"), &verdict));
	OK(verdict.matches && verdict.needs_rehash);
	arena_release(&arena);
}

/* Made by others: PHP's password_hash ($2y$), the test of Openwall's crypt_blowfish ($2a$), the reference
 * implementation of Argon2 (password "password", salt "somesalt"). */
TEST(hashes_of_other_programs_verify)
{
	static const struct {
		struct str hash;
		struct str password;
	} known[] = {
		{ STR_INIT(
			  "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
			STR_INIT("U*U") },
		{ STR_INIT(
			  "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
			STR_INIT("U*U*U") },
		{ STR_INIT(
			  "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
			STR_INIT("U*U") },
		{ STR_INIT("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
			   "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
			STR_INIT("password") },
	};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		struct ctx ctx = new_ctx(PASSWORD_ARGON2ID);
		struct password_verdict verdict;

		OK_ERR(password_verify(&ctx, known[i].hash, known[i].password, &verdict));
		OK(verdict.matches);
		OK_ERR(password_verify(&ctx, known[i].hash, STR("other"), &verdict));
		OK(!verdict.matches);
		arena_release(&arena);
	}
}

TEST(bcrypt_refuses_what_it_would_cut)
{
	char text[80];
	struct password_verdict verdict;
	struct ctx ctx = new_ctx(PASSWORD_BCRYPT);
	struct str hash;

	memset(text, 'x', sizeof(text));
	FAILS_WITH(password_hash(&ctx, (struct str){ text, 73 }, &hash), ERR_INVALID);
	FAILS_WITH(password_hash(&ctx, STR("zero\0inside"), &hash), ERR_INVALID);
	OK_ERR(password_hash(&ctx, (struct str){ text, 72 }, &hash));
	OK_ERR(password_verify(&ctx, hash, (struct str){ text, 72 }, &verdict));
	OK(verdict.matches);
	/* The same 72 bytes and more: cut, they would match. */
	OK_ERR(password_verify(&ctx, hash, (struct str){ text, 73 }, &verdict));
	OK(!verdict.matches);
	OK_ERR(password_hash(&ctx, STR("zero"), &hash));
	OK_ERR(password_verify(&ctx, hash, STR("zero\0inside"), &verdict));
	OK(!verdict.matches);
	arena_release(&arena);
}

TEST(argon2id_reads_the_whole_of_a_long_password)
{
	char text[PASSWORD_BYTES_MAX + 1];
	struct ctx ctx = new_ctx(PASSWORD_ARGON2ID);
	struct password_verdict verdict;
	struct str hash;

	memset(text, 'x', sizeof(text));
	FAILS_WITH(password_hash(&ctx, (struct str){ text, sizeof(text) }, &hash),
		ERR_INVALID);
	OK_ERR(password_hash(&ctx, (struct str){ text, PASSWORD_BYTES_MAX }, &hash));
	OK_ERR(password_verify(
		&ctx, hash, (struct str){ text, PASSWORD_BYTES_MAX }, &verdict));
	OK(verdict.matches);
	OK_ERR(password_verify(
		&ctx, hash, (struct str){ text, PASSWORD_BYTES_MAX - 1 }, &verdict));
	OK(!verdict.matches);
	OK_ERR(password_verify(&ctx, hash, (struct str){ text, sizeof(text) }, &verdict));
	OK(!verdict.matches);
	arena_release(&arena);
}

TEST(a_hash_of_no_known_form_is_an_error_and_no_mismatch)
{
	static const char *const hashes[] = { "", "plain", "$1$salt$hash", "$2b$12$short",
		"$2b$3x$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" };

	for (size_t i = 0; i < COUNT_OF(hashes); i++) {
		struct ctx ctx = new_ctx(PASSWORD_ARGON2ID);
		struct password_verdict verdict;

		FAILS_WITH(password_verify(&ctx, str_from(hashes[i]), STR("x"), &verdict),
			ERR_INTERNAL);
		arena_release(&arena);
	}
}

TEST(parameters_out_of_range_are_refused_by_name)
{
	struct password_params low = PASSWORD_PARAMS_DEFAULT, high = low;
	struct err *err;

	arena_release(&arena);
	arena_init(&arena, 1 << 16);
	low.memory_kib = 8191;
	err = password_configure(&arena, &low);
	FAILS_WITH(err, ERR_INVALID);
	OK(str_starts_with(err->message, STR("password.memory_kib is 8191")));
	high.bcrypt_cost = 17;
	FAILS_WITH(password_configure(&arena, &high), ERR_INVALID);
	high.bcrypt_cost = 12;
	high.passes = 0;
	FAILS_WITH(password_configure(&arena, &high), ERR_INVALID);
	arena_release(&arena);
}

/* --- Which passwords are taken */

#define EMAIL STR("alice.liddell@wonderland.example")

static bool
is_taken(struct str password)
{
	struct ctx ctx = new_ctx(PASSWORD_ARGON2ID);
	struct err *err = password_check(&ctx, password, EMAIL);

	return !err && password_check(&ctx, password, STR_NONE) == NULL;
}

TEST(the_length_is_counted_in_characters)
{
	char text[260];

	OK(!is_taken(STR("")));
	OK(!is_taken(STR("q7w#x2z")));
	OK(is_taken(STR("q7w#x2zk")));
	/* Seven characters of two bytes each, then eight. */
	OK(!is_taken(STR("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa9\xc3\xa8\xc3\xa0")));
	OK(is_taken(
		STR("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa9\xc3\xa8\xc3\xa0\xc3\xa2")));
	memset(text, 'x', sizeof(text));
	OK(is_taken((struct str){ text, 256 }));
	OK(!is_taken((struct str){ text, 257 }));
	OK(!is_taken(STR("not utf-8 \xff\xfe")));
	OK(!is_taken(STR("zero\0inside")));
}

TEST(the_commonest_passwords_are_refused_in_any_case)
{
	static const char *const common[] = { "password", "Password1", "123456789",
		"qwertyuiop", "iloveyou", "FOOTBALL", "letmein1", "trustno1", "sunshine",
		"1234567890", "11111111" };

	for (size_t i = 0; i < COUNT_OF(common); i++)
		OK_OR(!is_taken(str_from(common[i])), "%s is taken", common[i]);
	OK(is_taken(STR("password of mine")));
}

/* Every line is found, so the search misses neither end; and there are enough of them. */
TEST(each_of_at_least_three_thousand_is_refused)
{
	struct str rest = common_passwords, line;
	int64_t count = 0;

	while (str_next(&rest, '\n', &line)) {
		if (line.len == 0)
			continue;
		OK_OR(!is_taken(line), STR_FMT " is taken", STR_ARG(line));
		count++;
	}
	OK(count >= 3000);
	arena_release(&arena);
}

TEST(a_password_of_blanks_is_refused)
{
	static const char *const blank[] = {
		"            ", "\t \t \t \t \t \t",
		"\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0\xc2\xa0"
		"\xc2\xa0\xc2\xa0\xc2\xa0",
		"\xe3\x80\x80\xe3\x80\x80\xe3\x80\x80\xe3\x80\x80\xe3\x80\x80\xe3\x80\x80"
		"\xe3\x80\x80\xe3\x80\x80\xe3\x80\x80\xe3\x80\x80\xe3\x80\x80\xe3\x80\x80"
	};

	for (size_t i = 0; i < COUNT_OF(blank); i++)
		OK_OR(!is_taken(str_from(blank[i])), "taken: '%s'", blank[i]);
	OK(is_taken(STR("      my horse      ")));
	arena_release(&arena);
}

TEST(a_password_made_of_the_address_is_refused)
{
	static const char *const made[] = { "alice.liddell", "Liddell1", "liddell2024",
		"alice.liddell@wonderland.example", "Wonderland!", "aliceliddell",
		"1liddell1", "alicealice", "Gridiron1", "gridiron2026" };
	static const char *const own[] = { "liddell and the cat", "wonderfully odd",
		"alice saw a rabbit" };

	for (size_t i = 0; i < COUNT_OF(made); i++) {
		struct ctx ctx = new_ctx(PASSWORD_ARGON2ID);

		FAILS_WITH(password_check(&ctx, str_from(made[i]), EMAIL), ERR_INVALID);
		arena_release(&arena);
	}
	for (size_t i = 0; i < COUNT_OF(own); i++)
		OK_OR(is_taken(str_from(own[i])), "%s is refused", own[i]);
	arena_release(&arena);
}
