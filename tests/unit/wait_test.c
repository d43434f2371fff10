#include "sys/wait.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/fiber_test.h"

/* --- Wait queues */

struct waiter {
	struct wait_queue *queue;
	int64_t deadline;
	enum wait_end end;
	int ended; /* in which order, from 1 */
	int *ends;
};

static void
wait_in_queue(void *arg)
{
	struct waiter *waiter = arg;

	waiter->end = wait_queue_wait(waiter->queue, waiter->deadline);
	waiter->ended = ++*waiter->ends;
}

FIBER_TEST(a_queue_wakes_first_come_first_served)
{
	struct wait_queue queue;
	struct waiter waiters[4];
	int ends = 0;

	wait_queue_init(&queue);
	OK(!wait_queue_wake_one(&queue));
	for (size_t i = 0; i < COUNT_OF(waiters); i++) {
		waiters[i] = (struct waiter){ .queue = &queue,
			.deadline = clock_deadline_ms(HANG_BOUND_MS),
			.ends = &ends };
		OK(fiber_spawn("waiter", wait_in_queue, &waiters[i]));
	}
	fiber_yield();
	OK(wait_queue_wake_one(&queue));
	fiber_yield();
	EQ_I64(ends, 1);
	EQ_I64(waiters[0].ended, 1);
	wait_queue_wake_all(&queue);
	join_all();
	for (size_t i = 0; i < COUNT_OF(waiters); i++) {
		EQ_I64(waiters[i].ended, i + 1);
		EQ_I64(waiters[i].end, WAIT_READY);
	}
	OK(!wait_queue_wake_one(&queue));
}

struct timed_wake {
	struct loop_timer timer;
	struct wait_queue *queue;
	int woken;
};

static void
wake_by_timer(void *arg)
{
	struct timed_wake *wake = arg;

	wake->woken += wait_queue_wake_one(wake->queue);
}

/* The deadline of the wait and the waking are due in the same look at the timers. */
static void
wake_and_time_out(int64_t deadline_ns, int64_t wake_ns, struct waiter *waiter, int *woken)
{
	struct wait_queue queue;
	struct timed_wake wake = { .queue = &queue };
	int ends = 0;

	wait_queue_init(&queue);
	*waiter = (struct waiter){
		.queue = &queue, .deadline = deadline_ns, .ends = &ends
	};
	OK(fiber_spawn("waiter", wait_in_queue, waiter));
	loop_timer_start(&wake.timer, wake_ns, wake_by_timer, &wake);
	join_all();
	*woken = wake.woken;
	EQ_I64(ends, 1);
	EQ_I64(loop_counters(loop_current()).fibers_live, 1);
}

FIBER_TEST(a_wait_that_ends_twice_in_one_batch_ends_as_it_first_did)
{
	struct waiter waiter;
	int woken = -1;

	wake_and_time_out(2, 1, &waiter, &woken);
	EQ_I64(waiter.end, WAIT_READY);
	EQ_I64(woken, 1);
	wake_and_time_out(1, 2, &waiter, &woken);
	EQ_I64(waiter.end, WAIT_TIMED_OUT);
	EQ_I64(woken, 0);
}

FIBER_TEST(whoever_timed_out_is_no_longer_in_the_queue)
{
	struct wait_queue queue;
	struct waiter waiters[3];
	int ends = 0;

	wait_queue_init(&queue);
	for (size_t i = 0; i < COUNT_OF(waiters); i++) {
		waiters[i] = (struct waiter){ .queue = &queue,
			.ends = &ends,
			.deadline = clock_deadline_ms(i == 1 ? 1 : HANG_BOUND_MS) };
		OK(fiber_spawn("waiter", wait_in_queue, &waiters[i]));
	}
	EQ_I64(fiber_sleep_until(clock_deadline_ms(3)), WAIT_TIMED_OUT);
	EQ_I64(waiters[1].end, WAIT_TIMED_OUT);
	OK(wait_queue_wake_one(&queue));
	OK(wait_queue_wake_one(&queue));
	OK(!wait_queue_wake_one(&queue));
	join_all();
	EQ_I64(waiters[0].end, WAIT_READY);
	EQ_I64(waiters[2].end, WAIT_READY);
}

