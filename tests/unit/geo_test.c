/* Where addresses are, from files that MaxMind's own writer made. */
#include <fcntl.h>
#include <unistd.h>

#include "codec/geo.h"
#include "tests/support/places_file.h"
#include "tests/tap.h"

enum { ARENA_BYTES = 1 << 16, FILE_BYTES_MAX = 4096 };

/* Where there is no writer nothing can be tried. */
#define MADE_OR_SKIP(kind, ret)                                       \
	do {                                                          \
		*(ret) = places_file_make(kind);                      \
		if (!*(ret))                                          \
			SKIP("libmaxmind-db-writer-perl is missing"); \
	} while (0)

static struct str
place(const struct geo *geo, struct arena *arena, const char *address)
{
	struct str found = geo_place(geo, arena, str_from(address));

	return str_is_none(found) ? STR("-") : found;
}

TEST(an_address_is_told_by_city_and_country_in_english)
{
	struct arena arena;
	const char *path;
	struct geo *geo;

	arena_init(&arena, ARENA_BYTES);
	MADE_OR_SKIP("Test-City", &path);
	OK_ERR(geo_open(&arena, path, &geo));
	EQ_STR(geo_kind(geo), STR("Test-City"));
	EQ_STR(place(geo, &arena, "127.0.0.1"), STR("Green Bay, United States"));
	EQ_STR(place(geo, &arena, "127.255.0.1"), STR("Green Bay, United States"));
	EQ_STR(place(geo, &arena, "2001:db8::7"), STR("São Paulo, Brazil"));
	EQ_STR(place(geo, &arena, "198.51.100.4"), STR("Canada"));
	EQ_STR(place(geo, &arena, "203.0.113.4"), STR("Nowhere"));
	/* Named in another language only; not in the file; no address. */
	EQ_STR(place(geo, &arena, "192.0.2.1"), STR("-"));
	EQ_STR(place(geo, &arena, "8.8.8.8"), STR("-"));
	EQ_STR(place(geo, &arena, "2001:db9::7"), STR("-"));
	EQ_STR(place(geo, &arena, "somewhere"), STR("-"));
	EQ_STR(place(NULL, &arena, "127.0.0.1"), STR("-"));
	OK(str_is_none(geo_place(geo, &arena, STR_NONE)));
	geo_close(geo);
	arena_release(&arena);
}

TEST(a_file_of_something_else_is_refused_in_words)
{
	struct arena arena;
	const char *path;
	struct geo *geo;
	struct err *err;

	arena_init(&arena, ARENA_BYTES);
	MADE_OR_SKIP("Test-ASN", &path);
	err = geo_open(&arena, path, &geo);
	OK(err && err->code == ERR_INVALID &&
		str_find(err->message, STR("'Test-ASN'")) > 0);
	FAILS_WITH(geo_open(&arena, "/nowhere/at-all.mmdb", &geo), ERR_NOT_FOUND);
	FAILS_WITH(geo_open(&arena, "/etc/passwd", &geo), ERR_INVALID);
	arena_release(&arena);
}

/* Whatever is cut off or overwritten, no place or an error comes of it, and no crash. */
TEST(a_damaged_file_is_refused_or_tells_no_place)
{
	static const char *const addresses[] = { "127.0.0.1", "2001:db8::7",
		"198.51.100.4" };
	char bytes[FILE_BYTES_MAX];
	struct arena arena;
	const char *path;
	struct geo *geo;
	ssize_t size;
	int fd;

	MADE_OR_SKIP("Test-City", &path);
	fd = open(path, O_RDWR);
	size = read(fd, bytes, sizeof(bytes));
	OK(size > 1000 && size < (ssize_t)sizeof(bytes));
	for (ssize_t at = 0; at < size; at++) {
		char damaged = (char)(bytes[at] ^ 0x5a);

		arena_init(&arena, ARENA_BYTES);
		OK(pwrite(fd, &damaged, 1, at) == 1);
		if (!geo_open(&arena, path, &geo)) {
			for (size_t i = 0; i < COUNT_OF(addresses); i++)
				(void)geo_place(geo, &arena, str_from(addresses[i]));
			geo_close(geo);
		}
		OK(pwrite(fd, &bytes[at], 1, at) == 1);
		arena_release(&arena);
	}
	for (ssize_t keep = size - 1; keep >= 0; keep -= 7) {
		arena_init(&arena, ARENA_BYTES);
		OK(ftruncate(fd, keep) == 0);
		if (!geo_open(&arena, path, &geo)) {
			(void)geo_place(geo, &arena, STR("127.0.0.1"));
			geo_close(geo);
		}
		arena_release(&arena);
	}
	close(fd);
}
