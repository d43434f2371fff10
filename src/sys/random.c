#include "sys/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/random.h>

#include "base/ctx.h"

enum {
	STORE_BYTES = 512,
	UUID_LATENESS_MS_MAX = 10000,
};

/* Bytes fetched ahead, as a system call for each id would cost more than the id. */
static _Thread_local struct {
	uint8_t bytes[STORE_BYTES];
	size_t left;
} store;

/* The newest id of this thread: its time, then 74 bits that count within it. */
static _Thread_local struct {
	int64_t ms;
	uint16_t high; /* 12 bits */
	uint64_t low;  /* 62 bits */
} newest = { .ms = -1 };

void
random_bytes(void *ret, size_t len)
{
	uint8_t *next = ret;

	while (len > 0) {
		ssize_t got = getrandom(next, len, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			perror("gridiron: getrandom");
			abort();
		}
		next += got;
		len -= (size_t)got;
	}
}

uint64_t
random_u64(void)
{
	uint64_t ret;

	if (store.left < sizeof(ret)) {
		random_bytes(store.bytes, sizeof(store.bytes));
		store.left = sizeof(store.bytes);
	}
	store.left -= sizeof(ret);
	memcpy(&ret, store.bytes + store.left, sizeof(ret));
	/* What was given out is not kept. */
	memset(store.bytes + store.left, 0, sizeof(ret));
	return ret;
}

/* Set the counting bits for the next id of the newest millisecond. */
static void
count_on(void)
{
	newest.low += 1 + (random_u64() >> 32);
	if (newest.low >> 62 == 0)
		return;
	newest.low &= UINT64_MAX >> 2;
	newest.high++;
	if (newest.high >> 12 == 0)
		return;
	newest.high = 0;
	newest.ms++;
}

static void
begin_millisecond(int64_t ms)
{
	newest.ms = ms;
	/* The top bit begins clear, which leaves 2^73 steps before the time must be
	 * moved. */
	newest.high = (uint16_t)(random_u64() >> 53);
	newest.low = random_u64() >> 2;
}

struct uuid
uuid_v7(int64_t now_us)
{
	int64_t ms = now_us / MICROSECONDS_PER_MS;
	struct uuid ret;

	if (ms <= newest.ms && newest.ms - ms <= UUID_LATENESS_MS_MAX)
		count_on();
	else
		begin_millisecond(ms);

	for (size_t i = 0; i < 6; i++)
		ret.bytes[i] = (uint8_t)(newest.ms >> (40 - 8 * i));
	ret.bytes[6] = (uint8_t)(0x70 | newest.high >> 8);
	ret.bytes[7] = (uint8_t)newest.high;
	for (size_t i = 0; i < 8; i++)
		ret.bytes[8 + i] = (uint8_t)(newest.low >> (56 - 8 * i));
	ret.bytes[8] |= 0x80;
	return ret;
}
