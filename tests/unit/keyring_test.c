/* The keyring: its file, its keys in force, how it is changed and read again. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/stat.h>

#include "crypto/jwt.h"
#include "crypto/keyring_file.h"
#include "crypto/seal.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/file.h"
#include "tests/tap.h"

#define SECOND ((int64_t)MICROSECONDS_PER_SECOND)

static struct arena arena;
static char folder[64];
static char path[96];

static struct ctx
new_ctx(void)
{
	arena_release(&arena);
	arena_init(&arena, 8 << 20);
	snprintf(folder, sizeof(folder), "/tmp/gridiron-keyring-XXXXXX");
	if (!mkdtemp(folder))
		perror("mkdtemp");
	snprintf(path, sizeof(path), "%s/keys.json", folder);
	return (struct ctx){
		.arena = &arena, .now = clock_now_us(), .deadline = DEADLINE_NEVER
	};
}

static void
clean(void)
{
	char lock[112];

	snprintf(lock, sizeof(lock), "%s.lock", path);
	unlink(path);
	unlink(lock);
	rmdir(folder);
	arena_release(&arena);
}

static struct err *
opened(struct ctx *ctx, bool may_generate, struct keyring **ret)
{
	struct keyring_options options = { .path = str_from(path),
		.may_generate = may_generate };

	return keyring_open(ctx, &options, ret);
}

TEST(a_keyring_is_made_for_its_owner_alone_and_found_again)
{
	struct ctx ctx = new_ctx();
	struct keyring *keys, *again;
	struct stat status;

	OK_ERR(opened(&ctx, true, &keys));
	OK(stat(path, &status) == 0);
	EQ_I64(status.st_mode & 07777, 0600);
	OK_ERR(opened(&ctx, false, &again));
	for (int use = 0; use < KEY_USE_COUNT; use++) {
		const struct key *a = keyring_current(keys, (enum key_use)use, ctx.now);
		const struct key *b = keyring_current(again, (enum key_use)use, ctx.now);

		EQ_STR(key_id(a), key_id(b));
		OK(memcmp(a->secret, b->secret, KEY_BYTES) == 0);
		OK(keyring_find(again, (enum key_use)use, key_id(a), ctx.now) == b);
	}
	/* A key serves its own use and no other. */
	OK(!keyring_find(again, KEY_SEAL,
		key_id(keyring_current(again, KEY_JWT, ctx.now)), ctx.now));
	keyring_close(keys);
	keyring_close(again);
	clean();
}

TEST(production_does_not_make_keys_and_says_what_does)
{
	struct ctx ctx = new_ctx();
	struct keyring *keys;
	struct err *err = opened(&ctx, false, &keys);

	FAILS_WITH(err, ERR_NOT_FOUND);
	OK(str_find(err->message, STR("gridiron keys init")) >= 0);
	OK(access(path, F_OK) != 0);
	clean();
}

TEST(a_file_that_others_may_read_is_refused)
{
	struct ctx ctx = new_ctx();
	struct keyring *keys;

	OK_ERR(key_file_init(&arena, path, ctx.now));
	OK(chmod(path, 0640) == 0);
	FAILS_WITH(opened(&ctx, true, &keys), ERR_DENIED);
	OK(chmod(path, 0602) == 0);
	FAILS_WITH(opened(&ctx, true, &keys), ERR_DENIED);
	OK(chmod(path, 0400) == 0);
	OK_ERR(opened(&ctx, true, &keys));
	keyring_close(keys);
	clean();
}

TEST(keys_are_never_made_over_others)
{
	struct ctx ctx = new_ctx();
	struct key_set before, after;

	OK_ERR(key_file_init(&arena, path, ctx.now));
	OK_ERR(key_file_read(&arena, path, &before));
	FAILS_WITH(key_file_init(&arena, path, ctx.now), ERR_CONFLICT);
	OK_ERR(key_file_read(&arena, path, &after));
	OK(memcmp(before.keys, after.keys, before.count * sizeof(before.keys[0])) == 0);
	clean();
}

