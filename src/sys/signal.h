/* The signals of a serving process, and of one that waits for it. */
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

/*
 * From now on the first two of SIGINT, SIGTERM and SIGHUP make the returned eventfd
 * readable (-1 where the system refuses) and break off what the thread waits for in the
 * system; the next one ends the process as if nothing were done about it.
 */
int signal_tell(void);
/* The one that came, or 0. */
int signal_told(void);
/* End by the one that came, as if it had not been caught: whoever called us sees what
 * ended us. */
void signal_end(void);

#endif
