/*
 * A progress bar on standard error while a command works long; nothing where that is not
 * a terminal.
 */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

#include "app/console.h"
#include "sys/wait.h"

/* Drawn by a fiber of its own, since the work may be on a thread that must not wait for a
 * terminal: the database's writer. */
struct progress {
	const char *label;
	FILE *file;
	_Atomic int64_t total; /* 0: not known */
	_Atomic int64_t done;
	bool is_drawn;
	struct fiber *drawer; /* NULL: nothing is to be drawn */
	struct fiber_event ended;
};

/* In a fiber, which ends it. */
void progress_begin(struct progress *progress, const struct console *console,
	const char *label, int64_t total);
/* From any thread. */
void progress_set(struct progress *progress, int64_t done);
void progress_set_of(struct progress *progress, int64_t done, int64_t total);
/* Wipes the bar. */
void progress_end(struct progress *progress);

#endif
