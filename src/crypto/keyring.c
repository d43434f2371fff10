#include "crypto/keyring.h"

#include <assert.h>
#include <stdatomic.h>

#include <sys/stat.h>

#include "base/log.h"
#include "crypto/keyring_file.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/file.h"
#include "sys/trouble.h"
#include "sys/wait.h"

enum {
	SETS_MAX = 8,
	LOOK_MS = 250,
	LOOK_ARENA_BYTES = 65536,
};

/* How long a set is left alone after another replaced it: no request takes as long. */
#define SET_REST_NS ((int64_t)60 * 1000000000)

/* What tells one state of the file from another. A writer renames, so the inode changes
 * too. */
struct stamp {
	struct timespec changed;
	ino_t inode;
	off_t size;
};

struct keyring {
	_Atomic(const struct key_set *) set;
	struct key_set sets[SETS_MAX];
	int64_t replaced_ns[SETS_MAX]; /* 0: never used */
	const char *path;              /* NULL: in memory alone */
	struct stamp stamp;
	struct fiber *watcher;
	struct fiber_event unwatched; /* the watcher has ended */
	struct arena arena;           /* of the watcher */
	keyring_accept_fn accept;     /* may be NULL */
	void *accept_arg;
	_Atomic bool is_refused; /* the file, as it is now */
	struct trouble trouble;  /* in telling whether it is to be */
};

static bool
stamp_of(const char *path, struct stamp *ret)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return false;
	*ret = (struct stamp){
		.changed = status.st_mtim, .inode = status.st_ino, .size = status.st_size
	};
	return true;
}

static bool
stamp_eq(const struct stamp *a, const struct stamp *b)
{
	return a->changed.tv_sec == b->changed.tv_sec &&
		a->changed.tv_nsec == b->changed.tv_nsec && a->inode == b->inode &&
		a->size == b->size;
}

/* --- Sets */

/* A set that nobody looks at any more; NULL where all were in force a moment ago. */
static struct key_set *
set_at_rest(struct keyring *keys)
{
	int64_t now = clock_monotonic_ns();

	for (size_t i = 0; i < SETS_MAX; i++) {
		if (&keys->sets[i] == atomic_load(&keys->set))
			continue;
		if (keys->replaced_ns[i] == 0 ||
			now - keys->replaced_ns[i] >= SET_REST_NS)
			return &keys->sets[i];
	}
	return NULL;
}

static void
set_publish(struct keyring *keys, struct key_set *set)
{
	const struct key_set *old = atomic_exchange(&keys->set, set);

	if (old)
		keys->replaced_ns[old - keys->sets] = clock_monotonic_ns();
}

/* Those replaced long ago hold nothing any more. */
static void
sets_wipe(struct keyring *keys)
{
	int64_t now = clock_monotonic_ns();

	for (size_t i = 0; i < SETS_MAX; i++) {
		if (keys->replaced_ns[i] && keys->sets[i].count &&
			&keys->sets[i] != atomic_load(&keys->set) &&
			now - keys->replaced_ns[i] >= SET_REST_NS)
			explicit_bzero(&keys->sets[i], sizeof(keys->sets[i]));
	}
}

/* --- Opening */

/* Read or make the file into the first set. */
static struct err *
first_read(struct ctx *ctx, const struct keyring_options *options, struct keyring *keys)
{
	struct err *err;

	if (!stamp_of(keys->path, &keys->stamp)) {
		if (!options->may_generate)
			return key_file_missing(ctx->arena, keys->path);
		err = key_file_init(ctx->arena, keys->path, ctx->now);
		/* Another process that starts made them in between. */
		if (err && err->code != ERR_CONFLICT)
			return err;
	}
	(void)stamp_of(keys->path, &keys->stamp);
	TRY(key_file_read(ctx->arena, keys->path, &keys->sets[0]));
	set_publish(keys, &keys->sets[0]);
	return NULL;
}

struct err *
keyring_open(struct ctx *ctx, const struct keyring_options *options, struct keyring **ret)
{
	struct keyring *keys;
	struct err *err;

	TRY_NEW(ctx->arena, keys, 1);
	arena_init(&keys->arena, LOOK_ARENA_BYTES);
	keys->path = str_cstr(ctx->arena, options->path);
	if (!keys->path)
		return err_no_memory();
	err = first_read(ctx, options, keys);
	if (err) {
		keyring_close(keys);
		return err;
	}
	*ret = keys;
	return NULL;
}

struct err *
keyring_check(struct ctx *ctx, const struct keyring_options *options)
{
	const char *path = str_cstr(ctx->arena, options->path);
	struct key_set *set;
	struct stamp stamp;
	struct err *err;

	if (!path)
		return err_no_memory();
	if (!stamp_of(path, &stamp))
		return options->may_generate ? file_check_place(ctx->arena, path, false)
					     : key_file_missing(ctx->arena, path);
	TRY_NEW(ctx->arena, set, 1);
	err = key_file_read(ctx->arena, path, set);
	explicit_bzero(set, sizeof(*set));
	return err;
}

struct err *
keyring_new(struct ctx *ctx, struct keyring **ret)
{
	struct keyring *keys;

	TRY_NEW(ctx->arena, keys, 1);
	arena_init(&keys->arena, LOOK_ARENA_BYTES);
	key_set_generate(&keys->sets[0], 0);
	set_publish(keys, &keys->sets[0]);
	*ret = keys;
	return NULL;
}

