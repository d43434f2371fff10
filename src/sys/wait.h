/* How fibers wait for each other, for other threads, and for work that must block. */
#ifndef SYS_WAIT_H
#define SYS_WAIT_H

#include "base/list.h"
#include "sys/fiber.h"

/* First come, first served, for fibers of one loop. */
struct wait_queue {
	struct list_link waiting;
};
void wait_queue_init(struct wait_queue *queue);
enum wait_end wait_queue_wait(struct wait_queue *queue, int64_t deadline);
/* False where nobody waits. The fiber woken runs later, after this one waits. */
bool wait_queue_wake_one(struct wait_queue *queue);
void wait_queue_wake_all(struct wait_queue *queue);

/*
 * Something that happens once, told from any thread to the one fiber that waits for it.
 * fiber_event_set may come before the wait. After a wait that timed out the setter may
 * still come: the event must outlive it, or be fetched back under the setter's lock.
 */
struct fiber_event {
	struct loop *loop;
	struct fiber *fiber;
	_Atomic int state;
	struct fiber_event *next; /* the loop's inbox */
};
void fiber_event_init(struct fiber_event *event); /* on the waiting fiber's loop */
void fiber_event_set(struct fiber_event *event);
enum wait_end fiber_event_wait(struct fiber_event *event, int64_t deadline);
/* Wait until it is set, whatever comes: also in a fiber that is cancelled, and after a
 * wait that ended without it. For a setter that works in this fiber's memory and was told
 * to stop. */
void fiber_event_join(struct fiber_event *event);

/* Wait until FIBER, of this loop, has set DONE, the last that it does. Who is cancelled
 * meanwhile, or has no time left, cancels FIBER. */
void fiber_join(struct fiber *fiber, struct fiber_event *done, int64_t deadline);

/*
 * Run FN(ARG) on a thread of the offload pool, for what must block: password hashing,
 * libcurl, files, name look-ups. BUSY when the queue is full. A call not yet begun at
 * DEADLINE is taken back (TIMEOUT); one that has begun is waited for, since it uses the
 * caller's memory: FN must have time limits of its own, or ask fiber_is_cancelled()
 * now and then. Outside a fiber FN runs at once.
 */
struct err *fiber_offload(struct ctx *ctx, fiber_fn fn, void *arg) MUST_USE;

/* Let others run for a moment, even in a fiber that is cancelled: for one that must wait
 * for them whatever comes, and has nothing to be told by. */
void fiber_pause(void);

#endif