static void
wait_short_then_long(void *arg)
{
	struct waiter *waiter = arg;

	if (wait_queue_wait(waiter->queue, waiter->deadline) == WAIT_READY)
		waiter->end = wait_queue_wait(waiter->queue, DEADLINE_NEVER);
	++*waiter->ends;
}

FIBER_TEST(the_deadline_of_a_wait_that_ended_does_not_end_the_next)
{
	struct wait_queue queue;
	int ends = 0;
	struct waiter waiter = { .queue = &queue,
		.deadline = clock_deadline_ms(3),
		.end = WAIT_CANCELLED,
		.ends = &ends };

	wait_queue_init(&queue);
	OK(fiber_spawn("waiter", wait_short_then_long, &waiter));
	fiber_yield();
	OK(wait_queue_wake_one(&queue));
	EQ_I64(fiber_sleep_until(clock_deadline_ms(8)), WAIT_TIMED_OUT);
	EQ_I64(ends, 0);
	OK(wait_queue_wake_one(&queue));
	join_all();
	EQ_I64(waiter.end, WAIT_READY);
}

FIBER_TEST(what_was_granted_before_the_cancelling_stays_granted)
{
	struct wait_queue queue;
	struct waiter waiters[2];
	struct fiber *fibers[2];
	int ends = 0;

	wait_queue_init(&queue);
	for (size_t i = 0; i < COUNT_OF(waiters); i++) {
		waiters[i] = (struct waiter){
			.queue = &queue, .deadline = DEADLINE_NEVER, .ends = &ends
		};
		fibers[i] = fiber_spawn("waiter", wait_in_queue, &waiters[i]);
		OK(fibers[i]);
	}
	fiber_yield();
	OK(wait_queue_wake_one(&queue));
	fiber_cancel(fibers[0]);
	fiber_cancel(fibers[1]);
	OK(!wait_queue_wake_one(&queue));
	join_all();
	EQ_I64(waiters[0].end, WAIT_READY);
	EQ_I64(waiters[1].end, WAIT_CANCELLED);
}

/* --- Events and other threads */

enum { SETTERS = 4, EVENTS = 200 };

struct waited {
	struct fiber_event event;
	int64_t value; /* written by the setter before the event */
	int *ready;
};

static void
wait_for_event(void *arg)
{
	struct waited *waited = arg;

	if (fiber_event_wait(&waited->event, clock_deadline_ms(HANG_BOUND_MS)) ==
		WAIT_READY)
		*waited->ready += waited->value == 7;
}

struct setter {
	struct waited *all;
	size_t first;
	pthread_t thread;
};

static void *
set_events(void *arg)
{
	struct setter *setter = arg;

	for (size_t i = setter->first; i < EVENTS; i += SETTERS) {
		setter->all[i].value = 7;
		fiber_event_set(&setter->all[i].event);
	}
	return NULL;
}

FIBER_TEST(events_set_by_other_threads_each_end_one_wait)
{
	static struct waited all[EVENTS];
	struct setter setters[SETTERS];
	int ready = 0;

	for (size_t i = 0; i < EVENTS; i++) {
		all[i] = (struct waited){ .ready = &ready };
		fiber_event_init(&all[i].event);
	}
	for (size_t i = 0; i < SETTERS; i++) {
		setters[i] = (struct setter){ .all = all, .first = i };
		OK(pthread_create(&setters[i].thread, NULL, set_events, &setters[i]) ==
			0);
	}
	for (size_t i = 0; i < EVENTS; i++)
		OK(fiber_spawn("waits for event", wait_for_event, &all[i]));
	join_all();
	EQ_I64(ready, EVENTS);
	for (size_t i = 0; i < SETTERS; i++)
		pthread_join(setters[i].thread, NULL);
}

FIBER_TEST(an_event_set_before_the_wait_ends_it_at_once)
{
	struct fiber_event event;

	fiber_event_init(&event);
	fiber_event_set(&event);
	fiber_event_set(&event);
	EQ_I64(fiber_event_wait(&event, 0), WAIT_READY);
	EQ_I64(fiber_event_wait(&event, 0), WAIT_READY);
	fiber_event_join(&event);
}