/* One thing wrong with each. The messages never quote what is secret. */
TEST(a_file_that_is_no_keyring_is_refused_without_quoting_it)
{
	static const char *const files[] = { "", "{", "[]", "{\"keys\":{}}",
		"{\"keys\":[]}", "{\"keys\":[1]}",
		"{\"keys\":[{\"id\":\"0123456789abcdef\",\"use\":\"jwt\","
		"\"algorithm\":\"HS256\",\"secret\":\"hunter2hunter2\","
		"\"created_at\":\"2026-01-01T00:00:00Z\","
		"\"starts_at\":\"2026-01-01T00:00:00Z\"}]}",
		"{\"keys\":[{\"id\":\"0123456789abcdef\",\"use\":\"jwt\","
		"\"algorithm\":\"A256GCM\",\"secret\":"
		"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAhunter2\","
		"\"created_at\":\"2026-01-01T00:00:00Z\","
		"\"starts_at\":\"2026-01-01T00:00:00Z\"}]}",
		"{\"keys\":[{\"id\":\"../etc\",\"use\":\"jwt\",\"algorithm\":\"HS256\","
		"\"secret\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
		"\"created_at\":\"2026-01-01T00:00:00Z\","
		"\"starts_at\":\"2026-01-01T00:00:00Z\"}]}" };

	for (size_t i = 0; i < COUNT_OF(files); i++) {
		struct ctx ctx = new_ctx();
		struct keyring *keys;
		struct err *err;

		OK_ERR(file_write(&arena, path, str_from(files[i]), 0600));
		err = opened(&ctx, true, &keys);
		FAILS_WITH(err, ERR_INVALID);
		OK(str_find(err->message, STR("hunter2")) < 0);
		clean();
	}
}

static struct err *
rotate(struct ctx *ctx, enum key_use use, int64_t starts_at, struct key *ret)
{
	struct key_rotation rotation = {
		.use = use, .now = ctx->now, .starts_at = starts_at
	};

	return key_file_rotate(&arena, path, &rotation, ret);
}

TEST(a_new_key_signs_from_its_start_and_the_old_one_verifies_for_its_days)
{
	const int64_t day = 86400 * SECOND;
	struct jwt_claims claims = { .session_epoch = 1 }, got;
	struct ctx ctx = new_ctx();
	struct keyring *before, *after;
	struct str old_token, new_token;
	struct key key;

	claims.issued_at = ctx.now;
	claims.expires_at = ctx.now + 30 * day;
	OK_ERR(opened(&ctx, true, &before));
	OK_ERR(rotate(&ctx, KEY_JWT, ctx.now + 10 * SECOND, &key));
	OK_ERR(opened(&ctx, false, &after));
	ctx.keys = after;
	OK(!str_eq(key_id(keyring_current(after, KEY_JWT, ctx.now)), key_id(&key)));
	OK_ERR(jwt_sign(&ctx, &claims, &old_token));
	ctx.now += 10 * SECOND;
	EQ_STR(key_id(keyring_current(after, KEY_JWT, ctx.now)), key_id(&key));
	OK_ERR(jwt_sign(&ctx, &claims, &new_token));
	OK(!str_eq(old_token, new_token));
	OK_ERR(jwt_verify(&ctx, old_token, &got));
	OK_ERR(jwt_verify(&ctx, new_token, &got));
	ctx.now += day - 1;
	OK_ERR(jwt_verify(&ctx, old_token, &got));
	ctx.now += 1;
	FAILS_WITH(jwt_verify(&ctx, old_token, &got), ERR_UNAUTHENTICATED);
	OK_ERR(jwt_verify(&ctx, new_token, &got));
	keyring_close(before);
	keyring_close(after);
	clean();
}

