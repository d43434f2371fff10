#include "audit/anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

#include "audit/check.h"
#include "base/num.h"
#include "base/vec.h"
#include "codec/hex.h"
#include "codec/iso_time.h"
#include "crypto/digest.h"
#include "crypto/keyring.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/wait.h"

enum {
	LINE_LEN_MAX = 512,
	HEAD_BYTES = 8 * LINE_LEN_MAX, /* in which the first whole line is */
	HELD_MS = 5000, /* as long another process may hold the file: it writes a line */
	HELD_LOOK_MS = 10,
	PAGE_BYTES = 64 << 10,
};

/* No line holds it: times, numbers and digits do not. */
#define TORN_MARK " torn "

/* --- Lines */

/* The next word of LINE as hexadecimal digits of a hash. */
static bool
hash_next(struct str *line, struct audit_hash *ret)
{
	struct buf bytes;
	struct str word;

	buf_init_fixed(&bytes, (char *)ret->bytes, AUDIT_HASH_BYTES);
	return str_next(line, ' ', &word) && hex_decode(&bytes, word) &&
		bytes.len == AUDIT_HASH_BYTES;
}

/* Whether LINE goes on with a key's id and its signature of LINK and AT, and ends. */
static bool
is_signed(
	const struct ctx *ctx, struct str line, const struct audit_link *link, int64_t at)
{
	struct audit_hash mac, wanted;
	struct str id, secret;

	if (!str_next(&line, ' ', &id) || !hash_next(&line, &mac) || !str_is_none(line))
		return false;
	secret = audit_secret(ctx, id);
	if (str_is_none(secret))
		return false;
	wanted = audit_anchor_mac(secret, id, link, at);
	return audit_hash_eq(&wanted, audit_hash_str(&mac));
}

static void
put_signature(struct buf *out, struct ctx *ctx, const struct audit_link *link, int64_t at)
{
	const struct key *key = keyring_current(ctx->keys, KEY_AUDIT, ctx->now);
	struct str secret = { (const char *)key->secret, KEY_BYTES };
	struct audit_hash mac = audit_anchor_mac(secret, key_id(key), link, at);

	buf_put_char(out, ' ');
	buf_put(out, key_id(key));
	buf_put_char(out, ' ');
	hex_encode(out, audit_hash_str(&mac));
	buf_put_char(out, '\n');
}

static bool
line_parse(const struct ctx *ctx, struct str line, struct audit_link *ret)
{
	struct str at_text, seq;
	int64_t at;

	return str_next(&line, ' ', &at_text) && iso_time_parse(at_text, &at) &&
		str_next(&line, ' ', &seq) &&
		num_parse_i64(seq, 1, INT64_MAX, &ret->seq) &&
		hash_next(&line, &ret->hash) && is_signed(ctx, line, ret, at);
}

static void
line_format(struct buf *out, struct ctx *ctx, const struct audit_link *link)
{
	iso_time_format(out, ctx->now);
	buf_put_char(out, ' ');
	buf_put_i64(out, link->seq);
	buf_put_char(out, ' ');
	hex_encode(out, audit_hash_str(&link->hash));
	put_signature(out, ctx, link, ctx->now);
}

/* What stands in the signature for a torn line: 0 is the number of no link. */
static struct audit_link
torn_link(struct str torn)
{
	struct audit_link link = { .seq = 0 };

	digest_sha256(torn, link.hash.bytes);
	return link;
}

/* TORN stands on its line already: what ends it. */
static void
torn_end(struct buf *out, struct ctx *ctx, struct str torn)
{
	const struct audit_link link = torn_link(torn);

	buf_put(out, STR(TORN_MARK));
	iso_time_format(out, ctx->now);
	put_signature(out, ctx, &link, ctx->now);
}

