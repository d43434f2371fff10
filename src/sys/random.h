/* Unpredictable numbers, from the kernel. */
#ifndef SYS_RANDOM_H
#define SYS_RANDOM_H

#include "base/id.h"

/* LEN unpredictable bytes, fit for keys and tokens. Ends the process where the kernel has
 * none to give, since nothing safe can follow. */
void random_bytes(void *ret, size_t len);

/* For jitter and choices; from a store of the thread, so cheap. */
uint64_t random_u64(void);

/*
 * A new UUID of version 7 (RFC 9562 §5.7) for NOW_US, microseconds UTC. Those a thread
 * makes rise: within a millisecond by a random step (§6.2, method 2), and a time up to
 * 10 s behind the newest counts as the newest, since requests that began earlier go on
 * making ids. 32 bits of each step are unpredictable: never use an id as a secret.
 */
struct uuid uuid_v7(int64_t now_us);

#endif
