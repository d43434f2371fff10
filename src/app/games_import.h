/* Opening and storing games with their progress shown: what `gridiron import` and
 * `gridiron demo` share. */
#ifndef APP_GAMES_IMPORT_H
#define APP_GAMES_IMPORT_H

#include "app/command.h"
#include "predictions/import.h"
#include "predictions/source.h"

/* Open the games at WHERE, a path or a URL. */
struct err *
games_open(struct invocation *run, struct str where, struct games_source *ret) MUST_USE;
/* Whether the setting games is empty, a word, a URL, or a file that can be read. */
struct err *games_check(struct invocation *run) MUST_USE;
/* Store FEED, read from SOURCE, in one transaction; of OPTIONS what it says of the
 * games. */
struct err *games_store(struct invocation *run, const struct games_source *source,
	const struct feed *feed, struct import_options options,
	struct import_counts *ret) MUST_USE;

#endif
