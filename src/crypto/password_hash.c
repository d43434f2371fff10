#include "crypto/password.h"

#include <assert.h>
#include <crypt.h>

#include <sodium.h>

#include "base/buf.h"
#include "base/num.h"
#include "crypto/hmac.h"
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
	TRY(range_check(arena, "password.memory_kib", wanted->memory_kib, 8192, 4194304));
	TRY(range_check(arena, "password.passes", wanted->passes, 1, 64));
	TRY(range_check(arena, "password.bcrypt_cost", wanted->bcrypt_cost, 10, 16));
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

/* The cost in "$2b$12$…" of the form; 0 where it is another. */
static int32_t
bcrypt_cost_of(struct str hash)
{
	int32_t cost = 0;

	if (hash.len != BCRYPT_HASH_LEN || !str_starts_with(hash, STR("$2")) ||
		!strchr("aby", hash.ptr[2]) || hash.ptr[3] != '$' || hash.ptr[6] != '$' ||
		!num_parse_i32(str_slice(hash, 4, 6), 4, 31, &cost))
		return 0;
	return cost;
}

static bool
is_argon2id(struct str hash)
{
	return str_starts_with(hash, STR("$argon2id$")) &&
		hash.len < crypto_pwhash_STRBYTES;
}

/* A hash of no password, by the parameters in force: what is compared where there is no
 * user, so that it takes as long. */
static struct str
dummy_hash(struct arena *arena)
{
	if (params.scheme == PASSWORD_BCRYPT)
		return str_fmt(arena,
			"$2b$%02lld$"
			"abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde",
			(long long)params.bcrypt_cost);
	return str_fmt(arena,
		"$argon2id$v=19$m=%lld,t=%lld,p=1$bm8gc2FsdCBhdCBhbGwhIQ$"
		"bm8gcGFzc3dvcmQgaGFzIHRoaXMgaGFzaCwgbm9uZSE",
		(long long)params.memory_kib, (long long)params.passes);
}

static bool
needs_rehash(const struct work *work, struct str hash)
{
	if (params.scheme == PASSWORD_BCRYPT)
		return bcrypt_cost_of(hash) != params.bcrypt_cost;
	return crypto_pwhash_str_needs_rehash(work->hash,
		       (unsigned long long)params.passes,
		       (size_t)params.memory_kib * BYTES_PER_KIB) != 0;
}

struct err *
password_verify(struct ctx *ctx, struct str hash, struct str password,
	struct password_verdict *ret)
{
	struct password_verdict verdict = { .matches = false };
	bool is_dummy = str_is_none(hash), is_readable;
	struct work *work;
	struct err *err;

	if (is_dummy)
		hash = dummy_hash(ctx->arena);
	if (str_is_none(hash))
		return err_no_memory();
	if (!is_argon2id(hash) && bcrypt_cost_of(hash) == 0)
		return err_new(ctx, ERR_INTERNAL,
			"the stored password hash is of no known form");
	/* What no hash can be of is compared as the empty password, which takes as long
	 * and matches nothing. */
	is_readable = password.len > 0 && password.len <= PASSWORD_BYTES_MAX &&
		!memchr(password.ptr, '\0', password.len) &&
		(is_argon2id(hash) || password.len <= PASSWORD_BCRYPT_BYTES_MAX);
	TRY(work_new(ctx, &work));
	err = work_run(ctx, is_argon2id(hash) ? argon2id_verify : bcrypt_verify, hash,
		is_readable ? password : STR(""), work);
	if (!err) {
		verdict.matches = work->matches && is_readable && !is_dummy;
		verdict.needs_rehash = verdict.matches && needs_rehash(work, hash);
	}
	work_wipe(work);
	TRY(err);
	*ret = verdict;
	return NULL;
}