TEST(seal_keys_serve_until_they_are_retired_by_name)
{
	struct seal_place place = { .table = "t", .column = "c" };
	struct ctx ctx = new_ctx();
	struct keyring *keys;
	struct str sealed, plain;
	struct key key;
	char old_id[KEY_ID_LEN + 1];

	OK_ERR(opened(&ctx, true, &keys));
	ctx.keys = keys;
	memcpy(old_id, keyring_current(keys, KEY_SEAL, ctx.now)->id_text, sizeof(old_id));
	OK_ERR(seal(&ctx, &place, STR("text"), &sealed));
	OK_ERR(rotate(&ctx, KEY_SEAL, ctx.now, &key));
	keyring_close(keys);
	OK_ERR(opened(&ctx, false, &keys));
	ctx.keys = keys;
	ctx.now += 1000 * 86400 * SECOND;
	OK_ERR(unseal(&ctx, &place, sealed, &plain));
	OK(seal_is_stale(&ctx, sealed));
	keyring_close(keys);
	FAILS_WITH(key_file_retire(&arena, path, key_id(&key), ctx.now), ERR_CONFLICT);
	FAILS_WITH(key_file_retire(&arena, path, STR("nobody"), ctx.now), ERR_NOT_FOUND);
	OK_ERR(key_file_retire(&arena, path, str_from(old_id), ctx.now));
	OK_ERR(opened(&ctx, false, &keys));
	ctx.keys = keys;
	FAILS_WITH(unseal(&ctx, &place, sealed, &plain), ERR_INTERNAL);
	keyring_close(keys);
	clean();
}

TEST(a_file_full_of_keys_that_serve_takes_no_more)
{
	struct ctx ctx = new_ctx();
	struct key key;

	OK_ERR(key_file_init(&arena, path, ctx.now));
	for (int i = KEY_USE_COUNT; i < KEYS_MAX; i++)
		OK_ERR(rotate(&ctx, KEY_SEAL, ctx.now, &key));
	FAILS_WITH(rotate(&ctx, KEY_SEAL, ctx.now, &key), ERR_CONFLICT);
	clean();
}

/* jwt keys retire by themselves, so any number of rotations goes. */
TEST(retired_keys_leave_the_file)
{
	struct ctx ctx = new_ctx();
	struct key_set set;
	struct key key;

	OK_ERR(key_file_init(&arena, path, ctx.now));
	for (int i = 0; i < 3 * KEYS_MAX; i++) {
		OK_ERR(rotate(&ctx, KEY_JWT, ctx.now, &key));
		ctx.now += 86400 * SECOND;
	}
	OK_ERR(key_file_read_any(&arena, path, &set));
	EQ_I64(set.count, KEY_USE_COUNT + 1);
	clean();
}

/* --- A keyring that is watched */

struct watching {
	struct ctx ctx;
	struct keyring *keys;
	struct key key;
	bool is_seen;
	bool is_kept; /* over a file that is broken */
	struct err *err;
};

static bool
waits_for(const struct watching *watching, struct str id)
{
	for (int i = 0; i < 200; i++) {
		if (keyring_find(watching->keys, KEY_JWT, id, watching->ctx.now))
			return true;
		fiber_sleep_until(clock_deadline_ms(50));
	}
	return false;
}

static struct err *
watch_it(struct watching *watching)
{
	struct ctx *ctx = &watching->ctx;

	TRY(keyring_watch(ctx, watching->keys, NULL, NULL));
	TRY(rotate(ctx, KEY_JWT, ctx->now, &watching->key));
	watching->is_seen = waits_for(watching, key_id(&watching->key));
	TRY(file_write(&arena, path, STR("{"), 0600));
	fiber_sleep_until(clock_deadline_ms(600));
	watching->is_kept = waits_for(watching, key_id(&watching->key));
	return NULL;
}

static void
watch_main(void *arg)
{
	struct watching *watching = arg;

	watching->err = watch_it(watching);
	keyring_unwatch(watching->keys);
}

TEST(a_watched_keyring_takes_a_new_key_up_and_keeps_its_own_when_the_file_breaks)
{
	struct watching watching = { .ctx = new_ctx() };

	OK_ERR(opened(&watching.ctx, true, &watching.keys));
	OK_ERR(loop_run_once(&arena, (struct loop_options){ 0 }, watch_main, &watching));
	OK_ERR(watching.err);
	OK(watching.is_seen);
	OK(watching.is_kept);
	keyring_close(watching.keys);
	clean();
}

