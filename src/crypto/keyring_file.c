#include "crypto/keyring_file.h"

#include <errno.h>
#include <unistd.h>

#include <sys/stat.h>

#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/iso_time.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "crypto/signature.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/file.h"
#include "sys/random.h"

enum {
	FILE_BYTES_MAX = 65536,
	LOCK_TRIES = 100,
	LOCK_TRY_MS = 20,
	/* Jobs sign and seal by the time of their start, but the audit job: jobs.def. */
	REST_SECONDS = 360,
};

static const struct {
	struct str name;
	enum key_algorithm algorithm;
	int64_t served_days;
	const char *about;
} uses[KEY_USE_COUNT] = {
#define X(use, name_, algorithm_, days, about_)   \
	[KEY_##use] = { .name = STR_INIT(name_),  \
		.algorithm = KEY_IS_##algorithm_, \
		.served_days = (days),            \
		.about = (about_) },
	KEY_USES(X)
#undef X
};

static const struct str algorithm_names[KEY_ALGORITHM_COUNT] = {
#define X(algorithm, name) [KEY_IS_##algorithm] = STR_INIT(name),
	KEY_ALGORITHMS(X)
#undef X
};

struct str
key_use_name(enum key_use use)
{
	return uses[use].name;
}

bool
key_use_parse(struct str name, enum key_use *ret)
{
	for (size_t i = 0; i < KEY_USE_COUNT; i++) {
		if (str_eq(name, uses[i].name)) {
			*ret = (enum key_use)i;
			return true;
		}
	}
	return false;
}

struct str
key_algorithm_name(enum key_algorithm algorithm)
{
	return algorithm_names[algorithm];
}

bool
key_algorithm_parse(struct str name, enum key_algorithm *ret)
{
	for (size_t i = 0; i < KEY_ALGORITHM_COUNT; i++) {
		if (str_eq(name, algorithm_names[i])) {
			*ret = (enum key_algorithm)i;
			return true;
		}
	}
	return false;
}

/* --- Sets of keys */

static void
key_finish(struct key *key)
{
	if (key->algorithm == KEY_IS_EDDSA)
		ed25519_public_key(key->secret, key->public_key);
}

void
key_generate(struct key *ret, enum key_use use, enum key_algorithm algorithm, int64_t now)
{
	uint8_t id[KEY_ID_BYTES];
	struct buf text;

	*ret = (struct key){ .use = use,
		.algorithm = algorithm,
		.created_at = now,
		.starts_at = now,
		.retires_at = INT64_MAX };
	random_bytes(id, sizeof(id));
	random_bytes(ret->secret, sizeof(ret->secret));
	buf_init_fixed(&text, ret->id_text, KEY_ID_LEN);
	hex_encode(&text, (struct str){ .ptr = (const char *)id, .len = sizeof(id) });
	key_finish(ret);
}

void
key_set_generate(struct key_set *ret, int64_t now)
{
	*ret = (struct key_set){ .count = KEY_USE_COUNT };
	for (size_t i = 0; i < KEY_USE_COUNT; i++)
		key_generate(&ret->keys[i], (enum key_use)i, uses[i].algorithm, now);
}

const struct key *
key_set_current(const struct key_set *set, enum key_use use, int64_t now)
{
	const struct key *ret = NULL;

	for (size_t i = 0; i < set->count; i++) {
		const struct key *key = &set->keys[i];

		if (key->use == use && key->starts_at <= now && now < key->retires_at &&
			(!ret || ret->starts_at <= key->starts_at))
			ret = key;
	}
	return ret;
}

bool
key_is_resting(const struct key *current, int64_t now)
{
	return current->starts_at > now - (int64_t)REST_SECONDS * MICROSECONDS_PER_SECOND;
}

const struct key *
key_set_find(const struct key_set *set, enum key_use use, struct str id)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct key *key = &set->keys[i];

		if (key->use == use && str_eq(key_id(key), id))
			return key;
	}
	return NULL;
}

/* --- Reading */

struct err *
key_file_missing(struct arena *arena, const char *path)
{
	return err_in(arena, ERR_NOT_FOUND,
		"there are no keys in %s: say where they are with --keys-file, or make "
		"them by gridiron keys init, and keep a copy in a safe place, since what "
		"they seal cannot be read without them",
		path);
}

