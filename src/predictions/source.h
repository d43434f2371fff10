/* Where games come from: a file or a URL, plain or packed by gzip. */
#ifndef PREDICTIONS_SOURCE_H
#define PREDICTIONS_SOURCE_H

#include "base/ctx.h"
#include "codec/csv.h"

/* The games of all seasons as nflverse publishes them. */
#define GAMES_PUBLIC_URL \
	"https://raw.githubusercontent.com/nflverse/nfldata/master/data/games.csv"
/* In place of a path or a URL: the simulated league. */
#define GAMES_SIMULATED "simulated"

/* Which edition of its content a source gave: the validators of a server (RFC 9110 §8.8),
 * size and time of a file. Absent where it said none. */
struct games_edition {
	struct str etag;
	struct str last_modified;
};

struct games_source_options {
	struct str where; /* a path or an http(s) URL */
	/* Seen before: a source that still has it is not read. */
	struct games_edition seen;
	/* Opens a path for reading; the error's message is only why. NULL: open(2). */
	struct err *(*open)(
		void *arg, struct arena *arena, const char *path, int *ret_fd);
	void *open_arg;
	/* Of a fetch, called on another thread; total 0: not known. May be NULL. */
	void (*progress)(void *arg, int64_t got, int64_t total);
	void *progress_arg;
};

struct games_source {
	struct str name; /* the path or the URL, as it may be shown */
	struct games_edition edition;
	bool is_unchanged; /* still what was seen before: there is nothing to read */
	struct csv_source csv;
	struct csv_memory memory;
	int fd; /* -1: from memory */
	struct arena *arena;
};

/*
 * Open a source. A plain file is streamed; what is packed or comes from afar is held, up
 * to 64 MiB. Errors name it. RET must stay where it is until games_source_close.
 */
struct err *games_source_open(struct ctx *ctx, const struct games_source_options *options,
	struct games_source *ret) MUST_USE;
/* The simulated league as of now. */
struct err *games_source_simulate(struct ctx *ctx, struct games_source *ret) MUST_USE;
void games_source_close(struct games_source *source);

/* ERR with "NAME: " before its message. */
struct err *games_source_err(const struct games_source *source, const struct err *err);

#endif
