#include "crypto/password.h"

#include <assert.h>
#include <crypt.h>

#include <sodium.h>

#include "base/buf.h"
#include "base/num.h"
#include "crypto/hmac.h"
#include "crypto/password_kind.h"
#include "sys/random.h"
#include "sys/wait.h"

_Static_assert(PASSWORD_HASH_LEN_MAX >= crypto_pwhash_STRBYTES &&
		crypto_pwhash_STRBYTES <= CRYPT_OUTPUT_SIZE,
	"a hash of either scheme fits");

enum {
	BYTES_PER_KIB = 1024,
	BCRYPT_HASH_LEN = 60,
	BCRYPT_RANDOM_BYTES = 16,
};

static struct password_params params = PASSWORD_PARAMS_DEFAULT;

/* --- Parameters */

static struct err *
range_check(
	struct arena *arena, const char *setting, int64_t value, int64_t min, int64_t max)
{
	if (value >= min && value <= max)
		return NULL;
	return err_in(arena, ERR_INVALID, "%s is %lld, but must be %lld to %lld", setting,
		(long long)value, (long long)min, (long long)max);
}

struct err *
password_configure(struct arena *arena, const struct password_params *wanted)
{
	TRY(range_check(arena, "password.memory_kib", wanted->memory_kib,
		PASSWORD_MEMORY_KIB_MIN, PASSWORD_MEMORY_KIB_MAX));
	TRY(range_check(
		arena, "password.passes", wanted->passes, 1, PASSWORD_PASSES_MAX));
	TRY(range_check(arena, "password.bcrypt_cost", wanted->bcrypt_cost,
		PASSWORD_BCRYPT_COST_MIN, PASSWORD_BCRYPT_COST_MAX));
	params = *wanted;
	return NULL;
}

/* --- The work itself, on a thread of the pool. Everything it needs is in here, and
 * wiped after. */

struct work {
	char password[PASSWORD_BYTES_MAX + 1]; /* ended by a zero */
	size_t password_len;
	char hash[PASSWORD_HASH_LEN_MAX]; /* ended by a zero; made or verified */
	struct crypt_data *crypt;
	bool is_done;
	bool matches;
};

