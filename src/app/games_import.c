#include "app/games_import.h"

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

static void
store_progress(void *arg, int64_t done)
{
	progress_set(arg, done);
}

struct err *
games_store(struct invocation *run, const struct games_source *source,
	const struct feed *feed, bool is_simulated, struct import_counts *ret)
{
	struct progress progress;
	struct import_options options = {
		.source = source->name,
		.is_simulated = is_simulated,
		.progress = store_progress,
		.progress_arg = &progress,
	};
	struct err *err;

	progress_begin(
		&progress, &run->console, "storing games", (int64_t)feed->games.count);
	err = import_store(&run->ctx, feed, &options, ret);
	progress_end(&progress);
	return err;
}
