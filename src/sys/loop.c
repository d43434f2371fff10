/* The loop: takes in what other threads ask, runs fibers, polls, sleeps. */
#include "sys/loop.h"

#include <assert.h>
#include <sched.h>
#include <unistd.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/process.h"

enum {
	STACK_BYTES_DEFAULT = 64 * 1024,
	FIBERS_MAX_DEFAULT = 15000,
	OFFLOAD_THREADS_DEFAULT = 4,
	OFFLOAD_QUEUE_DEFAULT = 256,
	LAG_WARNING_NS_DEFAULT = 50000000,
	/* Fibers run between two looks at descriptors and timers, when there is always
	 * one to run: so that those who only yield starve nobody, at a small part of a
	 * run's cost. */
	RUNS_PER_POLL = 128,
	/* Posts taken in at a time, since each may make a stack. */
	POSTS_PER_POLL = 64,
	/* The wait before trying again to start what was posted,
	 * without memory for it. */
	POST_RETRY_MS = 10,
};

_Thread_local struct loop *loop_of_thread;

/* --- Opening and closing */

static struct loop_options
with_defaults(struct loop_options options)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (options.stack_bytes == 0)
		options.stack_bytes = STACK_BYTES_DEFAULT;
	options.stack_bytes = (options.stack_bytes + page - 1) / page * page;
	if (options.fibers_max == 0)
		options.fibers_max = FIBERS_MAX_DEFAULT;
	if (options.lag_warning_ns == 0)
		options.lag_warning_ns = LAG_WARNING_NS_DEFAULT;
	if (options.offload_threads == 0)
		options.offload_threads = OFFLOAD_THREADS_DEFAULT;
	if (options.offload_queue_max == 0)
		options.offload_queue_max = OFFLOAD_QUEUE_DEFAULT;
	return options;
}

struct err *
loop_open(struct arena *arena, struct loop_options options, struct loop **ret)
{
	struct loop *loop;
	struct err *err;

	assert(!loop_of_thread);
	TRY_NEW(arena, loop, 1);
	loop->options = with_defaults(options);
	list_init(&loop->run_queue);
	list_init(&loop->spare);
	list_init(&loop->deferred);
	pthread_mutex_init(&loop->posts_lock, NULL);
	TRY(process_enter(arena, &loop->options));
	err = poll_open(arena, &loop->poll);
	if (err) {
		process_leave();
		return err;
	}
	if (!timers_open(&loop->timers)) {
		poll_close(&loop->poll);
		process_leave();
		return err_in(arena, ERR_INTERNAL, "no memory for the timers of a loop");
	}
	if (!overflow_prepare_thread(loop)) {
		timers_close(&loop->timers);
		poll_close(&loop->poll);
		process_leave();
		return err_in(
			arena, ERR_INTERNAL, "no memory for the signal stack of a loop");
	}
	loop_of_thread = loop;
	*ret = loop;
	return NULL;
}

void
loop_close(struct loop *loop)
{
	struct list_link *spare;

	assert(loop == loop_of_thread && !loop->running);
	while ((spare = list_first(&loop->spare))) {
		list_remove(spare);
		fiber_release(CONTAINER_OF(spare, struct fiber, run_link));
	}
	loop_of_thread = NULL;
	overflow_release_thread(loop);
	timers_close(&loop->timers);
	poll_close(&loop->poll);
	process_leave();
	pthread_mutex_destroy(&loop->posts_lock);
}

struct loop *
loop_current(void)
{
	return loop_of_thread;
}

/* --- What other threads ask */

void
loop_visit(struct loop *loop)
{
	atomic_fetch_add(&loop->visitors, 1);
}

void
loop_leave(struct loop *loop)
{
	/* Only the first to find it asleep pays for the system call. */
	if (atomic_exchange(&loop->is_asleep, false))
		poll_wake(&loop->poll);
	atomic_fetch_sub(&loop->visitors, 1);
}

