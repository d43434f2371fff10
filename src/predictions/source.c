#include "predictions/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/gzip.h"
#include "codec/url.h"
#include "http/client.h"
#include "predictions/simulated.h"
#include "sys/file.h"

enum {
	BYTES_MAX = 64 << 20,
	FETCH_TIMEOUT_MS = 60000,
	HTTP_OK = 200,
	HTTP_NOT_MODIFIED = 304,
	CONDITIONS_MAX = 2,
};

struct err *
games_source_err(const struct games_source *source, const struct err *err)
{
	struct err *ret = err_in(source->arena, err->code, STR_FMT ": " STR_FMT,
		STR_ARG(source->name), STR_ARG(err->message));

	ret->retry_after_s = err->retry_after_s;
	for (const struct err_note *note = err->notes; note; note = note->older)
		err_note(ret, STR_FMT, STR_ARG(note->text));
	return ret;
}

static struct err *
fd_read(void *arg, char *into, size_t room, size_t *ret)
{
	struct games_source *source = arg;
	ssize_t got;

	do {
		got = read(source->fd, into, room);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_in(source->arena, ERR_INTERNAL, "cannot be read: %s",
			strerror(errno));
	*ret = (size_t)got;
	return NULL;
}

static bool
is_packed(struct str bytes)
{
	return str_starts_with(bytes, STR("\x1f\x8b"));
}

/* Serve BYTES, unpacked where they are packed. */
static struct err *
from_memory(struct games_source *source, struct str bytes)
{
	if (is_packed(bytes))
		TRY(gzip_expand(source->arena, bytes, BYTES_MAX, &bytes));
	source->memory.rest = bytes;
	source->csv = csv_from_memory(&source->memory);
	return NULL;
}

/* What asks the server for the games only where they are others than those seen. */
static size_t
conditions_of(struct arena *arena, const struct games_edition *seen,
	struct str ret[CONDITIONS_MAX])
{
	size_t count = 0;

	if (seen->etag.len)
		ret[count++] = str_fmt(
			arena, "If-None-Match: " STR_FMT, STR_ARG(seen->etag));
	if (seen->last_modified.len)
		ret[count++] = str_fmt(arena, "If-Modified-Since: " STR_FMT,
			STR_ARG(seen->last_modified));
	return count;
}

/* Another status than 200, and for how long it asks to be left alone. */
static struct err *
refusal(struct ctx *ctx, const struct fetch_reply *reply)
{
	struct err *err;

	if (reply->retry_after_s == 0)
		return err_new(ctx, ERR_NOT_FOUND, "the server answered %d, not 200",
			reply->status);
	err = err_new(ctx, ERR_NOT_FOUND,
		"the server answered %d, not 200, and asks to wait %d s", reply->status,
		reply->retry_after_s);
	err->retry_after_s = reply->retry_after_s;
	return err;
}

static struct err *
fetch_games(struct ctx *ctx, const struct games_source_options *options,
	struct games_source *source)
{
	struct fetch_reply reply = { .status = 0 };
	struct str conditions[CONDITIONS_MAX];
	size_t count = conditions_of(ctx->arena, &options->seen, conditions);

	TRY(fetch(ctx,
		&(struct fetch_options){
			.url = options->where,
			.headers = conditions,
			.header_count = count,
			.body_max = BYTES_MAX,
			.timeout_ms = FETCH_TIMEOUT_MS,
			.progress = options->progress,
			.progress_arg = options->progress_arg,
		},
		&reply));
	source->is_unchanged = reply.status == HTTP_NOT_MODIFIED;
	source->edition = (struct games_edition){
		.etag = reply.etag,
		.last_modified = reply.last_modified,
	};
	if (source->is_unchanged && count == 0)
		return err_new(ctx, ERR_NOT_FOUND,
			"the server answered 304 (not modified), which it was not asked");
	if (source->is_unchanged)
		return NULL;
	if (reply.status != HTTP_OK)
		return refusal(ctx, &reply);
	return from_memory(source, reply.body);
}

/* Size and time of the file stand for an entity tag. A pipe has neither. */
static struct str
file_edition(struct arena *arena, int fd)
{
	struct stat about;

	if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
		return STR_NONE;
	return str_fmt(arena, "%lld bytes of %lld.%09ld", (long long)about.st_size,
		(long long)about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
}

static struct err *
open_path(void *arg, struct arena *arena, const char *path, int *ret_fd)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	(void)arg;
	if (fd < 0)
		return err_in(arena, errno == ENOENT ? ERR_NOT_FOUND : ERR_DENIED, "%s",
			strerror(errno));
	*ret_fd = fd;
	return NULL;
}

static struct err *
open_file(struct ctx *ctx, const struct games_source_options *options,
	struct games_source *source)
{
	const char *name = str_cstr(ctx->arena, options->where);
	char magic[2] = { 0 };
	struct str bytes = STR_NONE;
	ssize_t got;

	if (!name)
		return err_no_memory();
	TRY((options->open ? options->open : open_path)(
		options->open_arg, ctx->arena, name, &source->fd));
	source->csv = (struct csv_source){ .read = fd_read, .arg = source };
	source->edition.etag = file_edition(ctx->arena, source->fd);
	source->is_unchanged = source->edition.etag.len &&
		str_eq(source->edition.etag, options->seen.etag);
	if (source->is_unchanged)
		return NULL;
	/* A pipe cannot be looked into and read again: it must be plain. */
	got = pread(source->fd, magic, sizeof(magic), 0);
	if (got != sizeof(magic) || !is_packed((struct str){ magic, sizeof(magic) }))
		return NULL;
	TRY(file_read_fd(ctx->arena, source->fd, name, BYTES_MAX, &bytes));
	games_source_close(source);
	return from_memory(source, bytes);
}

struct err *
games_source_open(struct ctx *ctx, const struct games_source_options *options,
	struct games_source *ret)
{
	bool is_url = str_find(options->where, STR("://")) > 0;
	struct err *err;

	*ret = (struct games_source){
		.name = url_masked(ctx->arena, options->where),
		.fd = -1,
		.arena = ctx->arena,
	};
	err = is_url ? fetch_games(ctx, options, ret) : open_file(ctx, options, ret);
	if (err) {
		games_source_close(ret);
		return games_source_err(ret, err);
	}
	return NULL;
}

struct err *
games_source_simulate(struct ctx *ctx, struct games_source *ret)
{
	struct simulated_options options = simulated_demo(ctx->now);
	struct str csv = STR_NONE;

	*ret = (struct games_source){
		.name = STR("simulated league"), .fd = -1, .arena = ctx->arena
	};
	TRY(simulated_league(ctx->arena, &options, &csv));
	return from_memory(ret, csv);
}

void
games_source_close(struct games_source *source)
{
	if (source->fd >= 0)
		close(source->fd);
	source->fd = -1;
}
