#include "sys/wait.h"

#include <assert.h>

#include "sys/clock.h"
#include "sys/loop.h"

/* --- Wait queues */

void
wait_queue_init(struct wait_queue *queue)
{
	list_init(&queue->waiting);
}

enum wait_end
wait_queue_wait(struct wait_queue *queue, int64_t deadline)
{
	struct fiber *self = fiber_current();

	assert(self);
	if (self->is_cancelled)
		return WAIT_CANCELLED;
	list_push_back(&queue->waiting, &self->wait_link);
	return fiber_block(self, deadline);
}

bool
wait_queue_wake_one(struct wait_queue *queue)
{
	struct list_link *first = list_first(&queue->waiting);

	/* Whoever is in the queue waits: fiber_wake takes it out,
	 * however the wait ends. */
	return first &&
		fiber_wake(CONTAINER_OF(first, struct fiber, wait_link), WAIT_READY);
}

void
wait_queue_wake_all(struct wait_queue *queue)
{
	while (wait_queue_wake_one(queue))
		;
}

/* --- Events */

/*
 * TOLD is apart from SET so that the wait ends only when the setter and the inbox are
 * done with the event, which may be on the waiter's stack.
 */
enum { EVENT_UNSET, EVENT_SET, EVENT_TOLD };

void
fiber_event_init(struct fiber_event *event)
{
	assert(loop_of_thread);
	*event = (struct fiber_event){ .loop = loop_of_thread, .state = EVENT_UNSET };
}

/* On the event's loop. */
static void
tell(struct fiber_event *event)
{
	struct fiber *fiber = event->fiber;

	atomic_store_explicit(&event->state, EVENT_TOLD, memory_order_relaxed);
	if (fiber)
		fiber_wake(fiber, WAIT_READY);
}

void
fiber_event_set(struct fiber_event *event)
{
	struct loop *loop = event->loop;
	struct fiber_event *first;
	int unset = EVENT_UNSET;

	if (!atomic_compare_exchange_strong(&event->state, &unset, EVENT_SET))
		return;
	if (loop == loop_of_thread) {
		tell(event);
		return;
	}
	loop_visit(loop);
	first = atomic_load_explicit(&loop->inbox, memory_order_relaxed);
	do
		event->next = first;
	while (!atomic_compare_exchange_weak(&loop->inbox, &first, event));
	/* EVENT may be gone from here on. */
	loop_leave(loop);
}

void
loop_take_inbox(struct loop *loop)
{
	struct fiber_event *newest, *oldest = NULL;

	if (!atomic_load_explicit(&loop->inbox, memory_order_relaxed))
		return;
	newest = atomic_exchange(&loop->inbox, NULL);
	while (newest) {
		struct fiber_event *older = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = older;
	}
	while (oldest) {
		struct fiber_event *event = oldest;

		oldest = event->next;
		tell(event);
	}
}

static bool
is_told(const struct fiber_event *event)
{
	return atomic_load_explicit(&event->state, memory_order_relaxed) == EVENT_TOLD;
}

enum wait_end
fiber_event_wait(struct fiber_event *event, int64_t deadline)
{
	struct fiber *self = fiber_current();
	enum wait_end end;

	assert(self && event->loop == self->loop);
	if (is_told(event))
		return WAIT_READY;
	if (self->is_cancelled)
		return WAIT_CANCELLED;
	event->fiber = self;
	end = fiber_block(self, deadline);
	event->fiber = NULL;
	/* It may have come after the deadline and before this fiber's turn. */
	return is_told(event) ? WAIT_READY : end;
}

void
fiber_event_join(struct fiber_event *event)
{
	struct fiber *self = fiber_current();

	assert(self && event->loop == self->loop);
	event->fiber = self;
	/* Cancelling ends one round of it. */
	while (!is_told(event))
		fiber_block(self, DEADLINE_NEVER);
	event->fiber = NULL;
}

void
fiber_join(struct fiber *fiber, struct fiber_event *done, int64_t deadline)
{
	if (fiber_event_wait(done, deadline) == WAIT_READY)
		return;
	fiber_cancel(fiber);
	fiber_event_join(done);
}

void
fiber_pause(void)
{
	if (fiber_sleep_until(clock_deadline_ms(1)) == WAIT_CANCELLED)
		fiber_yield();
}