void
loop_stop(struct loop *loop)
{
	loop_visit(loop);
	atomic_store(&loop->is_stopping, true);
	/* Always: a signal may come between the loop's last look and its sleep. */
	poll_wake(&loop->poll);
	loop_leave(loop);
}

bool
loop_is_stopping(const struct loop *loop)
{
	return atomic_load_explicit(&loop->is_stopping, memory_order_relaxed);
}

bool
loop_post(struct loop *loop, const char *name, fiber_fn fn, void *arg)
{
	size_t waiting;
	bool is_taken;

	if (loop == loop_of_thread)
		return fiber_spawn(name, fn, arg) != NULL;
	loop_visit(loop);
	pthread_mutex_lock(&loop->posts_lock);
	waiting = loop->posts_count;
	is_taken = waiting < POSTS_MAX &&
		waiting + atomic_load(&loop->fibers_live) < loop->options.fibers_max;
	if (is_taken) {
		loop->posts[(loop->posts_first + waiting) % POSTS_MAX] = (struct post){
			.name = name, .fn = fn, .arg = arg
		};
		loop->posts_count = waiting + 1;
	}
	pthread_mutex_unlock(&loop->posts_lock);
	loop_leave(loop);
	return is_taken;
}

/* Start the fibers that other threads posted, as far as there is memory for them. */
static void
take_posts(struct loop *loop)
{
	if (loop->posts_count == 0)
		return;
	pthread_mutex_lock(&loop->posts_lock);
	for (int left = POSTS_PER_POLL; left > 0 && loop->posts_count > 0; left--) {
		const struct post *post = &loop->posts[loop->posts_first];

		loop->lacks_memory = !fiber_start(loop, post->name, post->fn, post->arg);
		if (loop->lacks_memory)
			break;
		loop->posts_first = (loop->posts_first + 1) % POSTS_MAX;
		loop->posts_count--;
	}
	pthread_mutex_unlock(&loop->posts_lock);
}

/* --- Running */

/* Note that NAME ran from the last time noted until now. */
static void
measure_run(struct loop *loop, const char *name)
{
	int64_t now = clock_coarse_ns();
	int64_t held_ns = now -
		atomic_load_explicit(&loop->running_since, memory_order_relaxed);

	atomic_store_explicit(&loop->running_since, now, memory_order_relaxed);
	if (LIKELY(held_ns <= loop->options.lag_warning_ns))
		return;
	COUNT_UP(loop->lag_events);
	if (held_ns > atomic_load_explicit(&loop->lag_max_ns, memory_order_relaxed))
		atomic_store_explicit(&loop->lag_max_ns, held_ns, memory_order_relaxed);
	log_warning(NULL, "loop was held", LOG_TEXT("by", name),
		LOG_I64("held_ms", held_ns / NANOSECONDS_PER_MS));
}

static void
set_running(struct loop *loop, struct fiber *fiber, const char *name)
{
	loop->running = fiber;
	atomic_store_explicit(&loop->running_name, name, memory_order_relaxed);
	COUNT_UP(loop->runs);
}

static void
run_fibers(struct loop *loop)
{
	struct list_link *first;

	for (int left = RUNS_PER_POLL; left > 0; left--) {
		struct fiber *fiber;

		first = list_first(&loop->run_queue);
		if (!first)
			return;
		list_remove(first);
		fiber = CONTAINER_OF(first, struct fiber, run_link);
		set_running(loop, fiber, fiber->name);
		context_switch(&loop->context, &fiber->context);
		loop->running = NULL;
		measure_run(loop, fiber->name);
		if (fiber->is_ended)
			fiber_retire(loop, fiber);
	}
}

static bool
is_done(const struct loop *loop)
{
	return (loop->is_once || atomic_load(&loop->is_stopping)) &&
		atomic_load_explicit(&loop->fibers_live, memory_order_relaxed) == 0 &&
		loop->posts_count == 0;
}

