#include "app/games_source.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "app/config.h"
#include "app/progress.h"
#include "codec/gzip.h"
#include "http/client.h"
#include "predictions/simulated.h"
#include "sys/file.h"

enum {
	BYTES_MAX = 64 << 20,
	FETCH_TIMEOUT_MS = 60000,
	HTTP_OK = 200,
};

struct err *
games_source_err(const struct games_source *source, const struct err *err)
{
	struct err *ret = err_in(source->arena, err->code, STR_FMT ": " STR_FMT,
		STR_ARG(source->name), STR_ARG(err->message));

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

static void
show_progress(void *arg, int64_t got, int64_t total)
{
	struct progress *progress = arg;

	progress->total = total;
	progress_set(progress, got);
}

static struct err *
fetch_games(struct ctx *ctx, struct str url, struct games_source *source)
{
	struct progress progress;
	struct fetch_reply reply = { .status = 0 };
	struct err *err;

	progress_begin(&progress, "fetching", 0);
	err = fetch(ctx,
		&(struct fetch_options){ .url = url,
			.body_max = BYTES_MAX,
			.timeout_ms = FETCH_TIMEOUT_MS,
			.progress = show_progress,
			.progress_arg = &progress },
		&reply);
	progress_end(&progress);
	TRY(err);
	if (reply.status != HTTP_OK)
		return err_new(ctx, ERR_NOT_FOUND, "the server answered %d, not 200",
			reply.status);
	return from_memory(source, reply.body);
}

static struct err *
open_file(struct ctx *ctx, struct str path, struct games_source *source)
{
	const char *name = str_cstr(ctx->arena, path);
	char magic[2] = { 0 };
	struct str bytes = STR_NONE;
	ssize_t got;

	if (!name)
		return err_no_memory();
	source->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (source->fd < 0)
		return err_new(ctx, errno == ENOENT ? ERR_NOT_FOUND : ERR_DENIED, "%s",
			strerror(errno));
	source->csv = (struct csv_source){ .read = fd_read, .arg = source };
	/* A pipe cannot be looked into and read again: it must be plain. */
	got = pread(source->fd, magic, sizeof(magic), 0);
	if (got != sizeof(magic) || !is_packed((struct str){ magic, sizeof(magic) }))
		return NULL;
	games_source_close(source);
	TRY(file_read(ctx->arena, name, BYTES_MAX, &bytes));
	return from_memory(source, bytes);
}

struct err *
games_source_open(struct ctx *ctx, struct str where, struct games_source *ret)
{
	bool is_url = str_find(where, STR("://")) > 0;
	struct err *err;

	*ret = (struct games_source){
		.name = url_masked(ctx->arena, where),
		.fd = -1,
		.arena = ctx->arena,
	};
	err = is_url ? fetch_games(ctx, where, ret) : open_file(ctx, where, ret);
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
