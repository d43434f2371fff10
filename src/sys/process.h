/* What the loops of a process share, for the files of sys/: made when the first of them
 * opens, gone when the last closes. */
#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H

#include "sys/fiber.h"

struct err *
process_enter(struct arena *arena, const struct loop_options *options) MUST_USE;
void process_leave(void);

/* --- offload.c: the pool of threads */

bool offload_start(size_t threads, size_t queue_max) MUST_USE;
void offload_stop(void);
/* Whether nobody waits any more for what this thread of the pool runs. */
bool offload_is_given_up(void);

/* --- watchdog.c: the thread that looks for loops that are held */

bool watchdog_start(void) MUST_USE;
void watchdog_stop(void);
void watchdog_add(struct loop *loop);
void watchdog_remove(struct loop *loop);

/* --- overflow.c: the handler of SIGSEGV, and an alternate stack for it on each loop's
 * thread */

void overflow_install(void);
void overflow_uninstall(void);
bool overflow_prepare_thread(struct loop *loop) MUST_USE;
void overflow_release_thread(struct loop *loop);

#endif