/* Whether LINE was ended by us, and what of it was there. */
static bool
torn_parse(const struct ctx *ctx, struct str line, struct str *ret)
{
	ptrdiff_t end = str_find(line, STR(TORN_MARK));
	struct audit_link link;
	struct str rest, at_text;
	int64_t at;

	if (end < 0)
		return false;
	*ret = str_slice(line, 0, (size_t)end);
	rest = str_slice(line, (size_t)end + sizeof(TORN_MARK) - 1, line.len);
	link = torn_link(*ret);
	return str_next(&rest, ' ', &at_text) && iso_time_parse(at_text, &at) &&
		is_signed(ctx, rest, &link, at);
}

/* The number in what is left of a line, or 0: digits that nothing follows may go on. */
static int64_t
torn_seq(struct str torn)
{
	struct str at, seq;
	int64_t ret = 0;

	if (!str_next(&torn, ' ', &at) || !str_next(&torn, ' ', &seq) ||
		str_is_none(torn) || !num_parse_i64(seq, 1, INT64_MAX, &ret))
		return 0;
	return ret;
}

/* --- Writing */

struct putting {
	struct ctx *ctx;
	const char *path;
	const struct audit_link *link;
	bool is_syslog;
	const struct anchor_told *told;
	struct anchor_found found;
	bool is_held; /* by another process */
	const char *failed;
	int error; /* errno, or 0 */
};

/* What stands behind the last line end before SIZE of FD: absent where nothing does. False:
 * it is too long for a line of ours, or cannot be read. */
static bool
tail_read(struct arena *arena, int fd, off_t size, struct str *ret)
{
	size_t len = size < LINE_LEN_MAX ? (size_t)size : LINE_LEN_MAX;
	char *bytes = arena_alloc_text(arena, LINE_LEN_MAX);
	size_t begin = len;

	if (!bytes || pread(fd, bytes, len, size - (off_t)len) != (ssize_t)len)
		return false;
	while (begin > 0 && bytes[begin - 1] != '\n')
		begin--;
	if (begin == 0 && (off_t)len < size)
		return false;
	*ret = begin < len ? (struct str){ bytes + begin, len - begin } : STR_NONE;
	return true;
}

/* By what the anchor FD, of SIZE, is known: its first line of ours, or where its beginning
 * is damaged, that as it is. False: it has no line of ours there nor at its end. */
static bool
file_identify(const struct ctx *ctx, int fd, off_t size, struct audit_hash *ret)
{
	char *bytes = arena_alloc_text(ctx->arena, HEAD_BYTES);
	ssize_t len = bytes ? pread(fd, bytes, HEAD_BYTES, 0) : 0;
	struct str head = { bytes, len > 0 ? (size_t)len : 0 }, text = head;
	struct audit_link link;
	struct str line;

	while (len > 0 && str_next(&text, '\n', &line)) {
		if (!line_parse(ctx, line, &link))
			continue;
		digest_sha256(line, ret->bytes);
		return true;
	}
	digest_sha256(head, ret->bytes);
	return size > 0 && tail_read(ctx->arena, fd, size - 1, &line) &&
		line_parse(ctx, line, &link);
}

/* In one write, and taken back where it is not all on the disk. */
static const char *
bytes_append(int fd, off_t size, struct str bytes)
{
	const char *failed = NULL;
	int error;

	errno = 0;
	if (write(fd, bytes.ptr, bytes.len) != (ssize_t)bytes.len)
		failed = "write";
	else if (fsync(fd) != 0)
		failed = "sync";
	if (!failed)
		return NULL;
	error = errno ? errno : ENOSPC;
	if (ftruncate(fd, size) != 0)
		failed = "write, nor take back what was written of a line to,";
	errno = error;
	return failed;
}

/* What goes behind TAIL, the last line where that lacks its end: false where something has
 * to be told first. */
