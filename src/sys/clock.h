/* Time. Work takes its time from ctx->now; only the edges read the clock. */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include "base/compiler.h"

#define NANOSECONDS_PER_MS     INT64_C(1000000)
#define NANOSECONDS_PER_SECOND INT64_C(1000000000)

/* Microseconds since 1970 UTC. May jump when the operator sets the clock. */
int64_t clock_now_us(void);

/* Nanoseconds since some moment in the past; never goes back. Deadlines are of this
 * clock. */
int64_t clock_monotonic_ns(void);

/* The same clock as of the kernel's last tick, some 4 ms old: a quarter of the cost. */
int64_t clock_coarse_ns(void);

/* The deadline MILLISECONDS from now; DEADLINE_NEVER where that is past all counting. */
int64_t clock_deadline_ms(int64_t milliseconds);

#endif
