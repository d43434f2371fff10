#include "tests/tap.h"

#include "codec/gzip.h"

static struct str
sample(struct arena *arena, size_t len)
{
	char *text = arena_alloc_text(arena, len);
	uint32_t state = 1;

	/* Half random, so that neither the bytes nor the lengths are trivial. */
	for (size_t i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		text[i] = i % 2 ? (char)(state >> 24) : 'a';
	}
	return (struct str){ .ptr = text, .len = len };
}

TEST(what_is_compressed_expands_to_the_same)
{
	static const size_t lengths[] = { 0, 1, 100, 4095, 4096, 4097, 8192, 100000 };
	struct str packed, back;
	struct arena arena;

	arena_init(&arena, 1 << 24);
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		struct str data = sample(&arena, lengths[i]);

		OK_ERR(gzip_compress(&arena, data, &packed));
		OK_ERR(gzip_expand(&arena, packed, lengths[i], &back));
		OK(str_eq(back, data));
	}
	arena_release(&arena);
}

TEST(members_in_a_row_expand_to_one_text)
{
	struct str one, two, both, back;
	struct arena arena;
	char *joined;

	arena_init(&arena, 1 << 20);
	OK_ERR(gzip_compress(&arena, STR("first, "), &one));
	OK_ERR(gzip_compress(&arena, STR("second"), &two));
	joined = arena_alloc_text(&arena, one.len + two.len);
	memcpy(joined, one.ptr, one.len);
	memcpy(joined + one.len, two.ptr, two.len);
	both = (struct str){ .ptr = joined, .len = one.len + two.len };
	OK_ERR(gzip_expand(&arena, both, 100, &back));
	EQ_STR(back, STR("first, second"));
	arena_release(&arena);
}

TEST(content_over_the_limit_is_refused)
{
	struct str packed, back = STR("untouched");
	struct arena arena;

	arena_init(&arena, 1 << 24);
	OK_ERR(gzip_compress(&arena, sample(&arena, 10000), &packed));
	FAILS_WITH(gzip_expand(&arena, packed, 9999, &back), ERR_TOO_LARGE);
	FAILS_WITH(gzip_expand(&arena, packed, 0, &back), ERR_TOO_LARGE);
	EQ_STR(back, STR("untouched"));
	arena_release(&arena);
}

TEST(data_cut_short_or_damaged_is_refused)
{
	struct str packed, back;
	struct arena arena;
	char *damaged;

	arena_init(&arena, 1 << 24);
	OK_ERR(gzip_compress(&arena, sample(&arena, 5000), &packed));
	for (size_t len = 0; len < packed.len; len += 7)
		FAILS_WITH(gzip_expand(&arena, str_slice(packed, 0, len), 100000, &back),
			ERR_INVALID);
	damaged = arena_alloc_text(&arena, packed.len);
	memcpy(damaged, packed.ptr, packed.len);
	damaged[packed.len - 6] ^= 1; /* in the checksum */
	FAILS_WITH(gzip_expand(&arena, (struct str){ .ptr = damaged, .len = packed.len },
			   100000, &back),
		ERR_INVALID);
	FAILS_WITH(
		gzip_expand(&arena, STR("not gzip at all"), 100000, &back), ERR_INVALID);
	arena_release(&arena);
}