/* Milliseconds until the first timer, rounded up; -1: none. */
static int
sleep_ms(const struct loop *loop)
{
	int64_t deadline = timers_next(&loop->timers);
	int64_t left_ms;

	if (loop->lacks_memory)
		return POST_RETRY_MS;
	if (deadline == DEADLINE_NEVER)
		return -1;
	left_ms = (deadline - clock_monotonic_ns() + NANOSECONDS_PER_MS - 1) /
		NANOSECONDS_PER_MS;
	if (left_ms < 0)
		return 0;
	return left_ms < INT32_MAX ? (int)left_ms : INT32_MAX;
}

static void
run_deferred(struct loop *loop)
{
	struct list_link *first;

	while ((first = list_first(&loop->deferred))) {
		struct loop_deferred *deferred = CONTAINER_OF(
			first, struct loop_deferred, link);

		list_remove(first);
		deferred->fn(deferred->arg);
	}
}

/* Look at descriptors and timers; sleep for them where there is nothing else to do. */
static void
poll_and_wake(struct loop *loop)
{
	int timeout_ms = 0;

	if (list_is_empty(&loop->run_queue)) {
		timeout_ms = sleep_ms(loop);
		atomic_store_explicit(&loop->running_since, 0, memory_order_relaxed);
		/* First say so, then look: a thread that adds something after this look
		 * sees that it must wake us. */
		atomic_store(&loop->is_asleep, true);
		if (atomic_load(&loop->inbox) ||
			(atomic_load(&loop->posts_count) > 0 && !loop->lacks_memory))
			timeout_ms = 0;
	}
	log_flush();
	set_running(loop, NULL, "a timer or a watch");
	poll_run(loop, timeout_ms);
	if (timers_next(&loop->timers) != DEADLINE_NEVER)
		timers_run(&loop->timers, clock_monotonic_ns());
	measure_run(loop, "a timer or a watch");
}

void
loop_run(struct loop *loop)
{
	assert(loop == loop_of_thread && !loop->running);
	context_init_thread(&loop->context);
	atomic_store(&loop->running_since, clock_coarse_ns());
	watchdog_add(loop);
	log_gather();
	for (;;) {
		loop_take_inbox(loop);
		take_posts(loop);
		run_fibers(loop);
		run_deferred(loop);
		/* Here, between the run queue and the sleep: the last fiber may just have
		 * ended, and nobody would wake us. */
		if (is_done(loop))
			break;
		poll_and_wake(loop);
	}
	log_gather_end();
	watchdog_remove(loop);
	while (atomic_load(&loop->visitors) > 0)
		sched_yield();
}

struct err *
loop_run_once(struct arena *arena, struct loop_options options, fiber_fn fn, void *arg)
{
	struct loop *loop;

	TRY(loop_open(arena, options, &loop));
	loop->is_once = true;
	if (!fiber_spawn("main", fn, arg)) {
		loop_close(loop);
		return err_in(arena, ERR_INTERNAL, "no memory for a fiber's stack");
	}
	loop_run(loop);
	loop_close(loop);
	return NULL;
}

/* --- What others want done later */

void
loop_defer(struct loop_deferred *deferred)
{
	assert(loop_of_thread);
	list_remove(&deferred->link);
	list_push_back(&loop_of_thread->deferred, &deferred->link);
}

void
loop_undefer(struct loop_deferred *deferred)
{
	list_remove(&deferred->link);
}

void
loop_timer_start(struct loop_timer *timer, int64_t deadline, fiber_fn fn, void *arg)
{
	assert(loop_of_thread);
	timer->deadline = deadline;
	timer->fn = fn;
	timer->arg = arg;
	timers_put(&loop_of_thread->timers, timer);
}

void
loop_timer_stop(struct loop_timer *timer)
{
	if (loop_of_thread)
		timers_remove(&loop_of_thread->timers, timer);
}

struct loop_counters
loop_counters(const struct loop *loop)
{
	return (struct loop_counters){
		.fibers_live = loop->fibers_live,
		.fibers_started = loop->fibers_started,
		.switches = loop->runs,
		.lag_events = loop->lag_events,
		.lag_max_ns = loop->lag_max_ns,
		.offloads = loop->offloads,
		.offloads_refused = loop->offloads_refused,
	};
}
