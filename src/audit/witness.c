#include "audit/witness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

#include "audit/chainer.h"
#include "base/list.h"
#include "base/log.h"
#include "base/slab.h"
#include "base/vec.h"
#include "codec/hex.h"
#include "codec/uuid.h"
#include "db/db.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/random.h"
#include "sys/wait.h"

enum {
	BUCKETS = 1024,
	LINE_LEN = UUID_TEXT_LEN + 1 + 2 * AUDIT_HASH_BYTES + 1,
	FILE_BYTES_MAX = 64 << 20,
	PATH_LEN_MAX = 4096,
	/* How long the file keeps lines of which memory knows nothing: by then they stand in
	 * the chain, or somebody else has missed them. */
	OVERFLOW_KEPT_MS = 60000,
	NANOSECONDS_PER_MS = 1000000,
};

static const char prefix[] = "audit.witness.";
/* The next file of the same process, until it is renamed. */
static const char aside_prefix[] = "audit.witness-new.";

/* An entry that is waited for. */
struct waited {
	struct list_link link;    /* of its bucket */
	struct list_link by_time; /* oldest first */
	struct witness_entry entry;
};

struct witness {
	pthread_mutex_t lock;
	struct list_link buckets[BUCKETS];
	struct list_link by_time;
	struct slab slab;
	size_t count;
	int64_t overflowed_ns; /* when last an entry found no room here; 0: never */
	int fd;                /* -1: no file */
	char path[PATH_LEN_MAX];
	size_t lines; /* of the file */
	/* The file that takes its place, while that is written; else -1. Lines go to both. */
	int aside_fd;
	char aside_path[PATH_LEN_MAX];
	size_t aside_lines;
	bool is_aside_bad; /* a line did not get there */
	bool is_failing;   /* the file cannot be written, and that was logged */
};

/* --- The table, under its lock */

static struct list_link *
bucket_of(struct witness *witness, struct uuid id)
{
	/* The last bytes of a UUIDv7 are random. */
	size_t number = (size_t)id.bytes[14] << 8 | id.bytes[15];

	return &witness->buckets[number % BUCKETS];
}

static struct waited *
waited_find(struct witness *witness, struct uuid id)
{
	LIST_FOR_EACH(link, bucket_of(witness, id)) {
		struct waited *waited = CONTAINER_OF(link, struct waited, link);

		if (uuid_eq(waited->entry.id, id))
			return waited;
	}
	return NULL;
}

static void
waited_remove(struct witness *witness, struct waited *waited)
{
	list_remove(&waited->link);
	list_remove(&waited->by_time);
	slab_give(&witness->slab, waited);
	witness->count--;
}

static void
waited_add(struct witness *witness, const struct witness_entry *entry)
{
	struct waited *waited = NULL;

	if (witness->count < WITNESS_ENTRIES_MAX)
		waited = slab_take(&witness->slab);
	/* Its line in the file remains. */
	if (!waited) {
		witness->overflowed_ns = clock_monotonic_ns();
		return;
	}
	waited->entry = *entry;
	list_push_back(bucket_of(witness, entry->id), &waited->link);
	list_push_back(&witness->by_time, &waited->by_time);
	witness->count++;
}

static void
line_format(struct buf *out, const struct witness_entry *entry)
{
	uuid_format(out, entry->id);
	buf_put_char(out, ' ');
	hex_encode(out, audit_hash_str(&entry->mac));
	buf_put_char(out, '\n');
}

static void
tell_failure(struct witness *witness, const char *event)
{
	if (!witness->is_failing)
		log_error(NULL, event, LOG_TEXT("path", witness->path),
			LOG_I64("errno", errno));
	witness->is_failing = true;
}

/* One write(2), so that lines of two threads do not mix. */
static void
line_write(struct witness *witness, const struct witness_entry *entry)
{
	char storage[LINE_LEN];
	struct buf line;

	if (witness->fd < 0)
		return;
	buf_init_fixed(&line, storage, sizeof(storage));
	line_format(&line, entry);
	if (write(witness->fd, line.ptr, line.len) == (ssize_t)line.len)
		witness->lines++;
	else
		tell_failure(witness, "the audit witness cannot be written");
	if (witness->aside_fd < 0)
		return;
	if (write(witness->aside_fd, line.ptr, line.len) == (ssize_t)line.len)
		witness->aside_lines++;
	else
		witness->is_aside_bad = true;
}

