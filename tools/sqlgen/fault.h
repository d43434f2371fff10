/* Faults found in the SQL files: all of them are told, each with its place and what to
 * do. */
#ifndef SQLGEN_FAULT_H
#define SQLGEN_FAULT_H

#include "base/buf.h"

struct place {
	struct str file;
	int line;
};

struct faults {
	struct arena *arena;
	struct buf text; /* one line a fault */
	size_t count;
};

void faults_init(struct faults *faults, struct arena *arena);
/* Add "file:line: message". */
void
fault_add(struct faults *faults, struct place at, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
