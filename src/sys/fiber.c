#include "sys/fiber.h"

#include <assert.h>

#include <sys/mman.h>

#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/process.h"

enum {
	/* Wider than one page, for the frames of libraries built without
	 * -fstack-clash-protection. It takes addresses, not memory. */
	GUARD_BYTES = 64 * 1024,
	/* Ended fibers kept for the next ones; what a burst needed beyond that goes back
	 * to the system. */
	SPARE_MAX = 256,
	/* Stacks begin at different cache lines: if all tops were a multiple of 64 KiB
	 * apart, some dozens of fibers would drive each other out of the cache (64 that
	 * only yield: 19.6 ns a switch, so 18.0). */
	COLOURS = 32,
	COLOUR_BYTES = 128,
	FIBER_BYTES = (sizeof(struct fiber) + 63) / 64 * 64,
};

#if defined(CONTEXT_ASAN) || defined(CONTEXT_TSAN)
enum { STACK_FACTOR = 4 }; /* instrumented frames are that much larger */
#else
enum { STACK_FACTOR = 1 };
#endif

/* --- Making and ending */

/* What runs on every fiber's stack: one function after another, for as long as the stack
 * is kept. */
static void
fiber_main(void *arg)
{
	struct fiber *self = arg;

	for (;;) {
		self->fn(self->arg);
		self->is_ended = true;
		self->is_last = self->loop->spare_count >= SPARE_MAX;
		if (self->is_last)
			context_switch_last(&self->context, &self->loop->context);
		context_switch(&self->context, &self->loop->context);
	}
}

static void
fiber_timed_out(void *arg)
{
	fiber_wake(arg, WAIT_TIMED_OUT);
}

static size_t
map_bytes(const struct loop *loop)
{
	return GUARD_BYTES + loop->options.stack_bytes * STACK_FACTOR;
}

/* A stack with a fiber on top; NULL when the system refuses. */
static struct fiber *
fiber_make(struct loop *loop)
{
	size_t bytes = map_bytes(loop);
	char *map = mmap(NULL, bytes, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	struct fiber *fiber;

	if (map == MAP_FAILED)
		return NULL;
	if (mprotect(map + GUARD_BYTES, bytes - GUARD_BYTES, PROT_READ | PROT_WRITE) !=
		0) {
		munmap(map, bytes);
		return NULL;
	}
	fiber = (struct fiber *)(map + bytes - FIBER_BYTES -
		loop->colour++ % COLOURS * COLOUR_BYTES);
	fiber->map = map;
	fiber->stack = map + GUARD_BYTES;
	fiber->loop = loop;
	fiber->context.entry = fiber_main;
	fiber->context.arg = fiber;
	fiber->timer.fn = fiber_timed_out;
	fiber->timer.arg = fiber;
	list_init(&fiber->wait_link);
	context_init_stack(
		&fiber->context, fiber->stack, (size_t)((char *)fiber - fiber->stack));
	return fiber;
}

void
fiber_release(struct fiber *fiber)
{
	char *map = fiber->map;
	size_t bytes = map_bytes(fiber->loop);

	context_release(&fiber->context);
	munmap(map, bytes);
}

void
fiber_retire(struct loop *loop, struct fiber *fiber)
{
	atomic_fetch_sub_explicit(&loop->fibers_live, 1, memory_order_relaxed);
	if (fiber->is_last) {
		fiber_release(fiber);
		return;
	}
	list_push_front(&loop->spare, &fiber->run_link);
	loop->spare_count++;
}

struct fiber *
fiber_start(struct loop *loop, const char *name, fiber_fn fn, void *arg)
{
	struct list_link *spare = list_first(&loop->spare);
	struct fiber *fiber;

	if (spare) {
		fiber = CONTAINER_OF(spare, struct fiber, run_link);
		list_remove(spare);
		loop->spare_count--;
	} else {
		fiber = fiber_make(loop);
		if (!fiber)
			return NULL;
	}
	fiber->name = name;
	fiber->fn = fn;
	fiber->arg = arg;
	fiber->is_cancelled = false;
	fiber->is_ended = false;
	list_push_back(&loop->run_queue, &fiber->run_link);
	atomic_fetch_add_explicit(&loop->fibers_live, 1, memory_order_relaxed);
	COUNT_UP(loop->fibers_started);
	return fiber;
}

struct fiber *
fiber_spawn(const char *name, fiber_fn fn, void *arg)
{
	struct loop *loop = loop_of_thread;

	assert(loop);
	if (atomic_load_explicit(&loop->fibers_live, memory_order_relaxed) >=
		loop->options.fibers_max)
		return NULL;
	return fiber_start(loop, name, fn, arg);
}

struct fiber *
fiber_current(void)
{
	return loop_of_thread ? loop_of_thread->running : NULL;
}

void
fiber_set_name(const char *name)
{
	struct fiber *self = fiber_current();

	assert(self);
	self->name = name;
	atomic_store_explicit(&self->loop->running_name, name, memory_order_relaxed);
}

/* --- Waiting */

enum wait_end
fiber_block(struct fiber *self, int64_t deadline)
{
	struct loop *loop = self->loop;

	assert(loop == loop_of_thread && self == loop->running);
	self->is_waiting = true;
	if (deadline != DEADLINE_NEVER) {
		self->timer.deadline = deadline;
		timers_put(&loop->timers, &self->timer);
	}
	context_switch(&self->context, &loop->context);
	return self->end;
}

bool
fiber_wake(struct fiber *fiber, enum wait_end end)
{
	struct loop *loop = fiber->loop;

	assert(loop == loop_of_thread);
	if (!fiber->is_waiting)
		return false;
	fiber->is_waiting = false;
	fiber->end = end;
	list_remove(&fiber->wait_link);
	timers_remove(&loop->timers, &fiber->timer);
	list_push_back(&loop->run_queue, &fiber->run_link);
	return true;
}

void
fiber_cancel(struct fiber *fiber)
{
	fiber->is_cancelled = true;
	fiber_wake(fiber, WAIT_CANCELLED);
}

bool
fiber_is_cancelled(void)
{
	const struct fiber *self = fiber_current();

	return self ? self->is_cancelled : offload_is_given_up();
}

void
fiber_yield(void)
{
	struct fiber *self = fiber_current();

	assert(self);
	list_push_back(&self->loop->run_queue, &self->run_link);
	context_switch(&self->context, &self->loop->context);
}

enum wait_end
fiber_sleep_until(int64_t deadline)
{
	struct fiber *self = fiber_current();

	assert(self);
	return self->is_cancelled ? WAIT_CANCELLED : fiber_block(self, deadline);
}

struct err *
wait_end_err(struct ctx *ctx, enum wait_end end, const char *what)
{
	switch (end) {
	case WAIT_READY:
		return NULL;
	case WAIT_TIMED_OUT:
		return err_new(
			ctx, ERR_TIMEOUT, "no time left while waiting for %s", what);
	case WAIT_CANCELLED:
		return err_new(ctx, ERR_TIMEOUT, "cancelled while waiting for %s", what);
	}
	return err_new(ctx, ERR_INTERNAL, "unknown end of waiting for %s", what);
}