/* --- Entries */

/* From audit_log to the commit, in the arena of its context. */
struct expected {
	struct witness *witness;
	struct witness_entry entry;
};

static void
remember(struct witness *witness, const struct witness_entry *entry)
{
	pthread_mutex_lock(&witness->lock);
	waited_add(witness, entry);
	line_write(witness, entry);
	pthread_mutex_unlock(&witness->lock);
}

static void
committed(void *arg)
{
	struct expected *expected = arg;

	expected->entry.committed_ns = clock_monotonic_ns();
	remember(expected->witness, &expected->entry);
}

void
witness_adopt(struct witness *witness, const struct witness_line *line)
{
	struct witness_entry entry = {
		.id = line->id, .mac = line->mac, .committed_ns = clock_monotonic_ns()
	};

	remember(witness, &entry);
}

struct err *
witness_expect(struct tx *tx, struct uuid id, const struct audit_hash *mac)
{
	struct expected *expected;

	TRY_NEW(tx->ctx->arena, expected, 1);
	*expected = (struct expected){ .witness = audit_witness(tx->ctx->audit),
		.entry = { .id = id, .mac = *mac } };
	return tx_on_commit(tx, committed, expected);
}

bool
witness_seen(struct witness *witness, struct uuid id, const struct audit_hash *mac)
{
	struct waited *waited;
	bool is_same = true;

	pthread_mutex_lock(&witness->lock);
	waited = waited_find(witness, id);
	if (waited) {
		is_same = audit_hash_eq(mac, audit_hash_str(&waited->entry.mac));
		waited_remove(witness, waited);
	}
	pthread_mutex_unlock(&witness->lock);
	return is_same;
}

size_t
witness_overdue(struct witness *witness, int64_t monotonic_ns, struct witness_entry *ret,
	size_t max)
{
	size_t count = 0;

	pthread_mutex_lock(&witness->lock);
	LIST_FOR_EACH(link, &witness->by_time) {
		struct waited *waited = CONTAINER_OF(link, struct waited, by_time);

		if (count == max || waited->entry.committed_ns >= monotonic_ns)
			break;
		ret[count++] = waited->entry;
	}
	pthread_mutex_unlock(&witness->lock);
	return count;
}

void
witness_forget(struct witness *witness, struct uuid id)
{
	struct waited *waited;

	pthread_mutex_lock(&witness->lock);
	waited = waited_find(witness, id);
	if (waited)
		waited_remove(witness, waited);
	pthread_mutex_unlock(&witness->lock);
}

size_t
witness_count(struct witness *witness)
{
	size_t count;

	pthread_mutex_lock(&witness->lock);
	count = witness->count;
	pthread_mutex_unlock(&witness->lock);
	return count;
}

/* --- The file anew */

/* What is waited for, on its way into the file beside. */
struct rewriting {
	int fd;
	struct str text;
	int error; /* errno, or 0: it is on the disk */
};

static bool
is_worth_rewriting(const struct witness *witness)
{
	int64_t kept_ns = (int64_t)OVERFLOW_KEPT_MS * NANOSECONDS_PER_MS;

	return witness->fd >= 0 && witness->lines != witness->count &&
		(!witness->overflowed_ns ||
			clock_monotonic_ns() - witness->overflowed_ns > kept_ns);
}