static bool
lines_make(struct putting *putting, int fd, off_t size, struct str tail, struct buf *out)
{
	const struct ctx *ctx = putting->ctx;
	const struct anchor_told *told = putting->told;
	struct anchor_found *found = &putting->found;
	bool is_known = file_identify(ctx, fd, size, &found->file);
	struct audit_link whole;
	size_t begin;

	found->is_begun = !is_known && !told->is_begun;
	/* Nothing but its end may be what it lacks. */
	if (!str_is_none(tail) && line_parse(ctx, tail, &whole))
		buf_put_char(out, '\n');
	else if (!str_is_none(tail) && str_eq(tail, told->torn))
		torn_end(out, putting->ctx, tail);
	else if (!str_is_none(tail))
		found->torn = tail;
	if (found->is_begun || !str_is_none(found->torn))
		return false;
	begin = out->len;
	line_format(out, putting->ctx, putting->link);
	if (!is_known)
		digest_sha256(str_trim(str_slice(buf_str(out), begin, out->len)),
			found->file.bytes);
	found->is_added = true;
	return true;
}

/* Under a lock, so that what lacks its end is no line that another process is writing. */
static const char *
line_append(struct putting *putting)
{
	struct arena *arena = putting->ctx->arena;
	CLEANUP(file_close)
	int fd = open(putting->path, O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK,
		0600);
	struct stat status;
	struct str tail;
	struct buf out;

	if (fd < 0)
		return "open";
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &status) != 0) {
		putting->is_held = errno == EWOULDBLOCK;
		return "lock";
	}
	errno = 0;
	if (!S_ISREG(status.st_mode) || !tail_read(arena, fd, status.st_size, &tail))
		return "find the last line of";
	buf_init(&out, arena, 2 * LINE_LEN_MAX);
	if (!lines_make(putting, fd, status.st_size, tail, &out))
		return NULL;
	errno = ENOMEM;
	if (buf_is_cut(&out))
		return "find memory to write";
	if (status.st_size == 0 && file_sync_folder_of(arena, putting->path))
		return "make";
	return bytes_append(fd, status.st_size, buf_str(&out));
}

/* A second copy of the line, where there is syslog. */
static void
line_tell(const struct putting *putting)
{
	struct buf line;

	buf_init(&line, putting->ctx->arena, LINE_LEN_MAX);
	line_format(&line, putting->ctx, putting->link);
	syslog(LOG_AUTHPRIV | LOG_NOTICE, "gridiron audit anchor " STR_FMT,
		STR_ARG(str_trim(buf_str(&line))));
}

/* On the other thread. The fiber that waits leaves its arena to this one meanwhile. */
static void
put_offloaded(void *arg)
{
	struct putting *putting = arg;

	errno = 0;
	putting->is_held = false;
	putting->found = (struct anchor_found){ .torn = STR_NONE };
	putting->failed = line_append(putting);
	putting->error = errno;
	if (putting->is_syslog && !putting->is_held &&
		(putting->found.is_added || putting->failed))
		line_tell(putting);
}

static struct err *
path_of(struct ctx *ctx, struct str folder, const char **ret)
{
	struct str path = str_fmt(
		ctx->arena, STR_FMT "/" AUDIT_ANCHOR_FILE, STR_ARG(folder));

	*ret = str_is_none(path) ? NULL : str_cstr(ctx->arena, path);
	return *ret ? NULL : err_no_memory();
}

static struct err *
held_err(struct ctx *ctx, const char *path)
{
	int64_t pid = file_lock_holder(ctx->arena, path);
	struct str who = pid ? str_fmt(ctx->arena, "process %lld", (long long)pid)
			     : STR("another process");

	return err_new(ctx, ERR_BUSY,
		"cannot add to %s: " STR_FMT " holds it and does not let go: see whether "
		"it hangs",
		path, STR_ARG(who));
}

struct err *
anchor_put(struct ctx *ctx, const struct anchor_options *options,
	const struct audit_link *link, const struct anchor_told *told,
	struct anchor_found *ret)
{
	int64_t until = clock_deadline_ms(HELD_MS);
	struct putting putting = {
		.ctx = ctx, .link = link, .is_syslog = options->is_syslog, .told = told
	};
	struct err *err;

