#include "crypto/password_kind.h"

#include <pthread.h>

#include "base/num.h"

enum { BCRYPT_COST_AT = 4, BCRYPT_KIND_LEN = 7 };

static struct {
	pthread_mutex_t lock;
	size_t count;
	struct password_kind kinds[PASSWORD_KINDS_MAX];
} known = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- Reading and writing */

/* "$2b$12$" and what follows; a, b and y take the same time. */
static bool
bcrypt_kind(struct str hash, struct password_kind *ret)
{
	*ret = (struct password_kind){ .scheme = PASSWORD_BCRYPT };
	return hash.len >= BCRYPT_KIND_LEN && strchr("aby", hash.ptr[2]) &&
		hash.ptr[3] == '$' && hash.ptr[BCRYPT_KIND_LEN - 1] == '$' &&
		num_parse_i64(str_slice(hash, BCRYPT_COST_AT, BCRYPT_KIND_LEN - 1), 4, 31,
			&ret->cost);
}

/* Take "NAME=number" up to END off REST. */
static bool
take_number(struct str *rest, struct str name, char end, int64_t *ret)
{
	struct str part;

	return str_next(rest, end, &part) && str_starts_with(part, name) &&
		num_parse_i64(str_slice(part, name.len, part.len), 1, UINT32_MAX, ret);
}

/* "$argon2id$v=19$m=19456,t=2,p=1$" and what follows. */
static bool
argon2id_kind(struct str hash, struct password_kind *ret)
{
	struct str head = STR("$argon2id$v=19$");
	struct str rest = str_slice(hash, head.len, hash.len);

	*ret = (struct password_kind){ .scheme = PASSWORD_ARGON2ID };
	return str_starts_with(hash, head) &&
		take_number(&rest, STR("m="), ',', &ret->memory_kib) &&
		take_number(&rest, STR("t="), ',', &ret->passes) &&
		take_number(&rest, STR("p="), '$', &ret->lanes);
}

bool
password_kind_of(struct str hash, struct password_kind *ret)
{
	return str_starts_with(hash, STR("$2")) ? bcrypt_kind(hash, ret)
						: argon2id_kind(hash, ret);
}

bool
password_kind_eq(const struct password_kind *a, const struct password_kind *b)
{
	return a->scheme == b->scheme && a->memory_kib == b->memory_kib &&
		a->passes == b->passes && a->lanes == b->lanes && a->cost == b->cost;
}

struct str
password_kind_dummy(struct arena *arena, const struct password_kind *kind)
{
	if (kind->scheme == PASSWORD_BCRYPT)
		return str_fmt(arena,
			"$2b$%02lld$"
			"abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde",
			(long long)kind->cost);
	return str_fmt(arena,
		"$argon2id$v=19$m=%lld,t=%lld,p=%lld$bm8gc2FsdCBhdCBhbGwhIQ$"
		"bm8gcGFzc3dvcmQgaGFzIHRoaXMgaGFzaCwgbm9uZSE",
		(long long)kind->memory_kib, (long long)kind->passes,
		(long long)kind->lanes);
}

/* --- Learning */

static bool
could_be_in_force(const struct password_kind *kind)
{
	return kind->memory_kib <= PASSWORD_MEMORY_KIB_MAX &&
		kind->passes <= PASSWORD_PASSES_MAX && kind->lanes <= 1 &&
		kind->cost <= PASSWORD_BCRYPT_COST_MAX;
}

void
password_kind_learn(const struct password_kind *kind)
{
	bool is_known = false;

	if (!could_be_in_force(kind))
		return;
	pthread_mutex_lock(&known.lock);
	for (size_t i = 0; i < known.count; i++)
		is_known = is_known || password_kind_eq(&known.kinds[i], kind);
	if (!is_known && known.count < PASSWORD_KINDS_MAX)
		known.kinds[known.count++] = *kind;
	pthread_mutex_unlock(&known.lock);
}

size_t
password_kinds(struct password_kind ret[static PASSWORD_KINDS_MAX])
{
	size_t count;

	pthread_mutex_lock(&known.lock);
	count = known.count;
	memcpy(ret, known.kinds, count * sizeof(*ret));
	pthread_mutex_unlock(&known.lock);
	return count;
}
