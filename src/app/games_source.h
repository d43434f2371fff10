/* Where games come from: a file or a URL, plain or packed by gzip. */
#ifndef APP_GAMES_SOURCE_H
#define APP_GAMES_SOURCE_H

#include "base/ctx.h"
#include "codec/csv.h"

/* The games of all seasons as nflverse publishes them. */
#define GAMES_PUBLIC_URL \
	"https://raw.githubusercontent.com/nflverse/nfldata/master/data/games.csv"

struct games_source {
	struct str name; /* the path or the URL, as it may be shown */
	struct csv_source csv;
	struct csv_memory memory;
	int fd; /* -1: from memory */
	struct arena *arena;
};

/*
 * Open WHERE, a path or an http(s) URL. A plain file is streamed; what is packed or comes
 * from afar is held, up to 64 MiB. Errors name it. RET must stay where it is until
 * games_source_close.
 */
struct err *
games_source_open(struct ctx *ctx, struct str where, struct games_source *ret) MUST_USE;
/* The simulated league as of now. */
struct err *games_source_simulate(struct ctx *ctx, struct games_source *ret) MUST_USE;
void games_source_close(struct games_source *source);

/* ERR with "NAME: " before its message. */
struct err *games_source_err(const struct games_source *source, const struct err *err);

#endif
