/*
 * The inside of the scheduler, for the files of sys/ that make it up: loop.c runs fibers,
 * fiber.c makes them, poll.c knows descriptors, wait.c and offload.c build on these.
 * Everything here belongs to the loop's thread unless it is atomic.
 */
#ifndef SYS_LOOP_H
#define SYS_LOOP_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include <sys/epoll.h>

#include "base/list.h"
#include "sys/context.h"
#include "sys/fiber.h"
#include "sys/timers.h"
#include "sys/wait.h"

enum {
	POLL_EVENTS = 256,
	POSTS_MAX = 1024, /* started by other threads and not yet taken in */
};

/* Lives at the top of its own stack. */
struct fiber {
	struct context context;
	struct loop *loop;
	const char *name;
	fiber_fn fn;
	void *arg;
	struct list_link run_link; /* in the run queue, or in the store of ended fibers */
	struct list_link wait_link; /* in a wait queue */
	struct loop_timer timer;    /* the deadline of the wait */
	/* Set while nothing but fiber_wake may run it. It falls with the first thing that
	 * ends the wait, so a fiber is never queued twice. */
	bool is_waiting;
	bool is_cancelled;
	bool is_ended;
	bool is_last; /* ended, and its stack is not kept */
	enum wait_end end;
	char *map; /* guard, stack, this */
	char *stack;
};

/* What the loop knows of a descriptor. */
struct poll_slot {
	struct fiber *reader;
	struct fiber *writer;
	fiber_fn watch;
	void *watch_arg;
	uint32_t interest;   /* what epoll was asked for; 0: not registered */
	uint32_t generation; /* counts fiber_forget_fd, so that late events are known */
};

struct poll {
	int epoll_fd;
	int wake_fd; /* an eventfd; edge-triggered, so never read */
	struct poll_slot *slots;
	struct epoll_event events[POLL_EVENTS];
};

struct post {
	const char *name;
	fiber_fn fn;
	void *arg;
};

struct loop {
	struct loop_options options;
	struct context context; /* the thread's own stack */
	struct fiber *running;
	struct list_link run_queue;
	struct list_link spare; /* ended fibers, for the next to start */
	size_t spare_count;
	size_t colour;             /* of the next stack made */
	struct list_link deferred; /* see loop_defer */
	struct timers timers;
	struct poll poll;
	bool lacks_memory; /* for what was posted: try again later */
	bool is_once;      /* ends with its last fiber, stopped or not */

	/* From other threads. */
	_Atomic int visitors; /* now at these; the loop does not go before they do */
	_Atomic bool is_stopping;
	_Atomic bool is_asleep; /* in epoll_wait: wake_fd must be written */
	_Atomic(struct fiber_event *) inbox;
	pthread_mutex_t posts_lock;
	struct post posts[POSTS_MAX]; /* a ring; under posts_lock */
	size_t posts_first;
	_Atomic size_t posts_count;

	/* For other threads: the counters, and what runs, for the watchdog. */
	_Atomic(const char *) running_name;
	_Atomic int64_t running_since; /* coarse ns; 0: asleep */
	_Atomic uint64_t runs;
	_Atomic uint64_t fibers_live;
	_Atomic uint64_t fibers_started;
	_Atomic uint64_t lag_events;
	_Atomic int64_t lag_max_ns;
	_Atomic uint64_t offloads;
	_Atomic uint64_t offloads_refused;
	struct list_link watchdog_link;
	uint64_t watchdog_runs; /* when the watchdog last complained */

	stack_t previous_alternate_stack;
	void *alternate_stack;
};

/* Add one to a counter that only this thread writes: no locked instruction. */
#define COUNT_UP(counter)                                                   \
	atomic_store_explicit(&(counter),                                   \
		atomic_load_explicit(&(counter), memory_order_relaxed) + 1, \
		memory_order_relaxed)

/* The calling thread's loop. */
extern _Thread_local struct loop *loop_of_thread;

/* --- fiber.c */

/* Start a fiber; NULL when the system has no memory for it. */
struct fiber *fiber_start(struct loop *loop, const char *name, fiber_fn fn, void *arg);
/* Keep or release the stack of a fiber that has ended. */
void fiber_retire(struct loop *loop, struct fiber *fiber);
void fiber_release(struct fiber *fiber);
/* Leave the running fiber until fiber_wake or DEADLINE. */
enum wait_end fiber_block(struct fiber *self, int64_t deadline);
/* End the wait of FIBER with END. False where it does not wait (any more). */
bool fiber_wake(struct fiber *fiber, enum wait_end end);

/* --- poll.c */

struct err *poll_open(struct arena *arena, struct poll *poll) MUST_USE;
void poll_close(struct poll *poll);
/* Wait up to TIMEOUT_MS for events (-1: for ever) and wake those who wait for them. */
void poll_run(struct loop *loop, int timeout_ms);
/* End the loop's sleep, from any thread or a signal handler. */
void poll_wake(struct poll *poll);

/* --- wait.c */

/* Tell fibers of the events set by other threads. */
void loop_take_inbox(struct loop *loop);
/* Around whatever another thread does to LOOP: what it asks for may end the loop while it
 * is still asking. loop_leave makes the loop look at its inbox and posts. */
void loop_visit(struct loop *loop);
void loop_leave(struct loop *loop);

#endif
