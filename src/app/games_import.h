/* Storing what a games source holds, with its progress: what `gridiron import` and `gridiron demo` share. */
#ifndef APP_GAMES_IMPORT_H
#define APP_GAMES_IMPORT_H

#include "app/command.h"
#include "app/games_source.h"
#include "predictions/import.h"

/* Store FEED, read from SOURCE, in one transaction. */
struct err *games_store(struct invocation *run, const struct games_source *source,
	const struct feed *feed, bool is_simulated, struct import_counts *ret) MUST_USE;

#endif