/* The text of member NAME, which must be one. */
static struct err *
member_text(struct arena *arena, const struct json_node *object, const char *name,
	struct str *ret)
{
	const struct json_node *node = json_node_find(object, str_from(name));

	if (!node || node->kind != JSON_IS_TEXT)
		return err_in(arena, ERR_INVALID, "a key has no text called '%s'", name);
	*ret = node->text;
	return NULL;
}

static struct err *
member_time(struct arena *arena, const struct json_node *object, const char *name,
	int64_t *ret)
{
	struct str text = STR_NONE;

	TRY(member_text(arena, object, name, &text));
	if (!iso_time_parse(text, ret))
		return err_in(arena, ERR_INVALID, "a key's '%s' is no time", name);
	return NULL;
}

static bool
id_is_wellformed(struct str id)
{
	if (id.len != KEY_ID_LEN)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		if (hex_digit(id.ptr[i]) < 0 || (id.ptr[i] >= 'A' && id.ptr[i] <= 'F'))
			return false;
	}
	return true;
}

static bool
algorithm_fits(enum key_use use, enum key_algorithm algorithm)
{
	return algorithm == uses[use].algorithm ||
		(use == KEY_JWT && algorithm == KEY_IS_EDDSA);
}

static struct err *
key_read(struct arena *arena, const struct json_node *node, struct key *ret)
{
	const struct json_node *retires = json_node_find(node, STR("retires_at"));
	struct str id = STR_NONE, use = STR_NONE, algorithm = STR_NONE, secret = STR_NONE;
	struct buf bytes;

	TRY(member_text(arena, node, "id", &id));
	TRY(member_text(arena, node, "use", &use));
	TRY(member_text(arena, node, "algorithm", &algorithm));
	TRY(member_text(arena, node, "secret", &secret));
	*ret = (struct key){ .retires_at = INT64_MAX };
	if (!id_is_wellformed(id))
		return err_in(arena, ERR_INVALID, "a key's id is not %d hex digits",
			KEY_ID_LEN);
	buf_init_fixed(&bytes, ret->id_text, KEY_ID_LEN);
	buf_put(&bytes, id);
	if (!key_use_parse(use, &ret->use) ||
		!key_algorithm_parse(algorithm, &ret->algorithm) ||
		!algorithm_fits(ret->use, ret->algorithm))
		return err_in(arena, ERR_INVALID,
			"key %s has a use and an algorithm that do not go together",
			ret->id_text);
	buf_init_fixed(&bytes, (char *)ret->secret, KEY_BYTES);
	if (!base64_decode(&bytes, secret, BASE64_URL) || bytes.len != KEY_BYTES)
		return err_in(arena, ERR_INVALID, "the secret of key %s is not %d bytes",
			ret->id_text, KEY_BYTES);
	TRY(member_time(arena, node, "created_at", &ret->created_at));
	TRY(member_time(arena, node, "starts_at", &ret->starts_at));
	if (retires && retires->kind != JSON_IS_NULL)
		TRY(member_time(arena, node, "retires_at", &ret->retires_at));
	key_finish(ret);
	return NULL;
}

static struct err *
set_check(struct arena *arena, const struct key_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (str_eq(key_id(&set->keys[i]), key_id(&set->keys[j])))
				return err_in(arena, ERR_INVALID, "key %s is there twice",
					set->keys[i].id_text);
		}
	}
	for (size_t use = 0; use < KEY_USE_COUNT; use++) {
		if (!key_set_current(set, (enum key_use)use, clock_now_us()))
			return err_in(arena, ERR_INVALID,
				"no key in force %s: run gridiron keys rotate " STR_FMT,
				uses[use].about, STR_ARG(uses[use].name));
	}
	return NULL;
}

static struct err *
set_parse(struct arena *arena, struct str text, struct key_set *ret)
{
	const struct json_node *keys;
	struct json_node root;

	TRY(json_read(arena, text, &root));
	keys = json_node_find(&root, STR("keys"));
	if (!keys || keys->kind != JSON_IS_ARRAY)
		return err_in(arena, ERR_INVALID, "it has no list called 'keys'");
	if (keys->count > KEYS_MAX)
		return err_in(arena, ERR_INVALID, "it has more than %d keys", KEYS_MAX);
	ret->count = 0;
	for (size_t i = 0; i < keys->count; i++) {
		TRY(key_read(arena, &keys->items[i], &ret->keys[i]));
		ret->count++;
	}
	return NULL;
}

