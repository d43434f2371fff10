/* QR codes: the picture has the modules of the code, and nothing of the text; a program that
 * reads such pictures reads the text back. */
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "codec/qr.h"
#include "tests/support/folder.h"
#include "tests/tap.h"

enum {
	SIZE_MAX_MODULES = 200,
	QUIET = 4, /* modules around the code */
	/* Of the picture that is read back, for a module. */
	PIXELS = 4,
	PBM_BYTES_MAX = 2 << 20,
	READ_BYTES_MAX = 4096,
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

/* Of the modules beside the first corner, in the order of ISO/IEC 18004 §7.9. */
static int
format_bits(const struct picture *picture)
{
	static const signed char places[15][2] = { { 8, 0 }, { 8, 1 }, { 8, 2 }, { 8, 3 },
		{ 8, 4 }, { 8, 5 }, { 8, 7 }, { 8, 8 }, { 7, 8 }, { 5, 8 }, { 4, 8 },
		{ 3, 8 }, { 2, 8 }, { 1, 8 }, { 0, 8 } };
	int bits = 0;

	for (int i = 0; i < 15; i++)
		bits |= picture->dark[QUIET + places[i][1]][QUIET + places[i][0]] << i;
	return bits;
}

/* Whether they say, with the check that belongs to it, that a code of level M stands there,
 * and the module that is always dark is. A picture with rows for columns says nothing: such
 * ones, as in a mirror, some readers read all the same, and some do not. */
static bool
is_the_right_way_round(const struct picture *picture)
{
	enum { MASK = 0x5412, DIVISOR = 0x537, LEVEL_M = 0 };
	int bits = format_bits(picture) ^ MASK;
	int data = bits >> 10, rest = data;

	for (int i = 0; i < 10; i++)
		rest = (rest << 1) ^ ((rest >> 9) * DIVISOR);
	return bits == (data << 10 | rest) && data >> 3 == LEVEL_M &&
		picture->dark[picture->size - QUIET - 8][QUIET + 8];
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
	OK(is_the_right_way_round(&picture));
	for (int i = 0; i < picture.size; i++) {
		for (int edge = 0; edge < 4; edge++) {
			OK(!picture.dark[edge][i] && !picture.dark[i][edge]);
			OK(!picture.dark[picture.size - 1 - edge][i]);
			OK(!picture.dark[i][picture.size - 1 - edge]);
		}
	}
	arena_release(&arena);
}

/* --- Read back by zbarimg (package zbar-tools) */

/* PICTURE as a portable bitmap, in which 1 is black. */
static struct str
pbm_of(struct arena *arena, const struct picture *picture)
{
	int side = picture->size * PIXELS;
	struct buf out;

	buf_init(&out, arena, PBM_BYTES_MAX);
	buf_fmt(&out, "P1\n%d %d\n", side, side);
	for (int y = 0; y < side; y++) {
		for (int x = 0; x < side; x++) {
			bool is_dark = picture->dark[y / PIXELS][x / PIXELS];

			buf_put_char(&out, is_dark ? '1' : '0');
		}
		buf_put_char(&out, '\n');
	}
	return buf_str(&out);
}

static bool
file_put(const char *path, struct str text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	bool is_written = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len;

	if (fd >= 0)
		close(fd);
	return is_written;
}

/* What zbarimg says of the picture PATH, in ARENA. False where it cannot be run. */
static bool
zbar_read(struct arena *arena, char *path, struct str *ret)
{
	char *arguments[] = { "zbarimg", "--quiet", "--raw", "--nodbus", "-Sdisable",
		"-Sqrcode.enable", path, NULL };
	posix_spawn_file_actions_t actions;
	char *text = arena_alloc(arena, READ_BYTES_MAX);
	size_t len = 0;
	ssize_t got;
	int ends[2], status;
	pid_t pid;

	if (!text || pipe(ends) != 0)
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	status = posix_spawnp(&pid, arguments[0], &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	while (status == 0 && len < READ_BYTES_MAX &&
		(got = read(ends[0], text + len, READ_BYTES_MAX - len)) > 0)
		len += (size_t)got;
	close(ends[0]);
	if (status != 0 || waitpid(pid, &status, 0) != pid)
		return false;
	*ret = str_trim((struct str){ text, len });
	return true;
}

/* The text of the code that TEXT becomes, as a camera would have it. */
static bool
read_back(struct arena *arena, struct str text, struct str *ret)
{
	static struct picture picture;
	char folder[] = "/tmp/gridiron-qr-test-XXXXXX";
	char path[64];
	struct str svg;
	bool is_read = false;

	memset(&picture, 0, sizeof(picture));
	if (qr_svg(arena, text, &svg) || !picture_read(svg, &picture) || !mkdtemp(folder))
		return false;
	(void)snprintf(path, sizeof(path), "%s/code.pbm", folder);
	if (file_put(path, pbm_of(arena, &picture)))
		is_read = zbar_read(arena, path, ret);
	folder_remove(str_from(folder));
	return is_read;
}

TEST(a_reader_of_codes_reads_the_text_back)
{
	static const char *const texts[] = {
		"otpauth://totp/Gridiron:alice%40example.org?secret="
		"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Gridiron",
		"otpauth://totp/Gridiron:a%2Bb%40x.example?secret="
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Gridiron",
		/* The longest address that an account may have. */
		"otpauth://totp/"
		"Gridiron:"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%40"
		"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb."
		"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc."
		"dddddddddddddddddddddddddddddddddddddddddddddd.example?secret="
		"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Gridiron",
	};
	struct arena arena;
	struct str got;

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		arena_init(&arena, 16 << 20);
		if (!read_back(&arena, str_from(texts[i]), &got)) {
			arena_release(&arena);
			SKIP("no zbarimg: tools/install-deps test");
		}
		EQ_STR(got, str_from(texts[i]));
		arena_release(&arena);
	}
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
