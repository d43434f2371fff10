/* The timers of a loop: a heap with four children a node, whose first is the next due.
 * For the loop alone. */
#ifndef SYS_TIMERS_H
#define SYS_TIMERS_H

#include "sys/fiber.h"

struct timers_entry {
	int64_t deadline; /* beside the pointer, so that comparing touches the heap only
			   */
	struct loop_timer *timer;
};

struct timers {
	struct timers_entry
		*entries; /* from 1; a timer that is not running has index 0 */
	size_t count;
	int64_t earliest; /* what is started for an earlier time is due then */
};

/* False when the system has no address space left. */
bool timers_open(struct timers *timers) MUST_USE;
void timers_close(struct timers *timers);

/* Start TIMER, or move one that runs, to TIMER->deadline. */
void timers_put(struct timers *timers, struct loop_timer *timer);
/* Stop TIMER; harmless on one that does not run. */
void timers_remove(struct timers *timers, struct loop_timer *timer);
/* The deadline of the first timer, or DEADLINE_NEVER. */
int64_t timers_next(const struct timers *timers);
/* Take off and call the timers due at NOW. Those they start run the next time. */
void timers_run(struct timers *timers, int64_t now);

#endif