/* Others of this machine may read PATH: whoever did has the keys. */
static struct err *
mode_check(struct arena *arena, const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return err_in(arena, ERR_DENIED,
			"%s may be read or written by others than its owner: run chmod "
			"600 %s, and if someone may have read it, gridiron keys rotate",
			path, path);
	return NULL;
}

static struct err *
set_read(struct arena *arena, struct arena *scratch, const char *path, bool is_checked,
	struct key_set *ret)
{
	struct err *err;
	struct str text = STR_NONE;

	TRY(mode_check(arena, path));
	err = file_read(scratch, path, FILE_BYTES_MAX, &text);
	if (err && err->code == ERR_NOT_FOUND)
		return key_file_missing(arena, path);
	if (err)
		return err_in(arena, err->code, STR_FMT, STR_ARG(err->message));
	err = set_parse(scratch, text, ret);
	if (!err && is_checked)
		err = set_check(scratch, ret);
	if (err)
		return err_in(arena, ERR_INVALID, "%s is no keyring: " STR_FMT, path,
			STR_ARG(err->message));
	return NULL;
}

static struct err *
read_wiped(struct arena *arena, const char *path, bool is_checked, struct key_set *ret)
{
	struct arena scratch;
	struct err *err;

	arena_init(&scratch, (size_t)16 * FILE_BYTES_MAX);
	err = set_read(arena, &scratch, path, is_checked, ret);
	arena_release_wiped(&scratch);
	return err;
}

struct err *
key_file_read(struct arena *arena, const char *path, struct key_set *ret)
{
	return read_wiped(arena, path, true, ret);
}

struct err *
key_file_read_any(struct arena *arena, const char *path, struct key_set *ret)
{
	return read_wiped(arena, path, false, ret);
}

/* --- Writing */

static void
put_key(struct json *json, const struct key *key)
{
	char storage[64];
	struct buf secret;

	buf_init_fixed(&secret, storage, sizeof(storage));
	base64_encode(&secret,
		(struct str){ .ptr = (const char *)key->secret, .len = KEY_BYTES },
		BASE64_URL);
	json_put_object(json);
	json_put_key(json, STR("id"));
	json_put_text(json, key_id(key));
	json_put_key(json, STR("use"));
	json_put_text(json, uses[key->use].name);
	json_put_key(json, STR("algorithm"));
	json_put_text(json, algorithm_names[key->algorithm]);
	json_put_key(json, STR("secret"));
	json_put_text(json, buf_str(&secret));
	json_put_key(json, STR("created_at"));
	json_put_time(json, key->created_at);
	json_put_key(json, STR("starts_at"));
	json_put_time(json, key->starts_at);
	json_put_key(json, STR("retires_at"));
	json_put_opt_time(json,
		(struct opt_i64){ .is_set = key->retires_at != INT64_MAX,
			.value = key->retires_at });
	json_put_object_end(json);
	explicit_bzero(storage, sizeof(storage));
}

struct err *
key_file_write(struct arena *arena, const char *path, const struct key_set *set)
{
	struct arena scratch;
	struct err *err;
	struct json json;
	struct buf text;

	arena_init(&scratch, (size_t)4 * FILE_BYTES_MAX);
	buf_init(&text, &scratch, FILE_BYTES_MAX);
	json = json_begin(&text);
	json_put_object(&json);
	json_put_key(&json, STR("keys"));
	json_put_array(&json);
	for (size_t i = 0; i < set->count; i++) {
		buf_put(&text, i ? STR(",\n") : STR("\n"));
		json.needs_comma = false;
		put_key(&json, &set->keys[i]);
	}
	buf_put_char(&text, '\n');
	json_put_array_end(&json);
	json_put_object_end(&json);
	buf_put_char(&text, '\n');
	err = buf_is_cut(&text) ? err_no_memory()
				: file_write(arena, path, buf_str(&text), 0600);
	arena_release_wiped(&scratch);
	return err;
}

/* --- Changing: one process at a time */

static void
unlock(const int *lock)
{
	if (*lock >= 0)
		file_unlock(*lock);
}

/* Wait a moment for whoever else changes the file: it takes some milliseconds. */
static struct err *
lock_file(struct arena *arena, const char *path, int *ret)
{
	struct str name = str_fmt(arena, "%s.lock", path);
	const char *lock = str_is_none(name) ? NULL : str_cstr(arena, name);
	struct err *err = NULL;

	if (!lock)
		return err_no_memory();
	for (int i = 0; i < LOCK_TRIES; i++) {
		err = file_lock(arena, lock, ret);
		if (!err || err->code != ERR_CONFLICT)
			return err;
		usleep(LOCK_TRY_MS * 1000);
	}
	return err;
}

