#include "sys/random.h"

#include <pthread.h>

#include "tests/tap.h"

static bool
is_before(struct uuid a, struct uuid b)
{
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) < 0;
}

static int64_t
ms_of(struct uuid uuid)
{
	int64_t ret = 0;

	for (size_t i = 0; i < 6; i++)
		ret = ret << 8 | uuid.bytes[i];
	return ret;
}

TEST(a_uuid_says_its_time_version_and_variant)
{
	/* The example of RFC 9562, appendix A.6: 2022-02-22 19:22:22 UTC. */
	struct uuid uuid = uuid_v7(1645557742000000);

	EQ_I64(ms_of(uuid), 0x017F22E279B0);
	EQ_I64(uuid.bytes[6] >> 4, 7);
	EQ_I64(uuid.bytes[8] >> 6, 2);
}

TEST(uuids_of_a_thread_rise_also_within_a_millisecond_and_for_times_a_little_back)
{
	const int64_t now_us = 1700000000000000;
	struct uuid before = uuid_v7(now_us);

	for (int i = 0; i < 100000; i++) {
		struct uuid uuid = uuid_v7(now_us + i / 100 - (i % 7) * 1000);

		OK(is_before(before, uuid));
		before = uuid;
	}
	/* A clock set back far is believed. */
	EQ_I64(ms_of(uuid_v7(now_us - 3600000000)), (now_us - 3600000000) / 1000);
}

enum { THREADS = 4, IDS = 5000 };

static struct uuid ids[THREADS][IDS];

static void *
make_ids(void *arg)
{
	struct uuid *mine = arg;

	for (size_t i = 0; i < IDS; i++)
		mine[i] = uuid_v7(1800000000000000);
	return NULL;
}

TEST(uuids_of_several_threads_in_one_millisecond_differ)
{
	pthread_t threads[THREADS];
	size_t next[THREADS] = { 0 };
	struct uuid before = { { 0 } };

	for (size_t i = 0; i < THREADS; i++)
		OK(pthread_create(&threads[i], NULL, make_ids, ids[i]) == 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	/* Each thread's are in order, so merging them shows two alike side by side. */
	for (size_t taken = 0; taken < THREADS * IDS; taken++) {
		size_t least = THREADS;

		for (size_t i = 0; i < THREADS; i++) {
			if (next[i] < IDS &&
				(least == THREADS ||
					is_before(ids[i][next[i]],
						ids[least][next[least]])))
				least = i;
		}
		OK(least < THREADS);
		OK(is_before(before, ids[least][next[least]]));
		before = ids[least][next[least]++];
	}
}

TEST(random_bytes_fill_all_that_was_asked_for)
{
	uint8_t bytes[1000];
	int zeros = 0;
	uint64_t any = 0, all = UINT64_MAX;

	memset(bytes, 0, sizeof(bytes));
	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		zeros += bytes[i] == 0;
	/* 4 are expected; 40 come once in 10^25 runs. */
	OK(zeros < 40);
	for (int i = 0; i < 200; i++) {
		uint64_t number = random_u64();

		any |= number;
		all &= number;
	}
	OK(any == UINT64_MAX && all == 0);
}
