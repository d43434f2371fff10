/* The signals of a serving process. */
#ifndef SYS_SIGNAL_H
#define SYS_SIGNAL_H

#include "sys/fiber.h"

enum {
	SIGNAL_LOOPS_MAX = 256,
};

/*
 * From now on SIGINT and SIGTERM stop the COUNT loops (loop_stop); the next one of either
 * ends the process at once, for an operator who will not wait. SIGPIPE is ignored:
 * writing to a closed connection is an error like others.
 */
void signal_stop_loops(struct loop *const *loops, size_t count);

/* Back to the actions of before; call it before the loops are closed. */
void signal_restore(void);

#endif