struct err *
keyring_new_beside(struct ctx *ctx, const struct keyring *old, struct keyring **ret)
{
	const struct key_set *set = atomic_load(&old->set);
	struct keyring *keys;

	TRY(keyring_new(ctx, &keys));
	if (keys->sets[0].count + set->count > KEYS_MAX)
		return err_new(ctx, ERR_CONFLICT, "too many keys");
	for (size_t i = 0; i < keys->sets[0].count; i++)
		keys->sets[0].keys[i].starts_at = ctx->now;
	for (size_t i = 0; i < set->count; i++)
		keys->sets[0].keys[keys->sets[0].count++] = set->keys[i];
	*ret = keys;
	return NULL;
}

void
keyring_close(struct keyring *keys)
{
	assert(!keys->watcher);
	arena_release(&keys->arena);
	explicit_bzero(keys->sets, sizeof(keys->sets));
}

/* --- Watching */

/* The part that waits for the disk. */
struct look {
	struct keyring *keys;
	struct key_set *set; /* to read into */
	struct stamp stamp;
	bool is_changed;
	struct err *err;
};

static void
look_at_file(void *arg)
{
	struct look *look = arg;

	look->is_changed = stamp_of(look->keys->path, &look->stamp) &&
		!stamp_eq(&look->stamp, &look->keys->stamp);
	if (look->is_changed)
		look->err = key_file_read(
			&look->keys->arena, look->keys->path, look->set);
}

/* Commands never remove the audit key in force; a file without it was replaced by hand,
 * so ask. */
static struct err *
next_check(struct ctx *ctx, struct keyring *keys, const struct key_set *next)
{
	const struct key *signer = keyring_current(keys, KEY_AUDIT, ctx->now);
	const struct key *same = key_set_find(next, KEY_AUDIT, key_id(signer));

	if (!keys->accept ||
		(same && memcmp(same->secret, signer->secret, KEY_BYTES) == 0))
		return NULL;
	return keys->accept(ctx, next, keys->accept_arg);
}

static bool
is_final(const struct err *err)
{
	return err->code == ERR_CONFLICT;
}

/* A file that was changed is told of once, not four times a second. */
static void
look_take(struct ctx *ctx, struct keyring *keys, const struct look *look)
{
	struct err *err = look->err ? look->err : next_check(ctx, keys, look->set);

	if (err)
		explicit_bzero(look->set, sizeof(*look->set));
	if (err && !look->err && !is_final(err)) {
		if (!fiber_is_cancelled())
			trouble_note(&keys->trouble, NULL,
				"whether to use the changed keyring cannot be told", err);
		return;
	}
	keys->stamp = look->stamp;
	atomic_store(&keys->is_refused, err != NULL);
	if (err) {
		/* Of whichever kind: it is the operator's to mend. */
		log_error(NULL, "the changed keyring is not used",
			LOG_STR("error", err->message));
		return;
	}
	set_publish(keys, look->set);
	trouble_over(&keys->trouble, NULL, "the changed keyring could be looked at");
	log_info(NULL, "keyring read again", LOG_TEXT("file", keys->path),
		LOG_I64("keys", (int64_t)look->set->count));
}

static void
look_once(struct ctx *ctx, struct keyring *keys)
{
	struct look look = { .keys = keys, .set = set_at_rest(keys) };

	sets_wipe(keys);
	/* Eight changes within a minute: the ninth is seen when a set is at rest. */
	if (look.set && !fiber_offload(ctx, look_at_file, &look) && look.is_changed)
		look_take(ctx, keys, &look);
}

static void
watch(void *arg)
{
	struct keyring *keys = arg;

	while (fiber_sleep_until(clock_deadline_ms(LOOK_MS)) == WAIT_TIMED_OUT) {
		struct ctx ctx = { .arena = &keys->arena,
			.now = clock_now_us(),
			.deadline = clock_deadline_ms(LOOK_MS) };

		look_once(&ctx, keys);
		arena_reset(&keys->arena);
	}
	fiber_event_set(&keys->unwatched);
}

struct err *
keyring_watch(struct ctx *ctx, struct keyring *keys, keyring_accept_fn accept, void *arg)
{
	keys->accept = accept;
	keys->accept_arg = arg;
	fiber_event_init(&keys->unwatched);
	keys->watcher = fiber_spawn("watch keys", watch, keys);
	if (!keys->watcher)
		return err_new(ctx, ERR_BUSY, "no fiber is left to watch the keyring");
	return NULL;
}

void
keyring_unwatch(struct keyring *keys)
{
	if (!keys->watcher)
		return;
	fiber_cancel(keys->watcher);
	/* It may be in the middle of a look. */
	fiber_event_join(&keys->unwatched);
	keys->watcher = NULL;
}

bool
keyring_is_refused(const struct keyring *keys)
{
	return atomic_load(&keys->is_refused);
}

/* --- Looking up */

const struct key *
keyring_current(const struct keyring *keys, enum key_use use, int64_t now)
{
	const struct key_set *set = atomic_load(&keys->set);
	const struct key *key = key_set_current(set, use, now);

	/* Where a clock was set back before the first key: better that one than none. */
	for (size_t i = 0; !key && i < set->count; i++) {
		if (set->keys[i].use == use)
			key = &set->keys[i];
	}
	assert(key);
	return key;
}

const struct key *
keyring_find(const struct keyring *keys, enum key_use use, struct str id, int64_t now)
{
	const struct key *key = key_set_find(atomic_load(&keys->set), use, id);

	return key && now < key->retires_at ? key : NULL;
}
