/*
 * Fibers: functions with stacks of their own, many to a loop, one loop to a thread.
 *
 * A fiber runs until it waits; nothing else on its loop runs meanwhile, so between two
 * waits it needs no locks for what belongs to the loop. Every wait has a deadline
 * (sys/clock.h, monotonic nanoseconds, DEADLINE_NEVER in base/ctx.h) and can be
 * cancelled. Stacks are 64 KiB with a guard page; running past the end of one ends the
 * process with a message that names the fiber.
 *
 * Source of the scheme: Conway, "Design of a separable transition-diagram compiler", CACM
 * 6(7), 1963.
 */
#ifndef SYS_FIBER_H
#define SYS_FIBER_H

#include "base/ctx.h"
#include "base/err.h"
#include "base/list.h"

struct loop;
struct fiber;

typedef void (*fiber_fn)(void *arg);

/* What ended a wait. A cancelled fiber's later waits all end at once
 * with WAIT_CANCELLED. */
enum wait_end { WAIT_READY, WAIT_TIMED_OUT, WAIT_CANCELLED };

/* NULL for WAIT_READY; else TIMEOUT, saying WHAT was waited for. */
struct err *wait_end_err(struct ctx *ctx, enum wait_end end, const char *what) MUST_USE;

/* --- Loops */

struct loop_options {
	size_t stack_bytes;     /* 0: 64 KiB */
	size_t fibers_max;      /* 0: 15,000; each takes two memory maps */
	int64_t lag_warning_ns; /* 0: 50 ms; a fiber that ran longer is logged by name */
	size_t offload_threads; /* of the process-wide offload pool, set by the first
				   loop; 0: 4 */
	size_t offload_queue_max; /* 0: 256 */
};

/* A new loop for the calling thread. INTERNAL when the system refuses. */
struct err *
loop_open(struct arena *arena, struct loop_options options, struct loop **ret) MUST_USE;

/* Run fibers until loop_stop was called and every fiber has ended. Call from the thread
 * that opened it. */
void loop_run(struct loop *loop);

/* Ask LOOP to end. From any thread or a signal handler, while it is open. Waiting fibers
 * are not cancelled by this. */
void loop_stop(struct loop *loop);
bool loop_is_stopping(const struct loop *loop);

/* Release stacks and descriptors, on the loop's thread, after loop_run. */
void loop_close(struct loop *loop);

/* The loop of the calling thread, or NULL outside any loop. */
struct loop *loop_current(void);

/* Start a fiber on LOOP from another thread, or on this one: FN(ARG) runs soon. False:
 * too many fibers. */
bool loop_post(struct loop *loop, const char *name, fiber_fn fn, void *arg) MUST_USE;

/* Open a loop on this thread, run FN(ARG) in it as a fiber until it and all it spawned
 * have ended, close the loop. */
struct err *loop_run_once(struct arena *arena, struct loop_options options, fiber_fn fn,
	void *arg) MUST_USE;

struct loop_counters {
	uint64_t fibers_live;
	uint64_t fibers_started;
	uint64_t switches;
	uint64_t lag_events; /* runs longer than lag_warning_ns */
	int64_t lag_max_ns;
	uint64_t offloads;
	uint64_t offloads_refused;
};
struct loop_counters loop_counters(const struct loop *loop);

/* --- Fibers */

/* Start FN(ARG) on the current loop; it first runs when this fiber waits. NULL: too many
 * fibers. NAME is kept by pointer, and read by the watchdog's thread: a constant. */
struct fiber *fiber_spawn(const char *name, fiber_fn fn, void *arg);

/* The running fiber, or NULL outside one. */
struct fiber *fiber_current(void);

/* What this fiber is doing now, for the lag warning and the overflow message: a route, a
 * job. Kept like the name it was started with. */
void fiber_set_name(const char *name);

/* End FIBER's wait, and every later one, with WAIT_CANCELLED. FIBER must be on this loop
 * and not ended. */
void fiber_cancel(struct fiber *fiber);
/* Of the running fiber; on a thread of the offload pool of the one that waits, which may
 * also have no time left. */
bool fiber_is_cancelled(void);

/* Let the others run. */
void fiber_yield(void);

/* WAIT_TIMED_OUT at DEADLINE, or WAIT_CANCELLED before it. */
enum wait_end fiber_sleep_until(int64_t deadline);

/*
 * Wait until FD is readable (EPOLLIN) or writable (EPOLLOUT). One fiber at a time may
 * wait for one direction of a descriptor. The descriptor stays registered with the loop:
 * call fiber_forget_fd on that loop before close(), which also ends waits for it
 * (WAIT_CANCELLED).
 */
enum wait_end fiber_wait_fd(int fd, uint32_t events, int64_t deadline);
void fiber_forget_fd(int fd);

/*
 * Call FN(ARG) on the loop, not in a fiber, the next time FD is readable or closed by its
 * peer; once. For connections that are idle and should hold no stack. FN may spawn a
 * fiber; it must not wait. fiber_forget_fd ends the watch.
 */
bool loop_watch_fd(int fd, fiber_fn fn, void *arg) MUST_USE;

/* Call FN(ARG) at DEADLINE, on the loop, not in a fiber. TIMER is the caller's, zeroed
 * before its first use, and must live until then. Starting one that runs moves it. */
struct loop_timer {
	int64_t deadline;
	size_t heap_index; /* the loop's */
	fiber_fn fn;
	void *arg;
};
void loop_timer_start(struct loop_timer *timer, int64_t deadline, fiber_fn fn, void *arg);
void loop_timer_stop(struct loop_timer *timer);

/*
 * Call FN(ARG) once, not in a fiber, when the fibers that can run now have had a turn and
 * before the loop next looks at its descriptors: what many of them want sent can then go
 * in one piece. FN must not wait. DEFERRED is the caller's, its link initialised, and
 * must live until then or until loop_undefer; deferring it twice is deferring it once.
 */
struct loop_deferred {
	struct list_link link;
	fiber_fn fn;
	void *arg;
};
void loop_defer(struct loop_deferred *deferred);
void loop_undefer(struct loop_deferred *deferred);

#endif