static void
set_by_timer(void *arg)
{
	fiber_event_set(arg);
}

struct joining {
	struct fiber_event event;
	enum wait_end end;
	bool is_joined;
};

static void
wait_then_join(void *arg)
{
	struct joining *joining = arg;

	joining->end = fiber_event_wait(&joining->event, DEADLINE_NEVER);
	fiber_event_join(&joining->event);
	joining->is_joined = true;
}

FIBER_TEST(joining_an_event_cannot_be_cancelled)
{
	struct joining joining = { .is_joined = false };
	struct loop_timer timer = { .deadline = 0 };
	struct fiber *fiber;

	fiber_event_init(&joining.event);
	fiber = fiber_spawn("joins", wait_then_join, &joining);
	OK(fiber);
	fiber_yield();
	fiber_cancel(fiber);
	fiber_yield();
	EQ_I64(joining.end, WAIT_CANCELLED);
	fiber_cancel(fiber);
	fiber_yield();
	OK(!joining.is_joined);
	loop_timer_start(&timer, clock_deadline_ms(1), set_by_timer, &joining.event);
	join_all();
	OK(joining.is_joined);
}

struct posting {
	_Atomic(struct loop *) loop;
	_Atomic int ran;
	int posted;
};

static void
note_post(void *arg)
{
	struct posting *posting = arg;

	posting->ran++;
}

static void *
run_a_loop(void *arg)
{
	struct posting *posting = arg;
	struct arena arena;
	struct loop *loop;
	struct err *err;

	arena_init(&arena, 1 << 20);
	err = loop_open(&arena, (struct loop_options){ .stack_bytes = 0 }, &loop);
	if (!err) {
		posting->loop = loop;
		loop_run(loop);
		loop_close(loop);
	}
	arena_release(&arena);
	return NULL;
}

TEST(fibers_posted_by_another_thread_run_before_the_loop_ends)
{
	struct posting posting = { .posted = 0 };
	pthread_t thread;

	OK(pthread_create(&thread, NULL, run_a_loop, &posting) == 0);
	while (!posting.loop)
		;
	/* In bursts, so that the loop is found both asleep and awake. */
	for (int i = 0; i < 300; i++) {
		posting.posted += loop_post(posting.loop, "posted", note_post, &posting);
		while (i % 50 == 0 && posting.ran < posting.posted)
			;
	}
	loop_stop(posting.loop);
	pthread_join(thread, NULL);
	EQ_I64(posting.posted, 300);
	EQ_I64(posting.ran, 300);
}

static void
hold_until_full(void *arg)
{
	struct posting *posting = arg;

	posting->ran = 1;
	while (posting->ran == 1)
		;
}

TEST(posts_beyond_the_limit_are_refused)
{
	struct posting posting = { .posted = 0 };
	pthread_t thread;
	bool was_taken;

	OK(pthread_create(&thread, NULL, run_a_loop, &posting) == 0);
	while (!posting.loop)
		;
	was_taken = loop_post(posting.loop, "hold", hold_until_full, &posting);
	while (posting.ran == 0)
		;
	while (loop_post(posting.loop, "posted", note_post, &posting))
		posting.posted++;
	posting.ran = 2;
	loop_stop(posting.loop);
	pthread_join(thread, NULL);
	OK(was_taken);
	OK(posting.posted >= 1000);
	EQ_I64(posting.ran, posting.posted + 2);
}

/* Stops come at any moment of the loop's turn; one that is missed hangs here. */
TEST(a_stop_is_never_slept_through)
{
	for (int i = 0; i < 200; i++) {
		struct posting posting = { .posted = 0 };
		pthread_t thread;
		bool was_taken;

		OK(pthread_create(&thread, NULL, run_a_loop, &posting) == 0);
		while (!posting.loop)
			;
		was_taken = loop_post(posting.loop, "posted", note_post, &posting);
		for (volatile int spin = 0; spin < i * 20; spin = spin + 1)
			;
		loop_stop(posting.loop);
		pthread_join(thread, NULL);
		OK(was_taken);
		EQ_I64(posting.ran, 1);
	}
}
