#include "tests/tap.h"

#include "base/buf.h"
#include "base/ctx.h"
#include "base/histogram.h"
#include "base/map.h"
#include "base/num.h"
#include "base/vec.h"

TEST(what_an_arena_gives_is_zero_however_large)
{
	enum { LARGE = 3 << 20 };
	struct arena arena;

	arena_init(&arena, 4 * LARGE);
	/* After a reset memory has been used before. */
	for (int round = 0; round < 3; round++) {
		for (size_t size = LARGE; size > 1000; size /= 7) {
			char *at = arena_alloc(&arena, size);
			size_t i = 0;

			while (at && i < size && at[i] == 0)
				i++;
			OK_OR(at && i == size, "byte %zu of %zu", i, size);
			memset(at, 0xff, size);
		}
		arena_reset(&arena);
	}
	arena_release(&arena);
}

TEST(arena_refuses_beyond_its_cap)
{
	struct arena arena;

	arena_init(&arena, 10000);
	OK(arena_alloc(&arena, 5000) != NULL);
	OK(arena_alloc(&arena, 6000) == NULL);
	OK(arena_alloc_array(&arena, SIZE_MAX / 2, 4) == NULL);
	OK(arena_alloc(&arena, SIZE_MAX - 8) == NULL);
	arena_release(&arena);
}

TEST(arena_rewind_gives_the_same_place_again)
{
	struct arena arena;
	struct arena_mark mark;
	void *before;

	arena_init(&arena, 1 << 20);
	OK(arena_alloc(&arena, 100) != NULL);
	mark = arena_mark(&arena);
	before = arena_alloc(&arena, 64);
	OK(arena_alloc(&arena, 50000) != NULL);
	arena_rewind(&arena, mark);
	OK(arena_alloc(&arena, 64) == before);
	arena_release(&arena);
}

/* Who marks and rewinds at the end of a block does not take the next from the system each
 * time: a row of a batch cost a block of a MiB. */
TEST(arena_rewound_at_the_end_of_a_block_keeps_the_next)
{
	struct arena arena;
	struct arena_mark mark;
	void *before;
	size_t used;

	arena_init(&arena, 1 << 20);
	OK(arena_alloc(&arena, 4000) != NULL);
	mark = arena_mark(&arena);
	before = arena_alloc(&arena, 1000);
	used = arena.used_bytes;
	for (int i = 0; i < 3; i++) {
		arena_rewind(&arena, mark);
		EQ_I64(arena.used_bytes, used);
		OK(arena_alloc(&arena, 1000) == before);
	}
	arena_release(&arena);
	EQ_I64(arena.used_bytes, 0);
}

TEST(arena_gives_up_what_it_keeps_at_its_cap)
{
	struct arena arena;
	struct arena_mark mark;

	arena_init(&arena, 64 << 10);
	OK(arena_alloc(&arena, 100) != NULL);
	mark = arena_mark(&arena);
	OK(arena_alloc(&arena, 30000) != NULL);
	arena_rewind(&arena, mark);
	OK(arena_alloc(&arena, 60000) != NULL);
	OK(arena.used_bytes <= 64 << 10);
	arena_release(&arena);
}

TEST(arena_memory_is_zeroed_after_reuse)
{
	struct arena arena;
	char *ptr;

	arena_init(&arena, 1 << 20);
	ptr = arena_alloc(&arena, 64);
	memset(ptr, 7, 64);
	arena_reset(&arena);
	ptr = arena_alloc(&arena, 64);
	for (int i = 0; i < 64; i++)
		OK(ptr[i] == 0);
	arena_release(&arena);
}

TEST(arena_keeps_no_more_than_one_small_block_when_reset)
{
	struct arena arena;

	arena_init(&arena, 64 << 20);
	for (int i = 0; i < 100; i++)
		OK(arena_alloc(&arena, 100000) != NULL);
	arena_reset(&arena);
	OK(arena.used_bytes <= 1 << 16);
	OK(arena_alloc(&arena, 1000) != NULL);
	arena_reset(&arena);
	OK(arena.used_bytes > 0 && arena.used_bytes <= 1 << 16);
	arena_release(&arena);
}

TEST(a_buf_grows_where_it_is_while_nothing_stands_behind_it)
{
	struct arena arena;
	struct buf buf;
	char *before;

	arena_init(&arena, 1 << 20);
	OK(arena_alloc(&arena, 3000) != NULL);
	buf_init(&buf, &arena, 1 << 16);
	for (int i = 0; i < 300; i++)
		buf_put_char(&buf, 'a');
	before = buf.ptr;
	for (int i = 0; i < 400; i++)
		buf_put_char(&buf, 'b');
	OK(buf.ptr == before && buf.len == 700);
	OK(arena_alloc(&arena, 16) != NULL);
	for (int i = 0; i < 2000; i++)
		buf_put_char(&buf, 'c');
	OK(buf.ptr != before && buf.len == 2700);
	OK(buf.ptr[0] == 'a' && buf.ptr[699] == 'b' && buf.ptr[2699] == 'c');
	arena_release(&arena);
}

TEST(buf_remembers_that_it_was_cut)
{
	char storage[8];
	struct buf buf;

	buf_init_fixed(&buf, storage, sizeof(storage));
	buf_put(&buf, STR("12345"));
	OK(!buf_is_cut(&buf));
	buf_put(&buf, STR("6789"));
	OK(buf_is_cut(&buf));
	EQ_STR(buf_str(&buf), STR("12345"));
}

