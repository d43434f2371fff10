#include "app/games_import.h"

#include <errno.h>
#include <unistd.h>

#include <sys/stat.h>

#include "app/progress.h"

static void
open_progress(void *arg, int64_t got, int64_t total)
{
	progress_set_of(arg, got, total);
}

struct err *
games_open(struct invocation *run, struct str where, struct games_source *ret)
{
	struct progress progress;
	struct err *err;

	progress_begin(&progress, &run->console, "fetching", 0);
	err = games_source_open(&run->ctx,
		&(struct games_source_options){
			.where = where,
			.open = run->console.files.open,
			.open_arg = run->console.files.arg,
			.progress = open_progress,
			.progress_arg = &progress,
		},
		ret);
	progress_end(&progress);
	return err;
}

struct err *
games_check(struct invocation *run)
{
	struct str games = run->config.games;
	const char *path = str_cstr(run->arena, games);
	struct stat status;

	if (!path)
		return err_no_memory();
	if (games.len == 0 || str_find(games, STR("://")) > 0 ||
		str_eq(games, STR(GAMES_SIMULATED)))
		return NULL;
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		errno = EISDIR;
	else if (access(path, R_OK) == 0)
		return NULL;
	return err_in(run->arena, ERR_NOT_FOUND,
		STR_FMT ": setting games is '" STR_FMT "', which cannot be read: %s",
		STR_ARG(run->config.origins[SETTING_games]), STR_ARG(games),
		strerror(errno));
}

static void
store_progress(void *arg, int64_t done)
{
	progress_set(arg, done);
}

struct err *
games_store(struct invocation *run, const struct games_source *source,
	const struct feed *feed, struct import_options options, struct import_counts *ret)
{
	struct progress progress;
	struct err *err;

	options.source = source->name;
	options.progress = store_progress;
	options.progress_arg = &progress;
	progress_begin(
		&progress, &run->console, "storing games", (int64_t)feed->games.count);
	err = import_store(&run->ctx, feed, &options, ret);
	progress_end(&progress);
	return err;
}
