/*
 * A progress bar on standard error while a command works long; nothing where that is not
 * a terminal.
 */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

#include "base/compiler.h"

struct progress {
	const char *label;
	int64_t total; /* 0: not known */
	int64_t drawn_ns;
	bool is_on;
};

void progress_begin(struct progress *progress, const char *label, int64_t total);
/* Draws ten times a second at most. */
void progress_set(struct progress *progress, int64_t done);
/* Wipes the bar. */
void progress_end(struct progress *progress);

#endif