	if (until > ctx->deadline)
		until = ctx->deadline;
	TRY(path_of(ctx, options->folder, &putting.path));
	do
		err = fiber_offload(ctx, put_offloaded, &putting);
	while (!err && putting.is_held &&
		fiber_sleep_until(clock_deadline_ms(HELD_LOOK_MS)) == WAIT_TIMED_OUT &&
		clock_monotonic_ns() < until);
	if (putting.is_held)
		return fiber_is_cancelled()
			? wait_end_err(ctx, WAIT_CANCELLED, "the audit anchor")
			: held_err(ctx, putting.path);
	TRY(err);
	if (putting.failed)
		return err_new(ctx, ERR_INTERNAL, "cannot %s %s: %s", putting.failed,
			putting.path,
			putting.error ? strerror(putting.error)
				      : "it is damaged, or not ours");
	*ret = putting.found;
	return NULL;
}

/* --- Reading */

struct reading {
	VEC_OF(struct audit_link)
	struct anchors anchors;
	const char *path;
	int64_t number; /* of the line */
};

static struct err *
damaged_err(struct ctx *ctx, const struct reading *reading)
{
	return err_new(ctx, ERR_INVALID, "line %lld of %s is damaged, or not ours",
		(long long)reading->number, reading->path);
}

static int
link_compare(const void *a, const void *b)
{
	const struct audit_link *one = a, *other = b;

	return (one->seq > other->seq) - (one->seq < other->seq);
}

static void
seq_note(struct anchors *anchors, int64_t seq)
{
	if (seq > anchors->last_seq)
		anchors->last_seq = seq;
}

/* IS_OPEN: no line end stands behind it. */
static struct err *
line_take(struct ctx *ctx, struct reading *reading, struct str line, bool is_open)
{
	struct anchors *anchors = &reading->anchors;
	struct audit_link link;
	struct str torn = line;

	if (line_parse(ctx, line, &link)) {
		seq_note(anchors, link.seq);
		if (!reading->count)
			digest_sha256(line, anchors->file.bytes);
		return VEC_PUSH(ctx->arena, reading, link) ? NULL : err_no_memory();
	}
	is_open = is_open && line.len < LINE_LEN_MAX;
	if (!is_open && !torn_parse(ctx, line, &torn))
		return err_new(ctx, ERR_INVALID, "it is damaged, or not ours");
	anchors->torn++;
	anchors->is_last_torn = is_open;
	seq_note(anchors, torn_seq(torn));
	return NULL;
}

/* The lines of TEXT, but for what no line end stands behind, unless IS_LAST. RET: that. */
static struct err *
lines_take(struct ctx *ctx, struct reading *reading, struct str text, bool is_last,
	struct str *ret)
{
	while (text.len) {
		ptrdiff_t end = str_find_char(text, '\n');
		size_t len = end < 0 ? text.len : (size_t)end;
		struct err *err = NULL;

		if (end < 0 && !is_last)
			break;
		reading->number++;
		if (len)
			err = line_take(ctx, reading, str_slice(text, 0, len), end < 0);
		if (err && err->code == ERR_INVALID)
			return damaged_err(ctx, reading);
		TRY(err);
		text = str_slice(text, len + (end >= 0), text.len);
	}
	*ret = text;
	return NULL;
}

/* Negative where there is none. What is no file, and might have whoever reads it wait for
 * ever, is refused. */
static struct err *
file_open(struct ctx *ctx, const char *path, int *ret)
{
	struct stat status;

	*ret = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*ret < 0 && errno == ENOENT)
		return NULL;
	if (*ret < 0 || fstat(*ret, &status) != 0)
		return err_new(
			ctx, ERR_INTERNAL, "cannot read %s: %s", path, strerror(errno));
	if (S_ISREG(status.st_mode))
		return NULL;
	return err_new(ctx, ERR_INVALID,
		"%s is the anchor, which must be a file, but is a %s: put it back from a "
		"backup, or take it away",
		path,
		S_ISDIR(status.st_mode)            ? "folder"
			: S_ISFIFO(status.st_mode) ? "pipe"
						   : "device");
}

