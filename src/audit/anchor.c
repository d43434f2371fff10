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
	HEAD_BYTES = 8 * ANCHOR_LINE_LEN_MAX, /* in which the first whole line is */
	HELD_MS = 5000, /* as long another process may hold the file: it writes a line */
	HELD_LOOK_MS = 10,
};

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

/* What stands behind the last line end before SIZE of FD: absent where nothing does.
 * False: it is too long for a line of ours, or cannot be read. */
static bool
tail_read(struct arena *arena, int fd, off_t size, struct str *ret)
{
	size_t len = size < ANCHOR_LINE_LEN_MAX ? (size_t)size : ANCHOR_LINE_LEN_MAX;
	char *bytes = arena_alloc_text(arena, ANCHOR_LINE_LEN_MAX);
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

/* Who signed LINE, whatever it says. */
static enum anchor_signer
signer_of(const struct ctx *ctx, struct str line)
{
	struct audit_link link;
	struct str key;

	return anchor_line_parse(ctx, line, &link, &key);
}

/* By what the anchor FD, of SIZE, is known: its first whole line, whichever key signed
 * it, or where its beginning is damaged, that as it is; RET_IS_NAMED: there is such a
 * line. False: it has no line of ours there nor at its end. */
static bool
file_identify(const struct ctx *ctx, int fd, off_t size, struct audit_hash *ret,
	bool *ret_is_named)
{
	char *bytes = arena_alloc_text(ctx->arena, HEAD_BYTES);
	ssize_t len = bytes ? pread(fd, bytes, HEAD_BYTES, 0) : 0;
	struct str head = { bytes, len > 0 ? (size_t)len : 0 }, text = head;
	bool is_ours = false;
	struct str line;

	*ret_is_named = false;
	digest_sha256(head, ret->bytes);
	while (len > 0 && !is_ours && str_next(&text, '\n', &line)) {
		enum anchor_signer signer = signer_of(ctx, line);

		is_ours = signer == ANCHOR_US;
		if (signer == ANCHOR_NOBODY || *ret_is_named)
			continue;
		digest_sha256(line, ret->bytes);
		*ret_is_named = true;
	}
	return is_ours ||
		(size > 0 && tail_read(ctx->arena, fd, size - 1, &line) &&
			signer_of(ctx, line) == ANCHOR_US);
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

/* What goes behind TAIL, the last line where that lacks its end: false where something
 * has to be told first. */
static bool
lines_make(struct putting *putting, int fd, off_t size, struct str tail, struct buf *out)
{
	const struct ctx *ctx = putting->ctx;
	const struct anchor_told *told = putting->told;
	struct anchor_found *found = &putting->found;
	bool is_named;
	bool is_known = file_identify(ctx, fd, size, &found->file, &is_named);
	size_t begin;

	found->is_begun = !is_known && !told->is_begun;
	/* Nothing but its end may be what it lacks. */
	if (!str_is_none(tail) && signer_of(ctx, tail) != ANCHOR_NOBODY)
		buf_put_char(out, '\n');
	else if (!str_is_none(tail) && str_eq(tail, told->torn))
		anchor_torn_end(out, putting->ctx, tail);
	else if (!str_is_none(tail))
		found->torn = tail;
	if (found->is_begun || !str_is_none(found->torn))
		return false;
	begin = out->len;
	anchor_line_format(out, putting->ctx, putting->link);
	if (!is_known && !is_named)
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
	buf_init(&out, arena, 2 * ANCHOR_LINE_LEN_MAX);
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

	buf_init(&line, putting->ctx->arena, ANCHOR_LINE_LEN_MAX);
	anchor_line_format(&line, putting->ctx, putting->link);
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
	TRY(anchor_file_path(ctx, options->folder, &putting.path));
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
	struct str line = STR_NONE, key;
	struct audit_link link;
	struct stat status;

	TRY(anchor_file_open(ctx, path, &fd));
	if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0 &&
		tail_read(ctx->arena, fd, status.st_size - 1, &line) &&
		anchor_line_parse(ctx, line, &link, &key) == ANCHOR_US)
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

	TRY(anchor_file_path(ctx, folder, &last.path));
	TRY(fiber_offload(ctx, last_offloaded, &last));
	TRY(last.err);
	*ret = last.link;
	return NULL;
}
