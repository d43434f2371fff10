#include "sys/clock.h"

#include <time.h>

#include "base/ctx.h"

enum {
	NANOSECONDS_PER_MICROSECOND = 1000,
};

int64_t
clock_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * MICROSECONDS_PER_SECOND +
		now.tv_nsec / NANOSECONDS_PER_MICROSECOND;
}

int64_t
clock_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NANOSECONDS_PER_SECOND + now.tv_nsec;
}

int64_t
clock_coarse_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * NANOSECONDS_PER_SECOND + now.tv_nsec;
}

int64_t
clock_deadline_ms(int64_t milliseconds)
{
	int64_t wait_ns, deadline;

	if (__builtin_mul_overflow(milliseconds, NANOSECONDS_PER_MS, &wait_ns) ||
		__builtin_add_overflow(clock_monotonic_ns(), wait_ns, &deadline))
		return milliseconds < 0 ? 0 : DEADLINE_NEVER;
	return deadline;
}