struct last {
	struct ctx *ctx;
	const char *path;
	struct audit_link link;
	struct err *err;
};

static struct err *
last_read(struct ctx *ctx, const char *path, struct audit_link *ret)
{
	CLEANUP(file_close) int fd = -1;
	struct str line = STR_NONE;
	struct audit_link link;
	struct stat status;

	TRY(file_open(ctx, path, &fd));
	if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0 &&
		tail_read(ctx->arena, fd, status.st_size - 1, &line) &&
		line_parse(ctx, line, &link))
		*ret = link;
	return NULL;
}

/* On the other thread, with the arena of who waits. */
static void
last_offloaded(void *arg)
{
	struct last *last = arg;

	last->err = last_read(last->ctx, last->path, &last->link);
}

struct err *
anchor_last(struct ctx *ctx, struct str folder, struct audit_link *ret)
{
	struct last last = { .ctx = ctx, .link = AUDIT_LINK_NONE };

	TRY(path_of(ctx, folder, &last.path));
	TRY(fiber_offload(ctx, last_offloaded, &last));
	TRY(last.err);
	*ret = last.link;
	return NULL;
}

/* Page by page: a year of it may be a hundred megabytes. */
static struct err *
file_take(struct ctx *ctx, struct reading *reading, int fd)
{
	char *bytes = arena_alloc_text(ctx->arena, PAGE_BYTES);
	struct str rest = STR("");
	ssize_t got;

	if (!bytes)
		return err_no_memory();
	do {
		if (rest.len)
			memmove(bytes, rest.ptr, rest.len);
		if (rest.len == PAGE_BYTES) {
			reading->number++;
			return damaged_err(ctx, reading);
		}
		got = read(fd, bytes + rest.len, PAGE_BYTES - rest.len);
		if (got < 0)
			return err_new(ctx, ERR_INTERNAL, "cannot read %s: %s",
				reading->path, strerror(errno));
		TRY(lines_take(ctx, reading,
			(struct str){ bytes, rest.len + (size_t)got }, got == 0, &rest));
	} while (got > 0);
	return NULL;
}

struct err *
anchors_read(struct ctx *ctx, struct str folder, struct anchors *ret)
{
	struct reading reading = { .count = 0 };

	TRY(path_of(ctx, folder, &reading.path));
	CLEANUP(file_close) int fd = -1;

	TRY(file_open(ctx, reading.path, &fd));
	reading.anchors.is_there = fd >= 0;
	if (fd >= 0)
		TRY(file_take(ctx, &reading, fd));
	if (reading.count)
		qsort(reading.items, reading.count, sizeof(*reading.items), link_compare);
	reading.anchors.links = reading.items;
	reading.anchors.count = reading.count;
	*ret = reading.anchors;
	return NULL;
}

struct err *
anchors_add(struct ctx *ctx, struct anchors *anchors, const struct audit_link *links,
	size_t count)
{
	size_t known = anchors->count;
	struct audit_link *all;

	TRY_NEW(ctx->arena, all, known + count);
	if (known)
		memcpy(all, anchors->links, known * sizeof(*all));
	for (size_t i = 0; i < count; i++) {
		const struct audit_link *same = known
			? bsearch(&links[i], all, known, sizeof(*all), link_compare)
			: NULL;

		seq_note(anchors, links[i].seq);
		if (!same || !audit_hash_eq(&same->hash, audit_hash_str(&links[i].hash)))
			all[anchors->count++] = links[i];
	}
	if (anchors->count)
		qsort(all, anchors->count, sizeof(*all), link_compare);
	anchors->links = all;
	return NULL;
}
