#include "audit/witness.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "audit/chainer.h"
#include "base/list.h"
#include "base/log.h"
#include "base/slab.h"
#include "db/db.h"
#include "sys/clock.h"
#include "sys/random.h"
#include "sys/wait.h"

enum {
	BUCKETS = 1024,
	PATH_LEN_MAX = 4096,
	MAKE_TRIES_MAX = 100,
};

/* An entry that is waited for. */
struct waited {
	struct list_link link;    /* of its bucket */
	struct list_link by_time; /* oldest first */
	struct witness_entry entry;
};

/* A file that lines are added to. */
struct lines {
	int fd; /* -1: none */
	char path[PATH_LEN_MAX];
	off_t size;
	size_t count;
	bool is_torn; /* something stands behind the last line end */
};

struct witness {
	pthread_mutex_t lock;
	struct list_link buckets[BUCKETS];
	struct list_link by_time;
	struct slab slab;
	size_t count;
	size_t max;
	struct lines file;
	/* The file that takes its place, while that is written. Lines go to both. */
	struct lines aside;
	bool is_aside_bad; /* a line did not get there */
	/* Where in the file those stand that found no room: none where it ends as it
	 * begins. */
	off_t overflow_begin;
	off_t overflow_end;
	bool is_overflow_inside; /* witness_file.is_inside */
	bool is_failing;         /* the file lacks a line, and that was logged */
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

static bool
waited_add(struct witness *witness, const struct witness_entry *entry)
{
	struct waited *waited = slab_take(&witness->slab);

	if (!waited)
		return false;
	waited->entry = *entry;
	list_push_back(bucket_of(witness, entry->id), &waited->link);
	list_push_back(&witness->by_time, &waited->by_time);
	witness->count++;
	return true;
}

/* --- Lines of the file, under the lock */

static void
tell_failure(struct witness *witness, const char *event)
{
	if (!witness->is_failing)
		log_error(NULL, event, LOG_TEXT("path", witness->file.path),
			LOG_TEXT("error", strerror(errno)));
	witness->is_failing = true;
}

static void
entry_format(struct buf *out, const struct witness_entry *entry)
{
	struct witness_line line = { entry->id, entry->mac };

	witness_line_format(out, &line);
}

/* In one write(2). What was written by half is taken back, or else ended by the next. */
static bool
line_add(struct lines *lines, const struct witness_entry *entry)
{
	char storage[1 + WITNESS_LINE_LEN];
	struct buf text;
	ssize_t written;
	int error;

	buf_init_fixed(&text, storage, sizeof(storage));
	if (lines->is_torn)
		buf_put_char(&text, '\n');
	entry_format(&text, entry);
	written = write(lines->fd, text.ptr, text.len);
	error = written < 0 ? errno : ENOSPC;
	if (written == (ssize_t)text.len) {
		lines->size += written;
		lines->count++;
		lines->is_torn = false;
		return true;
	}
	if (written > 0 && ftruncate(lines->fd, lines->size) != 0) {
		lines->size += written;
		lines->is_torn = true;
	}
	errno = error;
	return false;
}

/* Whether the file has it. */
static bool
line_write(struct witness *witness, const struct witness_entry *entry)
{
	if (witness->aside.fd >= 0 && !line_add(&witness->aside, entry))
		witness->is_aside_bad = true;
	if (witness->file.fd < 0)
		return false;
	if (line_add(&witness->file, entry))
		return true;
	tell_failure(witness, "the audit witness cannot be written");
	return false;
}

/* --- Entries */

/* From audit_log to the commit, in the arena of its context. */
struct expected {
	struct witness *witness;
	struct witness_entry entry;
};

static bool
is_overflowing(const struct witness *witness)
{
	return witness->overflow_begin < witness->overflow_end;
}

/* What the file does not have is in memory, however much that is. */
static void
remember(struct witness *witness, const struct witness_entry *entry)
{
	off_t begin;
	bool is_written, is_kept;

	pthread_mutex_lock(&witness->lock);
	begin = witness->file.size;
	is_written = line_write(witness, entry);
	is_kept = (!is_written || witness->count < witness->max) &&
		waited_add(witness, entry);
	if (!is_kept && !is_written)
		log_error(NULL, "an audit entry cannot be watched over: no memory");
	if (!is_kept && is_written) {
		if (!is_overflowing(witness)) {
			witness->overflow_begin = begin;
			witness->is_overflow_inside = false;
		}
		witness->overflow_end = witness->file.size;
	}
	pthread_mutex_unlock(&witness->lock);
}

static struct witness_entry
entry_now(const struct witness_line *line)
{
	return (struct witness_entry){
		.id = line->id, .mac = line->mac, .committed_ns = clock_monotonic_ns()
	};
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
	struct witness_entry entry = entry_now(line);

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

void
witness_put_off(struct witness *witness, struct uuid id)
{
	struct waited *waited;

	pthread_mutex_lock(&witness->lock);
	waited = waited_find(witness, id);
	if (waited) {
		waited->entry.committed_ns = clock_monotonic_ns();
		list_remove(&waited->by_time);
		list_push_back(&witness->by_time, &waited->by_time);
	}
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

void
witness_set_room(struct witness *witness, size_t max)
{
	witness->max = max;
}

/* --- Those that found no room */

bool
witness_overflow(struct witness *witness, struct witness_file *ret)
{
	bool is_there;

	pthread_mutex_lock(&witness->lock);
	is_there = is_overflowing(witness);
	*ret = (struct witness_file){ .path = witness->file.path,
		.fd = witness->file.fd,
		.begin = witness->overflow_begin,
		.end = witness->overflow_end,
		.is_inside = witness->is_overflow_inside };
	pthread_mutex_unlock(&witness->lock);
	return is_there;
}

void
witness_overflow_pass(struct witness *witness, const struct witness_file *file)
{
	pthread_mutex_lock(&witness->lock);
	witness->overflow_begin = file->begin;
	witness->is_overflow_inside = file->is_inside;
	pthread_mutex_unlock(&witness->lock);
}

bool
witness_recover(struct witness *witness, const struct witness_line *line)
{
	struct witness_entry entry = entry_now(line);
	bool is_kept;

	pthread_mutex_lock(&witness->lock);
	is_kept = waited_find(witness, line->id) ||
		(witness->count < witness->max && waited_add(witness, &entry));
	pthread_mutex_unlock(&witness->lock);
	return is_kept;
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
	return witness->file.fd >= 0 && !is_overflowing(witness) &&
		(witness->file.count != witness->count || witness->is_failing);
}

/* Open the file beside: from here on lines go there too. */
static bool
aside_begin(struct ctx *ctx, struct witness *witness, struct rewriting *ret)
{
	struct lines *aside = &witness->aside;
	struct buf text;

	buf_init(&text, ctx->arena, witness->count * WITNESS_LINE_LEN);
	LIST_FOR_EACH(link, &witness->by_time) {
		entry_format(&text, &CONTAINER_OF(link, struct waited, by_time)->entry);
	}
	errno = ENOMEM;
	if (buf_is_cut(&text))
		return false;
	unlink(aside->path);
	aside->fd = witness_file_make(aside->path);
	if (aside->fd < 0)
		return false;
	*ret = (struct rewriting){ .fd = aside->fd, .text = buf_str(&text) };
	aside->size = (off_t)text.len;
	aside->count = witness->count;
	aside->is_torn = false;
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
	struct lines *file = &witness->file, *aside = &witness->aside;
	int old = file->fd;
	/* By now; and those stand in the old one. */
	bool is_crowded = is_overflowing(witness);

	errno = error;
	if (!error && !witness->is_aside_bad && !is_crowded &&
		rename(aside->path, file->path) == 0) {
		file->fd = aside->fd;
		file->size = aside->size;
		file->count = aside->count;
		file->is_torn = false;
		witness->is_failing = false;
		aside->fd = -1;
		close(old);
		return;
	}
	if (!is_crowded)
		tell_failure(witness, "the audit witness cannot be made anew");
	unlink(aside->path);
	close(aside->fd);
	aside->fd = -1;
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
	if (!is_begun)
		tell_failure(witness, "the audit witness cannot be made anew");
	pthread_mutex_unlock(&witness->lock);
	if (!is_begun)
		return;
	err = fiber_offload(ctx, rewrite_offloaded, &rewriting);
	pthread_mutex_lock(&witness->lock);
	aside_end(witness, err ? EAGAIN : rewriting.error);
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
	struct lines *file = &witness->file;

	errno = EAGAIN;
	for (int i = 0; i < MAKE_TRIES_MAX && file->fd < 0 && errno == EAGAIN; i++) {
		struct uuid id = uuid_v7(clock_now_us());

		if (!path_format(folder, WITNESS_PREFIX, id, file->path) ||
			!path_format(
				folder, WITNESS_ASIDE_PREFIX, id, witness->aside.path))
			return err_new(
				ctx, ERR_INVALID, "the data folder's path is too long");
		file->fd = witness_file_make(file->path);
	}
	return file->fd >= 0 ? NULL
			     : err_new(ctx, ERR_INTERNAL, "cannot make %s: %s",
				       file->path, strerror(errno));
}

struct err *
witness_open(struct ctx *ctx, struct str folder, struct witness **ret)
{
	struct witness *witness;

	TRY_NEW(ctx->arena, witness, 1);
	witness->file.fd = -1;
	witness->aside.fd = -1;
	witness->max = WITNESS_ENTRIES_MAX;
	pthread_mutex_init(&witness->lock, NULL);
	for (size_t i = 0; i < BUCKETS; i++)
		list_init(&witness->buckets[i]);
	list_init(&witness->by_time);
	slab_init(&witness->slab, sizeof(struct waited), SIZE_MAX);
	if (!str_is_none(folder))
		TRY(file_open(ctx, witness, folder));
	*ret = witness;
	return NULL;
}

void
witness_close(struct witness *witness, bool is_anchored)
{
	struct lines *file = &witness->file;
	bool is_done = witness->count == 0 && !is_overflowing(witness);

	if (file->fd >= 0) {
		if (is_done && (is_anchored || file->count == 0))
			unlink(file->path);
		close(file->fd);
	}
	slab_release(&witness->slab);
	pthread_mutex_destroy(&witness->lock);
}
