#include <pthread.h>
#include <stdatomic.h>

#include "api/rate_table.h"
#include "codec/ip.h"
#include "tests/tap.h"

enum {
	ARENA_BYTES = 64 << 20,
	THREADS = 4,
	TRIES = 600000, /* a thread: enough to meet the others */
	LIMIT = 300000,
	KEYS = 3,
	FLOOD = 1000000,
};

#define NOW    (INT64_C(1700000000) * 1000000)
#define SECOND INT64_C(1000000)

static struct rate_key
key_of(uint32_t number)
{
	struct rate_key key = { .kind = 1 };

	memcpy(key.bytes, &number, sizeof(number));
	return key;
}

TEST(as_many_pass_as_the_limit_says_and_are_told_what_is_left)
{
	struct rate_key key = key_of(1);
	struct rate_table *table;
	struct rate_taken taken;
	struct arena arena;

	arena_init(&arena, ARENA_BYTES);
	table = rate_table_new(&arena, 100);
	OK(table);
	for (uint32_t i = 0; i < 10; i++) {
		taken = rate_take(table, &key, 10, NOW + i * SECOND);
		OK(taken.is_allowed);
		EQ_I64(taken.remaining, 9 - i);
		EQ_I64(taken.reset_s, 3600 - i);
	}
	taken = rate_take(table, &key, 10, NOW + 3599 * SECOND);
	OK(!taken.is_allowed);
	EQ_I64(taken.reset_s, 1);
	/* A better plan counts at once. */
	OK(rate_take(table, &key, 100, NOW + 3599 * SECOND).is_allowed);
	taken = rate_take(table, &key, 10, NOW + 3600 * SECOND);
	OK(taken.is_allowed);
	EQ_I64(taken.remaining, 9);
	EQ_I64(taken.reset_s, 3600);
	/* A clock that is set back gives nothing and takes nothing. */
	taken = rate_take(table, &key, 10, NOW);
	OK(taken.is_allowed);
	EQ_I64(taken.remaining, 8);
	EQ_I64(taken.reset_s, 3600);
	arena_release(&arena);
}

static struct rate_table *shared;
static _Atomic uint64_t passed[KEYS];
static pthread_barrier_t start;

static void *
take_many(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&start);
	for (uint32_t i = 0; i < TRIES; i++) {
		struct rate_key key = key_of(i % KEYS);

		if (rate_take(shared, &key, LIMIT, NOW).is_allowed)
			atomic_fetch_add(&passed[i % KEYS], 1);
	}
	return NULL;
}

TEST(of_many_at_once_on_several_threads_exactly_the_limit_passes)
{
	pthread_t threads[THREADS];
	struct arena arena;

	arena_init(&arena, ARENA_BYTES);
	shared = rate_table_new(&arena, 100);
	OK(shared);
	OK(pthread_barrier_init(&start, NULL, THREADS) == 0);
	for (size_t i = 0; i < THREADS; i++)
		OK(pthread_create(&threads[i], NULL, take_many, NULL) == 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < KEYS; i++)
		EQ_I64(passed[i], LIMIT);
	arena_release(&arena);
}

TEST(a_flood_of_addresses_takes_no_more_memory_and_frees_nobody_at_his_limit)
{
	struct rate_key regular = key_of(UINT32_MAX);
	struct rate_table *table;
	struct arena arena;
	size_t before;

	arena_init(&arena, ARENA_BYTES);
	table = rate_table_new(&arena, 4096);
	OK(table);
	before = arena.used_bytes;
	for (uint32_t i = 0; i < 10; i++)
		OK(rate_take(table, &regular, 10, NOW).is_allowed);
	for (uint32_t i = 0; i < FLOOD; i++) {
		struct rate_key key = key_of(i);

		(void)rate_take(table, &key, 10, NOW);
	}
	OK(!rate_take(table, &regular, 10, NOW).is_allowed);
	EQ_I64(arena.used_bytes, before);
	OK(rate_table_counters(table).held <= 4096);
	OK(rate_table_counters(table).evicted > FLOOD / 2);
	arena_release(&arena);
}

static struct ip
ip(const char *text)
{
	struct ip parsed = { { 0 } };

	if (!ip_parse(str_from(text), &parsed))
		tap_fail(__FILE__, __LINE__, "'%s' is no address", text);
	return parsed;
}

static bool
has(const char *block, const char *address)
{
	struct ip_block parsed = { .bits = 0 };

	if (!ip_block_parse(str_from(block), &parsed))
		tap_fail(__FILE__, __LINE__, "'%s' is no block", block);
	return ip_block_has(&parsed, ip(address));
}

TEST(addresses_of_both_versions_lie_in_blocks)
{
	static const char *const wrong[] = { "", "1.2.3", "1.2.3.4.5", "::g",
		"1.2.3.4/33", "::/129", "1.2.3.4/", "1.2.3.4/-1", "example.org", "/8" };
	struct ip_block block;

	OK(has("10.0.0.0/8", "10.255.0.1"));
	OK(!has("10.0.0.0/8", "11.0.0.1"));
	OK(has("10.0.0.0/8", "::ffff:10.1.2.3"));
	OK(has("192.0.2.128/25", "192.0.2.200"));
	OK(!has("192.0.2.128/25", "192.0.2.100"));
	OK(has("127.0.0.1", "127.0.0.1"));
	OK(!has("127.0.0.1", "127.0.0.2"));
	OK(has("2001:db8::/33", "2001:db8:7fff::1"));
	OK(!has("2001:db8::/33", "2001:db8:8000::1"));
	OK(has("0.0.0.0/0", "8.8.8.8"));
	OK(!has("0.0.0.0/0", "2001:db8::1"));
	OK(has("::/0", "8.8.8.8"));
	OK(has("fe80::/10", "fe80::1%eth0"));
	OK(has("::1", "[::1]"));
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		OK_OR(!ip_block_parse(str_from(wrong[i]), &block), "'%s' is a block",
			wrong[i]);
}

TEST(a_customer_is_an_address_of_version_4_or_a_64_of_version_6)
{
	struct ip a = ip_customer(ip("192.0.2.1")), b = ip_customer(ip("192.0.2.2"));
	struct ip c = ip_customer(ip("2001:db8::1")), d = ip_customer(ip("2001:db8::2"));
	struct ip e = ip_customer(ip("2001:db8:0:1::1"));

	OK(memcmp(&a, &b, sizeof(a)) != 0);
	OK(memcmp(&c, &d, sizeof(c)) == 0);
	OK(memcmp(&c, &e, sizeof(c)) != 0);
	OK(ip_is_loopback(ip("127.9.9.9")) && ip_is_loopback(ip("::1")));
	OK(!ip_is_loopback(ip("::2")) && !ip_is_loopback(ip("128.0.0.1")));
}
