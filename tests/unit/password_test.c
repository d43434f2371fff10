/* Passwords: hashed by either scheme, verified, refused. */
#include "crypto/password.h"

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
