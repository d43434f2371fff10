#include "sys/timers.h"

#include <assert.h>

#include <sys/mman.h>

enum {
	CHILDREN = 4,
	/* Address space only: pages come as they are touched. A process has no more
	 * descriptors than this by default, and each of them one timer. */
	TIMERS_MAX = 1 << 20,
};

static size_t
parent_of(size_t index)
{
	return (index - 2) / CHILDREN + 1;
}

static size_t
first_child_of(size_t index)
{
	return (index - 1) * CHILDREN + 2;
}

bool
timers_open(struct timers *timers)
{
	void *map = mmap(NULL, (TIMERS_MAX + 1) * sizeof(struct timers_entry),
		PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		0);

	if (map == MAP_FAILED)
		return false;
	*timers = (struct timers){ .entries = map, .earliest = INT64_MIN };
	return true;
}

void
timers_close(struct timers *timers)
{
	munmap(timers->entries, (TIMERS_MAX + 1) * sizeof(struct timers_entry));
}

static void
place(struct timers *timers, size_t index, struct timers_entry entry)
{
	timers->entries[index] = entry;
	entry.timer->heap_index = index;
}

/* Find the place of ENTRY at INDEX or above. */
static void
sift_up(struct timers *timers, size_t index, struct timers_entry entry)
{
	while (index > 1 && timers->entries[parent_of(index)].deadline > entry.deadline) {
		place(timers, index, timers->entries[parent_of(index)]);
		index = parent_of(index);
	}
	place(timers, index, entry);
}

/* Find the place of ENTRY at INDEX or below. */
static void
sift_down(struct timers *timers, size_t index, struct timers_entry entry)
{
	for (;;) {
		size_t child = first_child_of(index), least = child;
		size_t end = child + CHILDREN;

		if (child > timers->count)
			break;
		if (end > timers->count + 1)
			end = timers->count + 1;
		for (child = child + 1; child < end; child++) {
			if (timers->entries[child].deadline <
				timers->entries[least].deadline)
				least = child;
		}
		if (timers->entries[least].deadline >= entry.deadline)
			break;
		place(timers, index, timers->entries[least]);
		index = least;
	}
	place(timers, index, entry);
}

/* Put ENTRY where INDEX is free. */
static void
settle(struct timers *timers, size_t index, struct timers_entry entry)
{
	if (index > 1 && timers->entries[parent_of(index)].deadline > entry.deadline)
		sift_up(timers, index, entry);
	else
		sift_down(timers, index, entry);
}

void
timers_put(struct timers *timers, struct loop_timer *timer)
{
	struct timers_entry entry = { .deadline = timer->deadline, .timer = timer };

	if (entry.deadline < timers->earliest)
		entry.deadline = timers->earliest;
	if (timer->heap_index != 0) {
		settle(timers, timer->heap_index, entry);
		return;
	}
	assert(timers->count < TIMERS_MAX);
	sift_up(timers, ++timers->count, entry);
}

void
timers_remove(struct timers *timers, struct loop_timer *timer)
{
	size_t index = timer->heap_index;
	struct timers_entry last;

	if (index == 0)
		return;
	timer->heap_index = 0;
	last = timers->entries[timers->count--];
	if (last.timer != timer)
		settle(timers, index, last);
}

int64_t
timers_next(const struct timers *timers)
{
	return timers->count ? timers->entries[1].deadline : DEADLINE_NEVER;
}

void
timers_run(struct timers *timers, int64_t now)
{
	/* Or one that starts itself anew for a time past would never let go, and be the
	 * first each time. */
	timers->earliest = now + 1;
	while (timers_next(timers) <= now) {
		struct loop_timer *timer = timers->entries[1].timer;

		timers_remove(timers, timer);
		timer->fn(timer->arg);
	}
	timers->earliest = INT64_MIN;
}