/* Open the file beside: from here on lines go there too. */
static bool
aside_begin(struct ctx *ctx, struct witness *witness, struct rewriting *ret)
{
	struct buf text;
	int fd;

	buf_init(&text, ctx->arena, witness->count * LINE_LEN);
	LIST_FOR_EACH(link, &witness->by_time) {
		line_format(&text, &CONTAINER_OF(link, struct waited, by_time)->entry);
	}
	if (buf_is_cut(&text))
		return false;
	fd = open(witness->aside_path,
		O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	*ret = (struct rewriting){ .fd = fd, .text = buf_str(&text) };
	witness->aside_fd = fd;
	witness->aside_lines = witness->count;
	witness->is_aside_bad = false;
	return true;
}

/* On the other thread. */
static void
rewrite_offloaded(void *arg)
{
	struct rewriting *rewriting = arg;

	errno = ENOSPC;
	if (write(rewriting->fd, rewriting->text.ptr, rewriting->text.len) !=
			(ssize_t)rewriting->text.len ||
		fsync(rewriting->fd) != 0)
		rewriting->error = errno;
}

/* It takes the place of the old one, or goes. */
static void
aside_end(struct witness *witness, int error)
{
	int next = witness->aside_fd;

	witness->aside_fd = -1;
	errno = error;
	if (!error && !witness->is_aside_bad &&
		rename(witness->aside_path, witness->path) == 0) {
		close(witness->fd);
		witness->fd = next;
		witness->lines = witness->aside_lines;
		witness->is_failing = false;
		return;
	}
	tell_failure(witness, "the audit witness cannot be made anew");
	unlink(witness->aside_path);
	close(next);
}

void
witness_anchored(struct ctx *ctx, struct witness *witness)
{
	struct rewriting rewriting;
	struct err *err;
	bool is_begun;

	pthread_mutex_lock(&witness->lock);
	if (!is_worth_rewriting(witness)) {
		pthread_mutex_unlock(&witness->lock);
		return;
	}
	is_begun = aside_begin(ctx, witness, &rewriting);
	pthread_mutex_unlock(&witness->lock);
	err = is_begun ? fiber_offload(ctx, rewrite_offloaded, &rewriting) : NULL;
	pthread_mutex_lock(&witness->lock);
	if (is_begun)
		aside_end(witness, err ? EAGAIN : rewriting.error);
	else
		tell_failure(witness, "the audit witness cannot be made anew");
	pthread_mutex_unlock(&witness->lock);
}

/* --- Opening and closing */

static bool
path_format(struct str folder, const char *begin, struct uuid id,
	char ret[static PATH_LEN_MAX])
{
	struct buf path;

	buf_init_fixed(&path, ret, PATH_LEN_MAX);
	buf_fmt(&path, STR_FMT "/%s", STR_ARG(folder), begin);
	uuid_format(&path, id);
	buf_put_char(&path, '\0');
	return !buf_is_cut(&path);
}

static struct err *
file_open(struct ctx *ctx, struct witness *witness, struct str folder)
{
	struct uuid id = uuid_v7(clock_now_us());

	if (!path_format(folder, prefix, id, witness->path) ||
		!path_format(folder, aside_prefix, id, witness->aside_path))
		return err_new(ctx, ERR_INVALID, "the data folder's path is too long");
	witness->fd = open(
		witness->path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	if (witness->fd < 0 || flock(witness->fd, LOCK_EX | LOCK_NB) != 0)
		return err_new(ctx, ERR_INTERNAL, "cannot make %s: %s", witness->path,
			strerror(errno));
	return NULL;
}

struct err *
witness_open(struct ctx *ctx, struct str folder, struct witness **ret)
{
	struct witness *witness;

	TRY_NEW(ctx->arena, witness, 1);
	witness->fd = -1;
	witness->aside_fd = -1;
	pthread_mutex_init(&witness->lock, NULL);
	for (size_t i = 0; i < BUCKETS; i++)
		list_init(&witness->buckets[i]);
	list_init(&witness->by_time);
	slab_init(&witness->slab, sizeof(struct waited), WITNESS_ENTRIES_MAX);
	if (!str_is_none(folder))
		TRY(file_open(ctx, witness, folder));
	*ret = witness;
	return NULL;
}

void
witness_close(struct witness *witness)
{
	if (witness->fd >= 0) {
		if (witness->count == 0)
			unlink(witness->path);
		close(witness->fd);
	}
	slab_release(&witness->slab);
	pthread_mutex_destroy(&witness->lock);
}

/* --- Files */

static bool
line_parse(struct str text, struct witness_line *ret)
{
	struct buf mac;

	buf_init_fixed(&mac, (char *)ret->mac.bytes, AUDIT_HASH_BYTES);
	return text.len == LINE_LEN - 1 && text.ptr[UUID_TEXT_LEN] == ' ' &&
		uuid_parse(str_slice(text, 0, UUID_TEXT_LEN), &ret->id) &&
		hex_decode(&mac, str_slice(text, UUID_TEXT_LEN + 1, text.len)) &&
		mac.len == AUDIT_HASH_BYTES;
}

static struct err *
lines_parse(struct arena *arena, struct str text, struct witness_file *file)
{
	struct {
		VEC_OF(struct witness_line)
	} lines = { 0 };
	struct str line;

	while (str_next(&text, '\n', &line)) {
		struct witness_line parsed = { .mac = { { 0 } } };

		if (line_parse(line, &parsed)) {
			if (!VEC_PUSH(arena, &lines, parsed))
				return err_no_memory();
		} else if (line.len) {
			file->damaged++;
		}
	}
	file->lines = lines.items;
	file->count = lines.count;
	return NULL;
}

/* Whether a process has PATH. What is locked by nobody and has another file in its place by
 * now was left by one that made its file anew. */
static bool
is_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat opened, there;
	bool is_held;

	if (fd < 0)
		return false;
	is_held = flock(fd, LOCK_SH | LOCK_NB) != 0 || fstat(fd, &opened) != 0 ||
		stat(path, &there) != 0 || opened.st_ino != there.st_ino;
	close(fd);
	return is_held;
}

/* NOT_FOUND: its process ended just now. */
static struct err *
file_take(struct arena *arena, struct str path, struct witness_file *ret)
{
	struct witness_file file = { .path = str_cstr(arena, path) };
	struct str text;

	if (!file.path)
		return err_no_memory();
	file.is_alive = is_locked(file.path);
	TRY(file_read(arena, file.path, FILE_BYTES_MAX, &text));
	TRY(lines_parse(arena, text, &file));
	*ret = file;
	return NULL;
}

/* NAME at PATH, where it is a file beside whose process died before it was renamed: the one
 * that it was to replace is there. */
static void
leftover_remove(struct arena *arena, const char *name, struct str path)
{
	const char *text = str_cstr(arena, path);

	if (text && str_starts_with(str_from(name), str_from(aside_prefix)) &&
		!is_locked(text))
		unlink(text);
}

static struct err *
folder_read(DIR *dir, struct arena *arena, struct str folder,
	const struct witness *witness, struct witness_files *ret)
{
	struct {
		VEC_OF(struct witness_file)
	} files = { 0 };
	const struct dirent *entry;

	while ((entry = readdir(dir))) {
		struct str path = str_fmt(
			arena, STR_FMT "/%s", STR_ARG(folder), entry->d_name);
		struct witness_file file;
		struct err *err;

		if (witness)
			leftover_remove(arena, entry->d_name, path);
		if (!str_starts_with(str_from(entry->d_name), str_from(prefix)) ||
			(witness && str_eq(path, str_from(witness->path))))
			continue;
		err = file_take(arena, path, &file);
		if (err && err->code != ERR_NOT_FOUND)
			return err;
		if (!err && !VEC_PUSH(arena, &files, file))
			return err_no_memory();
	}
	ret->items = files.items;
	ret->count = files.count;
	return NULL;
}

struct err *
witness_files_read(struct arena *arena, struct str folder, const struct witness *witness,
	struct witness_files *ret)
{
	const char *path = str_cstr(arena, folder);
	struct err *err;
	DIR *dir;

	if (!path)
		return err_no_memory();
	dir = opendir(path);
	if (!dir)
		return err_in(arena, ERR_INTERNAL, "cannot look into %s", path);
	err = folder_read(dir, arena, folder, witness, ret);
	closedir(dir);
	return err;
}

void
witness_file_remove(const struct witness_file *file)
{
	unlink(file->path);
}