static void
argon2id_hash(void *arg)
{
	struct work *work = arg;

	work->is_done = sodium_init() >= 0 &&
		crypto_pwhash_str_alg(work->hash, work->password, work->password_len,
			(unsigned long long)params.passes,
			(size_t)params.memory_kib * BYTES_PER_KIB,
			crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static void
argon2id_verify(void *arg)
{
	struct work *work = arg;

	work->is_done = sodium_init() >= 0;
	work->matches = work->is_done &&
		crypto_pwhash_str_verify(
			work->hash, work->password, work->password_len) == 0;
}

static void
bcrypt_hash(void *arg)
{
	struct work *work = arg;
	char random[BCRYPT_RANDOM_BYTES], setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *hash;

	random_bytes(random, sizeof(random));
	if (!crypt_gensalt_rn("$2b$", (unsigned long)params.bcrypt_cost, random,
		    sizeof(random), setting, sizeof(setting)))
		return;
	hash = crypt_r(work->password, setting, work->crypt);
	if (!hash || strlen(hash) != BCRYPT_HASH_LEN)
		return;
	memcpy(work->hash, hash, BCRYPT_HASH_LEN + 1);
	work->is_done = true;
}

static void
bcrypt_verify(void *arg)
{
	struct work *work = arg;
	const char *hash = crypt_r(work->password, work->hash, work->crypt);

	work->is_done = hash && strlen(hash) == BCRYPT_HASH_LEN;
	work->matches = work->is_done &&
		bytes_eq_constant_time(str_from(hash), str_from(work->hash));
}

/* FN over PASSWORD and HASH (absent: one is made), in the pool. */
static struct err *
work_run(struct ctx *ctx, fiber_fn fn, struct str hash, struct str password,
	struct work *work)
{
	struct err *err;

	assert(password.len <= PASSWORD_BYTES_MAX && hash.len < sizeof(work->hash));
	if (password.len)
		memcpy(work->password, password.ptr, password.len);
	work->password_len = password.len;
	if (hash.len)
		memcpy(work->hash, hash.ptr, hash.len);
	err = fiber_offload(ctx, fn, work);
	if (!err && !work->is_done)
		err = err_new(ctx, ERR_INTERNAL, "the password could not be hashed");
	return err;
}

static struct err *
work_new(struct ctx *ctx, struct work **ret)
{
	struct work *work;

	/* Too large for a fiber's stack. */
	TRY_NEW(ctx->arena, work, 1);
	TRY_NEW(ctx->arena, work->crypt, 1);
	*ret = work;
	return NULL;
}

static void
work_wipe(struct work *work)
{
	explicit_bzero(work->crypt, sizeof(*work->crypt));
	explicit_bzero(work, sizeof(*work));
}

/* --- Hashing */

static struct err *
length_check(struct ctx *ctx, struct str password)
{
	if (params.scheme == PASSWORD_BCRYPT && password.len > PASSWORD_BCRYPT_BYTES_MAX)
		return err_field(ctx, "password",
			"the password is too long: at most %d bytes are read here",
			PASSWORD_BCRYPT_BYTES_MAX);
	if (password.len > PASSWORD_BYTES_MAX)
		return err_field(ctx, "password",
			"the password is too long: at most %d characters",
			PASSWORD_CHARACTERS_MAX);
	if (password.len && memchr(password.ptr, '\0', password.len))
		return err_field(ctx, "password", "the password holds a zero character");
	return NULL;
}

struct err *
password_hash(struct ctx *ctx, struct str password, struct str *ret)
{
	struct work *work;
	struct err *err;
	struct str hash;

	TRY(length_check(ctx, password));
	TRY(work_new(ctx, &work));
	err = work_run(ctx,
		params.scheme == PASSWORD_BCRYPT ? bcrypt_hash : argon2id_hash, STR_NONE,
		password, work);
	hash = err ? STR_NONE : str_dup(ctx->arena, str_from(work->hash));
	work_wipe(work);
	TRY(err);
	if (str_is_none(hash))
		return err_no_memory();
	*ret = hash;
	return NULL;
}

/* --- Verifying */

static bool
is_bcrypt(struct str hash)
{
	struct password_kind kind;

	return hash.len == BCRYPT_HASH_LEN && password_kind_of(hash, &kind) &&
		kind.scheme == PASSWORD_BCRYPT;
}

static bool
is_argon2id(struct str hash)
{
	return str_starts_with(hash, STR("$argon2id$")) &&
		hash.len < crypto_pwhash_STRBYTES;
}

static struct password_kind
kind_in_force(void)
{
	if (params.scheme == PASSWORD_BCRYPT)
		return (struct password_kind){ .scheme = PASSWORD_BCRYPT,
			.cost = params.bcrypt_cost };
	return (struct password_kind){ .scheme = PASSWORD_ARGON2ID,
		.memory_kib = params.memory_kib,
		.passes = params.passes,
		.lanes = 1 };
}

static bool
needs_rehash(struct str hash)
{
	struct password_kind kind, wanted = kind_in_force();

	return !password_kind_of(hash, &kind) || !password_kind_eq(&kind, &wanted);
}

/* What no hash can be of is compared as the empty password, which takes as long and
 * matches nothing. */
static bool
is_readable(struct str hash, struct str password)
{
	return password.len > 0 && password.len <= PASSWORD_BYTES_MAX &&
		!memchr(password.ptr, '\0', password.len) &&
		(is_argon2id(hash) || password.len <= PASSWORD_BCRYPT_BYTES_MAX);
}

static struct err *
compare(struct ctx *ctx, struct str hash, struct str password, bool *ret)
{
	bool can_match = is_readable(hash, password);
	struct work *work;
	struct err *err;

	TRY(work_new(ctx, &work));
	err = work_run(ctx, is_argon2id(hash) ? argon2id_verify : bcrypt_verify, hash,
		can_match ? password : STR(""), work);
	*ret = !err && work->matches && can_match;
	work_wipe(work);
	return err;
}

/* As long as with a hash of KIND. */
static struct err *
compare_for_nothing(
	struct ctx *ctx, const struct password_kind *kind, struct str password)
{
	struct str hash = password_kind_dummy(ctx->arena, kind);
	bool matches;

	if (str_is_none(hash))
		return err_no_memory();
	return compare(ctx, hash, password, &matches);
}

struct err *
password_verify(struct ctx *ctx, struct str hash, struct str password,
	struct password_verdict *ret)
{
	struct password_kind kind = kind_in_force();

	*ret = (struct password_verdict){ .matches = false };
	if (str_is_none(hash))
		return compare_for_nothing(ctx, &kind, password);
	if (!is_argon2id(hash) && !is_bcrypt(hash))
		return err_new(ctx, ERR_INTERNAL,
			"the stored password hash is of no known form");
	if (password_kind_of(hash, &kind))
		password_kind_learn(&kind);
	TRY(compare(ctx, hash, password, &ret->matches));
	ret->needs_rehash = ret->matches && needs_rehash(hash);
	return NULL;
}

struct err *
password_even_out(struct ctx *ctx, struct str hash)
{
	struct password_kind kinds[PASSWORD_KINDS_MAX], in_force = kind_in_force();
	struct password_kind compared = in_force;
	size_t count;

	if (!str_is_none(hash) && !password_kind_of(hash, &compared))
		return NULL;
	password_kind_learn(&in_force);
	count = password_kinds(kinds);
	for (size_t i = 0; i < count; i++) {
		if (!password_kind_eq(&kinds[i], &compared))
			TRY(compare_for_nothing(ctx, &kinds[i], STR("")));
	}
	return NULL;
}
