/* The parts of the running program, in the order in which they start. */
#ifndef APP_WIRING_H
#define APP_WIRING_H

#include "app/command.h"

/*
 * Start all parts that what RUN's command needs, run it, stop the parts in reverse.
 * Returns the command's error, or that of the part that did not start.
 */
struct err *wiring_run(struct invocation *run) MUST_USE;

/* The database of RUN's settings opened as run->ctx.db, for a command that needs it only
 * in the end, and closed. CONFLICT at once where another process has the file. */
struct err *database_open(struct invocation *run) MUST_USE;
void database_stop(struct invocation *run);

#endif
