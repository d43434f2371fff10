#include "sys/timers.h"
#include "tests/tap.h"

enum { TIMERS = 200, STEPS = 20000 };

static size_t fired;
static int64_t last_fired;
static bool is_ordered;

static void
note_fired(void *arg)
{
	const struct loop_timer *timer = arg;

	fired++;
	is_ordered = is_ordered && timer->deadline >= last_fired;
	last_fired = timer->deadline;
}

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223; /* Numerical Recipes */
	return *state >> 8;
}

static int64_t
earliest(const struct loop_timer *all)
{
	int64_t ret = DEADLINE_NEVER;

	for (size_t i = 0; i < TIMERS; i++) {
		if (all[i].heap_index && all[i].deadline < ret)
			ret = all[i].deadline;
	}
	return ret;
}

static bool
is_heap(const struct timers *timers)
{
	for (size_t i = 2; i <= timers->count; i++) {
		if (timers->entries[i].deadline <
			timers->entries[(i - 2) / 4 + 1].deadline)
			return false;
	}
	return true;
}

TEST(the_next_timer_is_always_the_earliest)
{
	static struct loop_timer all[TIMERS];
	struct timers timers;
	uint32_t random_state = 1;
	size_t running = 0;

	OK(timers_open(&timers));
	for (int i = 0; i < STEPS; i++) {
		struct loop_timer *timer = &all[next_random(&random_state) % TIMERS];

		if (next_random(&random_state) % 3 == 0) {
			timers_remove(&timers, timer);
		} else {
			timer->deadline = next_random(&random_state) % 1000;
			timers_put(&timers, timer);
		}
		EQ_I64(timers_next(&timers), earliest(all));
		OK(is_heap(&timers));
	}
	for (size_t i = 0; i < TIMERS; i++) {
		all[i].fn = note_fired;
		all[i].arg = &all[i];
		running += all[i].heap_index != 0;
	}
	is_ordered = true;
	timers_run(&timers, 500);
	OK(fired > 0 && last_fired <= 500);
	timers_run(&timers, 1000);
	EQ_I64(fired, running);
	OK(is_ordered);
	EQ_I64(timers_next(&timers), DEADLINE_NEVER);
	timers_close(&timers);
}
