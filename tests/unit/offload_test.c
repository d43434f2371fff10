#include <pthread.h>
#include <semaphore.h>

#include "sys/wait.h"
#include "tests/unit/fiber_test.h"

enum { QUEUE_MAX = 2 };

/* Calls that stay on the only thread of the pool until they are let go. */
struct gate {
	sem_t begun;
	sem_t go;
	_Atomic int calls;
};

static void
gate_init(struct gate *gate)
{
	sem_init(&gate->begun, 0, 0);
	sem_init(&gate->go, 0, 0);
	gate->calls = 0;
}

static void
pass_gate(void *arg)
{
	struct gate *gate = arg;

	gate->calls++;
	sem_post(&gate->begun);
	while (sem_wait(&gate->go) != 0)
		;
}

struct call {
	struct gate *gate;
	int64_t deadline;
	int code; /* of the error; -1: none */
	bool is_ended;
};

static void
call_gate(void *arg)
{
	struct call *call = arg;
	struct arena arena;
	struct ctx ctx = { .arena = &arena, .deadline = call->deadline };
	struct err *err;

	arena_init(&arena, 1 << 16);
	err = fiber_offload(&ctx, pass_gate, call->gate);
	call->code = err ? (int)err->code : -1;
	call->is_ended = true;
	arena_release(&arena);
}

/* Start a call and let it get as far as it can. */
static struct fiber *
start_call(struct call *call, struct gate *gate, int64_t deadline)
{
	struct fiber *ret;

	*call = (struct call){ .gate = gate, .deadline = deadline };
	ret = fiber_spawn("caller", call_gate, call);
	fiber_yield();
	return ret;
}

static void
exhaust_pool(void *arg)
{
	struct gate *gate = arg;
	struct call calls[4];
	int64_t bound = clock_deadline_ms(HANG_BOUND_MS);

	OK(start_call(&calls[0], gate, bound));
	while (sem_wait(&gate->begun) != 0)
		;
	OK(start_call(&calls[1], gate, bound));
	OK(start_call(&calls[2], gate, clock_deadline_ms(10)));
	OK(start_call(&calls[3], gate, bound));
	/* One runs, two wait, the fourth is refused at once. */
	OK(calls[3].is_ended);
	EQ_I64(calls[3].code, ERR_BUSY);
	EQ_I64(loop_counters(loop_current()).offloads_refused, 1);
	EQ_I64(loop_counters(loop_current()).offloads, 3);
	/* The third is taken back at its deadline, which makes room. */
	while (!calls[2].is_ended)
		(void)fiber_sleep_until(clock_deadline_ms(1));
	EQ_I64(calls[2].code, ERR_TIMEOUT);
	OK(start_call(&calls[3], gate, bound));
	OK(!calls[3].is_ended);
	for (int i = 0; i < 3; i++)
		sem_post(&gate->go);
	join_all();
	EQ_I64(calls[0].code, -1);
	EQ_I64(calls[1].code, -1);
	EQ_I64(calls[3].code, -1);
	EQ_I64(gate->calls, 3);
}

TEST(a_full_pool_is_busy_and_calls_past_their_deadline_are_taken_back)
{
	struct loop_options options = { .offload_threads = 1,
		.offload_queue_max = QUEUE_MAX };
	struct gate gate;

	gate_init(&gate);
	run_in_loop_with(options, exhaust_pool, &gate);
}

static void
outlast_deadline(void *arg)
{
	struct gate *gate = arg;
	struct call call;
	struct fiber *fiber = start_call(&call, gate, clock_deadline_ms(1));

	OK(fiber);
	while (sem_wait(&gate->begun) != 0)
		;
	EQ_I64(fiber_sleep_until(clock_deadline_ms(5)), WAIT_TIMED_OUT);
	OK(!call.is_ended);
	fiber_cancel(fiber);
	fiber_yield();
	OK(!call.is_ended);
	sem_post(&gate->go);
	join_all();
	EQ_I64(call.code, -1);
}

TEST(a_call_that_has_begun_is_waited_for_past_deadline_and_cancelling)
{
	struct gate gate;

	gate_init(&gate);
	run_in_loop_with(
		(struct loop_options){ .offload_threads = 1 }, outlast_deadline, &gate);
}

static void
cancel_queued(void *arg)
{
	struct gate *gate = arg;
	struct call running, queued;
	struct fiber *fiber;

	OK(start_call(&running, gate, clock_deadline_ms(HANG_BOUND_MS)));
	while (sem_wait(&gate->begun) != 0)
		;
	fiber = start_call(&queued, gate, DEADLINE_NEVER);
	OK(fiber);
	fiber_cancel(fiber);
	fiber_yield();
	OK(queued.is_ended);
	EQ_I64(queued.code, ERR_TIMEOUT);
	sem_post(&gate->go);
	join_all();
	EQ_I64(gate->calls, 1);
}

TEST(a_cancelled_call_that_waits_is_taken_back)
{
	struct gate gate;

	gate_init(&gate);
	run_in_loop_with(
		(struct loop_options){ .offload_threads = 1 }, cancel_queued, &gate);
}

static void
note_thread(void *arg)
{
	*(pthread_t *)arg = pthread_self();
}

struct thread_note {
	pthread_t thread;
	int *done;
};

static void
call_and_count(void *arg)
{
	struct thread_note *note = arg;
	struct arena arena;
	struct ctx ctx = { .arena = &arena,
		.deadline = clock_deadline_ms(HANG_BOUND_MS) };

	arena_init(&arena, 1 << 16);
	if (!fiber_offload(&ctx, note_thread, &note->thread))
		*note->done += !pthread_equal(note->thread, pthread_self());
	arena_release(&arena);
}

FIBER_TEST(many_calls_run_on_threads_of_the_pool)
{
	static struct thread_note notes[200];
	int done = 0;

	for (size_t i = 0; i < COUNT_OF(notes); i++) {
		notes[i].done = &done;
		OK(fiber_spawn("caller", call_and_count, &notes[i]));
	}
	join_all();
	EQ_I64(done, COUNT_OF(notes));
}

TEST(outside_a_fiber_a_call_runs_at_once)
{
	struct ctx ctx = { .arena = NULL };
	pthread_t thread;

	OK_ERR(fiber_offload(&ctx, note_thread, &thread));
	OK(pthread_equal(thread, pthread_self()));
}
