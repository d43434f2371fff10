/* The threads for what must block: one pool for all loops of the process. */
#include <assert.h>
#include <sys/resource.h>

#include "sys/loop.h"
#include "sys/process.h"

enum {
	THREADS_MAX = 64,
	/* What is offloaded takes long anyway; a loop that has something to do goes
	 * first. */
	NICENESS = 10,
};

/* On the stack of the fiber that waits for it. */
struct offload {
	struct list_link link;
	fiber_fn fn;
	void *arg;
	struct fiber_event done;
	bool is_begun;
	_Atomic bool is_given_up; /* its fiber was cancelled, or has no time left */
};

static _Thread_local struct offload *offload_of_thread;

static struct {
	pthread_mutex_t lock;
	pthread_cond_t work; /* something was queued, or the pool ends */
	struct list_link queue;
	size_t queued;
	size_t queue_max;
	bool is_stopping;
	pthread_t threads[THREADS_MAX];
	size_t thread_count;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER };

/* The next call, begun; NULL when the pool ends. */
static struct offload *
next_offload(void)
{
	struct offload *next = NULL;

	pthread_mutex_lock(&pool.lock);
	while (list_is_empty(&pool.queue) && !pool.is_stopping)
		pthread_cond_wait(&pool.work, &pool.lock);
	if (!list_is_empty(&pool.queue)) {
		next = CONTAINER_OF(list_first(&pool.queue), struct offload, link);
		list_remove(&next->link);
		pool.queued--;
		next->is_begun = true;
	}
	pthread_mutex_unlock(&pool.lock);
	return next;
}

static void *
offload_thread(void *unused)
{
	struct offload *offload;

	/* Of this thread alone: on Linux a thread has a niceness of its own. Without it
	 * the loops are only slower beside. */
	(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	while ((offload = next_offload())) {
		offload_of_thread = offload;
		offload->fn(offload->arg);
		offload_of_thread = NULL;
		fiber_event_set(&offload->done);
	}
	return unused;
}

bool
offload_start(size_t threads, size_t queue_max)
{
	sigset_t all, before;

	list_init(&pool.queue);
	pool.queued = 0;
	pool.queue_max = queue_max;
	pool.is_stopping = false;
	pool.thread_count = 0;
	/* Signals are for the loops: here they would only interrupt calls. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (pool.thread_count < threads && pool.thread_count < THREADS_MAX) {
		if (pthread_create(&pool.threads[pool.thread_count], NULL, offload_thread,
			    NULL) != 0)
			break;
		pool.thread_count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pool.thread_count > 0;
}

void
offload_stop(void)
{
	pthread_mutex_lock(&pool.lock);
	pool.is_stopping = true;
	pthread_cond_broadcast(&pool.work);
	pthread_mutex_unlock(&pool.lock);
	for (size_t i = 0; i < pool.thread_count; i++)
		pthread_join(pool.threads[i], NULL);
}

/* False when the queue is full. */
static bool
put(struct offload *offload)
{
	bool has_room;

	pthread_mutex_lock(&pool.lock);
	has_room = pool.queued < pool.queue_max;
	if (has_room) {
		list_push_back(&pool.queue, &offload->link);
		pool.queued++;
		pthread_cond_signal(&pool.work);
	}
	pthread_mutex_unlock(&pool.lock);
	return has_room;
}

/* False when it has begun. */
static bool
take_back(struct offload *offload)
{
	bool is_taken;

	pthread_mutex_lock(&pool.lock);
	is_taken = !offload->is_begun;
	if (is_taken) {
		list_remove(&offload->link);
		pool.queued--;
	}
	pthread_mutex_unlock(&pool.lock);
	return is_taken;
}

struct err *
fiber_offload(struct ctx *ctx, fiber_fn fn, void *arg)
{
	struct offload offload = { .fn = fn, .arg = arg };
	struct loop *loop = loop_of_thread;
	enum wait_end end;

	if (!fiber_current()) {
		fn(arg);
		return NULL;
	}
	if (fiber_is_cancelled())
		return wait_end_err(ctx, WAIT_CANCELLED, "a free thread");
	fiber_event_init(&offload.done);
	if (!put(&offload)) {
		COUNT_UP(loop->offloads_refused);
		return err_new(ctx, ERR_BUSY,
			"too much work is waiting for a free thread; try again shortly");
	}
	COUNT_UP(loop->offloads);
	end = fiber_event_wait(&offload.done, ctx->deadline);
	if (end == WAIT_READY)
		return NULL;
	if (take_back(&offload))
		return wait_end_err(ctx, end, "a free thread");
	atomic_store(&offload.is_given_up, true);
	fiber_event_join(&offload.done);
	return NULL;
}

bool
offload_is_given_up(void)
{
	return offload_of_thread && atomic_load(&offload_of_thread->is_given_up);
}
