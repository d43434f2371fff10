#include "audit/witness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <unistd.h>

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

enum {
	BUCKETS = 1024,
	LINE_LEN = UUID_TEXT_LEN + 1 + 2 * AUDIT_HASH_BYTES + 1,
	FILE_BYTES_MAX = 64 << 20,
	PATH_LEN_MAX = 4096,
};

static const char prefix[] = "audit.witness.";

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
	int fd; /* -1: no file */
	char path[PATH_LEN_MAX];
	bool is_failing; /* the file cannot be written, and that was logged */
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
	/* Its line in the file remains until the anchor is past it. */
	if (!waited)
		return;
	waited->entry = *entry;
	list_push_back(bucket_of(witness, entry->id), &waited->link);
	list_push_back(&witness->by_time, &waited->by_time);
	witness->count++;
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
	uuid_format(&line, entry->id);
	buf_put_char(&line, ' ');
	hex_encode(&line, audit_hash_str(&entry->mac));
	buf_put_char(&line, '\n');
	if (write(witness->fd, line.ptr, line.len) == (ssize_t)line.len)
		return;
	if (!witness->is_failing)
		log_error(NULL, "the audit witness cannot be written",
			LOG_TEXT("path", witness->path), LOG_I64("errno", errno));
	witness->is_failing = true;
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

void
witness_anchored(struct witness *witness)
{
	pthread_mutex_lock(&witness->lock);
	if (witness->fd >= 0) {
		if (ftruncate(witness->fd, 0) != 0)
			log_error(NULL, "the audit witness cannot be emptied",
				LOG_TEXT("path", witness->path), LOG_I64("errno", errno));
		LIST_FOR_EACH(link, &witness->by_time) {
			line_write(witness,
				&CONTAINER_OF(link, struct waited, by_time)->entry);
		}
	}
	pthread_mutex_unlock(&witness->lock);
}

/* --- Opening and closing */

static struct err *
file_open(struct ctx *ctx, struct witness *witness, struct str folder)
{
	struct buf path;

	buf_init_fixed(&path, witness->path, sizeof(witness->path) - 1);
	buf_fmt(&path, STR_FMT "/%s", STR_ARG(folder), prefix);
	uuid_format(&path, uuid_v7(clock_now_us()));
	buf_put_char(&path, '\0');
	if (buf_is_cut(&path))
		return err_new(ctx, ERR_INVALID, "the data folder's path is too long");
	witness->fd = open(
		witness->path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	if (witness->fd < 0 || flock(witness->fd, LOCK_EX | LOCK_NB) != 0)
		return err_new(ctx, ERR_INTERNAL, "cannot make %s: errno %d",
			witness->path, errno);
	return NULL;
}

struct err *
witness_open(struct ctx *ctx, struct str folder, struct witness **ret)
{
	struct witness *witness;

	TRY_NEW(ctx->arena, witness, 1);
	witness->fd = -1;
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

static bool
is_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;

	if (fd >= 0)
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