struct err *
key_file_init(struct arena *arena, const char *path, int64_t now)
{
	CLEANUP(unlock) int lock = -1;
	struct key_set set;
	struct err *err;

	TRY(lock_file(arena, path, &lock));
	if (access(path, F_OK) == 0)
		return err_in(arena, ERR_CONFLICT,
			"%s is there already; a new key for one use is made by gridiron "
			"keys rotate",
			path);
	key_set_generate(&set, now);
	err = key_file_write(arena, path, &set);
	explicit_bzero(&set, sizeof(set));
	return err;
}

/* Take out what has retired. */
static void
drop_retired(struct key_set *set, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (set->keys[i].retires_at > now)
			set->keys[kept++] = set->keys[i];
	}
	explicit_bzero(&set->keys[kept], (set->count - kept) * sizeof(set->keys[0]));
	set->count = kept;
}

static struct err *
set_rotate(struct arena *arena, struct key_set *set, const struct key_rotation *rotation,
	struct key *ret)
{
	const struct key *current = key_set_current(set, rotation->use, rotation->now);
	enum key_algorithm algorithm = rotation->is_algorithm_chosen ? rotation->algorithm
		: current                                            ? current->algorithm
			  : uses[rotation->use].algorithm;
	int64_t days = uses[rotation->use].served_days;

	if (!algorithm_fits(rotation->use, algorithm))
		return err_in(arena, ERR_INVALID, "a %s key cannot be " STR_FMT,
			uses[rotation->use].name.ptr,
			STR_ARG(algorithm_names[algorithm]));
	drop_retired(set, rotation->now);
	if (set->count == KEYS_MAX)
		return err_in(arena, ERR_CONFLICT,
			"there are %d keys that still serve; retire some by gridiron "
			"keys retire",
			KEYS_MAX);
	for (size_t i = 0; i < set->count; i++) {
		struct key *key = &set->keys[i];
		int64_t end = rotation->starts_at + days * MICROSECONDS_PER_DAY;

		if (key->use == rotation->use && days > 0 && key->retires_at > end)
			key->retires_at = end;
	}
	key_generate(&set->keys[set->count], rotation->use, algorithm, rotation->now);
	set->keys[set->count].starts_at = rotation->starts_at;
	*ret = set->keys[set->count++];
	return NULL;
}

struct err *
key_file_rotate(struct arena *arena, const char *path,
	const struct key_rotation *rotation, struct key *ret)
{
	CLEANUP(unlock) int lock = -1;
	struct key_set set;
	struct err *err;

	TRY(lock_file(arena, path, &lock));
	/* A use without a key in force is mended by this. */
	TRY(key_file_read_any(arena, path, &set));
	err = set_rotate(arena, &set, rotation, ret);
	if (!err)
		err = key_file_write(arena, path, &set);
	explicit_bzero(&set, sizeof(set));
	return err;
}

static struct err *
set_retire(struct arena *arena, struct key_set *set, struct str id, int64_t now)
{
	for (size_t i = 0; i < set->count; i++) {
		struct key *key = &set->keys[i];

		if (!str_eq(key_id(key), id))
			continue;
		if (key == key_set_current(set, key->use, now))
			return err_in(arena, ERR_CONFLICT,
				"key " STR_FMT " is the one in force; first make another "
				"by gridiron keys rotate %s",
				STR_ARG(id), uses[key->use].name.ptr);
		key->retires_at = now;
		drop_retired(set, now);
		return NULL;
	}
	return err_in(arena, ERR_NOT_FOUND,
		"no key is called '" STR_FMT "'; gridiron keys list shows them",
		STR_ARG(id));
}

struct err *
key_file_retire(struct arena *arena, const char *path, struct str id, int64_t now)
{
	CLEANUP(unlock) int lock = -1;
	struct key_set set;
	struct err *err;

	TRY(lock_file(arena, path, &lock));
	TRY(key_file_read_any(arena, path, &set));
	err = set_retire(arena, &set, id, now);
	if (!err)
		err = key_file_write(arena, path, &set);
	explicit_bzero(&set, sizeof(set));
	return err;
}