TEST(buf_writes_the_extremes_of_integers)
{
	char storage[64];
	struct buf buf;

	buf_init_fixed(&buf, storage, sizeof(storage));
	buf_put_i64(&buf, INT64_MIN);
	buf_put_char(&buf, ' ');
	buf_put_i64(&buf, INT64_MAX);
	buf_put_i64(&buf, 0);
	EQ_STR(buf_str(&buf), STR("-9223372036854775808 92233720368547758070"));
}

TEST(numbers_out_of_range_or_malformed_are_refused)
{
	static const char *bad[] = { "", "-", "+", " 1", "1 ", "0x10",
		"9223372036854775808", "1.0", "1e3" };
	int64_t value = 77;
	double real = 77;

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		OK_OR(!num_parse_i64(str_from(bad[i]), INT64_MIN, INT64_MAX, &value),
			"took '%s'", bad[i]);
	EQ_I64(value, 77);
	OK(num_parse_i64(STR("-9223372036854775808"), INT64_MIN, INT64_MAX, &value));
	EQ_I64(value, INT64_MIN);
	OK(!num_parse_i64(STR("41"), 0, 40, &value));
	OK(!num_parse_f64(STR("nan"), &real) && !num_parse_f64(STR("inf"), &real));
	OK(!num_parse_f64(STR("1e999"), &real) && !num_parse_f64(STR("1.2.3"), &real));
	OK(num_parse_f64(STR("-3.5"), &real));
	NEAR(real, -3.5, 0);
}

TEST(utf8_refuses_overlong_forms_and_surrogates)
{
	OK(str_is_utf8(STR("Ünïcödé 🏈 \xf4\x8f\xbf\xbf")));
	OK(!str_is_utf8(STR("\xc0\xaf")));
	OK(!str_is_utf8(STR("\xe0\x80\xaf")));
	OK(!str_is_utf8(STR("\xed\xa0\x80")));
	OK(!str_is_utf8(STR("\xf4\x90\x80\x80")));
	OK(!str_is_utf8(STR("\xe2\x82")));
}

TEST(text_is_split_trimmed_and_measured)
{
	struct str rest = STR("a,,c"), part;

	OK(str_next(&rest, ',', &part));
	EQ_STR(part, STR("a"));
	OK(str_next(&rest, ',', &part));
	EQ_STR(part, STR(""));
	OK(str_next(&rest, ',', &part));
	EQ_STR(part, STR("c"));
	OK(!str_next(&rest, ',', &part));
	EQ_STR(str_trim(STR(" \tx y\r\n")), STR("x y"));
	EQ_I64(str_distance(STR("kitten"), STR("sitting")), 3);
	EQ_I64(str_find(STR("gridiron"), STR("iron")), 4);
	OK(str_cmp(STR("a"), STR("ab")) < 0);
}

TEST(map_finds_what_was_put)
{
	struct arena arena;
	struct map map;
	int values[1000];

	arena_init(&arena, 1 << 20);
	map_init(&map, &arena);
	OK(!map_find(&map, STR("absent")));
	for (int i = 0; i < 1000; i++)
		OK(map_put(&map, str_fmt(&arena, "key %d", i), &values[i]));
	for (int i = 0; i < 1000; i++)
		OK(map_find(&map, str_fmt(&arena, "key %d", i)) == &values[i]);
	EQ_I64(map.count, 1000);
	OK(!map_find(&map, STR("key 1000")));
	arena_release(&arena);
}

TEST(vec_keeps_its_items_as_it_grows)
{
	struct arena arena;
	struct {
		VEC_OF(int)
	} vec = { 0 };

	arena_init(&arena, 1 << 20);
	for (int i = 0; i < 1000; i++)
		OK(VEC_PUSH(&arena, &vec, i));
	for (int i = 0; i < 1000; i++)
		EQ_I64(vec.items[i], i);
	arena_release(&arena);
}

static struct err *
fail_below(struct ctx *ctx)
{
	return err_new(ctx, ERR_CONFLICT, "code %d is taken", 7);
}

static struct err *
fail_above(struct ctx *ctx)
{
	TRY_CTX(fail_below(ctx), "while doing %s", "this");
	return NULL;
}

TEST(an_error_carries_its_message_and_its_notes)
{
	struct arena arena;
	struct ctx ctx = { .arena = &arena };
	struct err *err;

	arena_init(&arena, 1 << 16);
	err = fail_above(&ctx);
	OK(err && err->code == ERR_CONFLICT);
	EQ_STR(err->message, STR("code 7 is taken"));
	EQ_STR(err->notes->text, STR("while doing this"));
	EQ_I64(err_http_status(err->code), 409);
	arena_release(&arena);
}

TEST(an_error_without_memory_is_still_an_error)
{
	struct arena arena;
	struct ctx ctx = { .arena = &arena };

	arena_init(&arena, 0);
	FAILS_WITH(fail_above(&ctx), ERR_TOO_LARGE);
}

TEST(histogram_buckets_hold_what_their_bounds_say)
{
	struct histogram histogram = { 0 };

	for (size_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		uint64_t bound = histogram_bound_ns(i);

		histogram_record(&histogram, (int64_t)bound);
		EQ_I64(histogram.counts[i], 1);
		OK(i == 0 || bound > histogram_bound_ns(i - 1));
	}
	histogram_record(&histogram, INT64_MAX);
	EQ_I64(histogram.counts[HISTOGRAM_BUCKETS - 1], 1);
	EQ_I64(histogram.count, HISTOGRAM_BUCKETS);
	OK(histogram_quantile_ns(&histogram, 0.5) >= histogram_bound_ns(19));
}