/* Files that another instance, or an older backup, might have. */
struct replacing {
	struct ctx ctx;
	struct keyring *keys;
	struct key_set own;     /* as it was */
	struct key_set foreign; /* of the same audit key in name alone */
	struct key_set rotated;
	enum err_code refusal; /* of whoever is asked */
	bool is_refusing;
	int asked;
	bool is_refused;
	bool is_kept;
	bool is_taken_back;
	int asked_of_rotated;
	bool is_asked_again;
	bool is_taken_at_last;
	struct err *err;
};

static struct err *
accept_foreign(struct ctx *ctx, const struct key_set *set, void *arg)
{
	struct replacing *replacing = arg;

	(void)set;
	replacing->asked++;
	return replacing->is_refusing ? err_new(ctx, replacing->refusal, "on purpose")
				      : NULL;
}

static bool
waits_for_current(const struct replacing *replacing, const struct key_set *set)
{
	const struct key *wanted = key_set_current(set, KEY_AUDIT, replacing->ctx.now);

	for (int i = 0; i < 200; i++) {
		const struct key *key = keyring_current(
			replacing->keys, KEY_AUDIT, replacing->ctx.now);

		if (memcmp(key->secret, wanted->secret, KEY_BYTES) == 0)
			return true;
		fiber_sleep_until(clock_deadline_ms(50));
	}
	return false;
}

static bool
waits_for_asked(const struct replacing *replacing, int count)
{
	for (int i = 0; i < 200 && replacing->asked < count; i++)
		fiber_sleep_until(clock_deadline_ms(50));
	return replacing->asked >= count;
}

static struct err *
replace_it(struct replacing *replacing)
{
	struct ctx *ctx = &replacing->ctx;
	struct key key;

	TRY(keyring_watch(ctx, replacing->keys, accept_foreign, replacing));
	replacing->is_refusing = true;
	replacing->refusal = ERR_CONFLICT;
	TRY(key_file_write(&arena, path, &replacing->foreign));
	waits_for_asked(replacing, 1);
	replacing->is_refused = keyring_is_refused(replacing->keys);
	fiber_sleep_until(clock_deadline_ms(600));
	replacing->is_kept = replacing->asked == 1 &&
		waits_for_current(replacing, &replacing->own);
	/* Rotated: the key in force is still there. */
	TRY(key_file_write(&arena, path, &replacing->own));
	TRY(rotate(ctx, KEY_AUDIT, ctx->now, &key));
	TRY(key_file_read_any(&arena, path, &replacing->rotated));
	replacing->is_taken_back = waits_for_current(replacing, &replacing->rotated) &&
		!keyring_is_refused(replacing->keys);
	replacing->asked_of_rotated = replacing->asked - 1;
	/* The database is away for a while. */
	replacing->refusal = ERR_BUSY;
	TRY(key_file_write(&arena, path, &replacing->own));
	replacing->is_asked_again = waits_for_asked(replacing, 3) &&
		waits_for_current(replacing, &replacing->rotated);
	replacing->is_refusing = false;
	replacing->is_taken_at_last = waits_for_current(replacing, &replacing->own);
	return NULL;
}

static void
replace_main(void *arg)
{
	struct replacing *replacing = arg;

	replacing->err = replace_it(replacing);
	keyring_unwatch(replacing->keys);
}

TEST(a_watched_keyring_asks_before_it_takes_up_a_file_without_its_audit_key)
{
	struct replacing replacing = { .ctx = new_ctx() };
	struct key *key;

	OK_ERR(opened(&replacing.ctx, true, &replacing.keys));
	OK_ERR(key_file_read(&arena, path, &replacing.own));
	key_set_generate(&replacing.foreign, replacing.ctx.now);
	key = &replacing.foreign.keys[KEY_AUDIT];
	memcpy(key->id_text, replacing.own.keys[KEY_AUDIT].id_text, sizeof(key->id_text));
	OK_ERR(loop_run_once(
		&arena, (struct loop_options){ 0 }, replace_main, &replacing));
	OK_ERR(replacing.err);
	OK(replacing.is_refused);
	OK(replacing.is_kept);
	OK(replacing.is_taken_back);
	EQ_I64(replacing.asked_of_rotated, 0);
	OK(replacing.is_asked_again);
	OK(replacing.is_taken_at_last);
	keyring_close(replacing.keys);
	clean();
}
