/* QR codes: the picture has the modules of the code, and nothing of the text. */
#include <stdlib.h>

#include "codec/qr.h"
#include "tests/tap.h"

enum {
	SIZE_MAX_MODULES = 200,
};

/* The picture as modules: 1 is dark. */
struct picture {
	int size;
	char dark[SIZE_MAX_MODULES][SIZE_MAX_MODULES];
};

static int
number_at(const char **text)
{
	char *end;
	long value = strtol(*text, &end, 10);

	*text = end;
	return (int)value;
}

/* Read "M4 4h7v1h-7z…" as it is written. */
static bool
picture_read(struct str svg, struct picture *ret)
{
	ptrdiff_t box = str_find(svg, STR("viewBox=\"0 0 "));
	ptrdiff_t path = str_find(svg, STR("<path d=\""));
	const char *at;

	if (box < 0 || path < 0)
		return false;
	at = svg.ptr + box + 13;
	ret->size = number_at(&at);
	for (at = svg.ptr + path + 9; *at == 'M';) {
		int x, y, width;

		at++;
		x = number_at(&at);
		y = number_at(&at);
		if (*at++ != 'h')
			return false;
		width = number_at(&at);
		for (int i = 0; i < width; i++)
			ret->dark[y][x + i] = 1;
		while (*at && *at != 'z')
			at++;
		at++;
	}
	return *at == '"';
}

/* The square in three of the corners, by which a camera finds the code. */
static bool
has_finder(const struct picture *picture, int x, int y)
{
	static const char *const want[] = { "1111111", "1000001", "1011101", "1011101",
		"1011101", "1000001", "1111111" };

	for (int row = 0; row < 7; row++) {
		for (int column = 0; column < 7; column++) {
			if (picture->dark[y + row][x + column] != want[row][column] - '0')
				return false;
		}
	}
	return true;
}

TEST(a_code_has_its_corners_and_its_quiet_zone)
{
	static struct picture picture;
	struct arena arena;
	struct str svg;
	int far;

	arena_init(&arena, 1 << 20);
	OK_ERR(qr_svg(&arena,
		STR("otpauth://totp/Gridiron:alice%40example.org?secret="
		    "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Gridiron"),
		&svg));
	OK(str_starts_with(svg, STR("<svg ")) && str_ends_with(svg, STR("</svg>")));
	OK(str_find(svg, STR("JBSWY3DP")) < 0);
	OK(picture_read(svg, &picture));
	/* Versions have 17 + 4 n modules, and four around them. */
	EQ_I64((picture.size - 8 - 17) % 4, 0);
	far = picture.size - 4 - 7;
	OK(has_finder(&picture, 4, 4));
	OK(has_finder(&picture, far, 4));
	OK(has_finder(&picture, 4, far));
	OK(!has_finder(&picture, far, far));
	for (int i = 0; i < picture.size; i++) {
		for (int edge = 0; edge < 4; edge++) {
			OK(!picture.dark[edge][i] && !picture.dark[i][edge]);
			OK(!picture.dark[picture.size - 1 - edge][i]);
			OK(!picture.dark[i][picture.size - 1 - edge]);
		}
	}
	arena_release(&arena);
}

TEST(what_is_too_long_is_refused)
{
	struct arena arena;
	char *text;
	struct str svg;

	arena_init(&arena, 4 << 20);
	text = arena_alloc(&arena, QR_TEXT_BYTES_MAX + 1);
	OK(text);
	memset(text, 'x', QR_TEXT_BYTES_MAX + 1);
	OK_ERR(qr_svg(&arena, (struct str){ text, QR_TEXT_BYTES_MAX }, &svg));
	FAILS_WITH(qr_svg(&arena, (struct str){ text, QR_TEXT_BYTES_MAX + 1 }, &svg),
		ERR_TOO_LARGE);
	FAILS_WITH(qr_svg(&arena, STR(""), &svg), ERR_TOO_LARGE);
	arena_release(&arena);
}
