/*
 * The watchdog names the fiber that holds a loop while it still does: an endless loop
 * never comes to the measurement at the end of its run. One thread for all loops looks
 * twice a second.
 */
#include <time.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/process.h"

enum {
	LOOK_EVERY_NS = 500000000,
	/* What is only slow is told of when it ends. */
	HANG_FACTOR = 10,
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t stop;
	struct list_link loops;
	bool is_stopping;
	pthread_t thread;
} watchdog = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
look_at(struct loop *loop, int64_t now)
{
	int64_t since = atomic_load_explicit(&loop->running_since, memory_order_relaxed);
	uint64_t runs = atomic_load_explicit(&loop->runs, memory_order_relaxed);
	const char *name = atomic_load_explicit(
		&loop->running_name, memory_order_relaxed);

	if (since == 0 || runs == loop->watchdog_runs ||
		(now - since) / HANG_FACTOR < loop->options.lag_warning_ns)
		return;
	loop->watchdog_runs = runs;
	log_error(NULL, "loop is held", LOG_TEXT("by", name ? name : "a fiber"),
		LOG_I64("held_ms", (now - since) / NANOSECONDS_PER_MS));
}

static void *
watchdog_thread(void *unused)
{
	pthread_mutex_lock(&watchdog.lock);
	while (!watchdog.is_stopping) {
		int64_t now = clock_coarse_ns();
		int64_t next = clock_monotonic_ns() + LOOK_EVERY_NS;
		struct timespec until = { .tv_sec = next / NANOSECONDS_PER_SECOND,
			.tv_nsec = next % NANOSECONDS_PER_SECOND };

		LIST_FOR_EACH(link, &watchdog.loops)
			look_at(CONTAINER_OF(link, struct loop, watchdog_link), now);
		pthread_cond_timedwait(&watchdog.stop, &watchdog.lock, &until);
	}
	pthread_mutex_unlock(&watchdog.lock);
	return unused;
}

bool
watchdog_start(void)
{
	pthread_condattr_t monotonic;
	sigset_t all, before;
	bool is_started;

	list_init(&watchdog.loops);
	watchdog.is_stopping = false;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&watchdog.stop, &monotonic);
	pthread_condattr_destroy(&monotonic);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	is_started = pthread_create(&watchdog.thread, NULL, watchdog_thread, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!is_started)
		pthread_cond_destroy(&watchdog.stop);
	return is_started;
}

void
watchdog_stop(void)
{
	pthread_mutex_lock(&watchdog.lock);
	watchdog.is_stopping = true;
	pthread_cond_signal(&watchdog.stop);
	pthread_mutex_unlock(&watchdog.lock);
	pthread_join(watchdog.thread, NULL);
	pthread_cond_destroy(&watchdog.stop);
}

void
watchdog_add(struct loop *loop)
{
	pthread_mutex_lock(&watchdog.lock);
	list_push_back(&watchdog.loops, &loop->watchdog_link);
	pthread_mutex_unlock(&watchdog.lock);
}

void
watchdog_remove(struct loop *loop)
{
	pthread_mutex_lock(&watchdog.lock);
	list_remove(&loop->watchdog_link);
	pthread_mutex_unlock(&watchdog.lock);
}
