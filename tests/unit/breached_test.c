/* Files of breached passwords: searched at their edges, and refused where they are none. */
#include "crypto/breached.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "crypto/password.h"
#include "tests/tap.h"

enum { FILE_BYTES_MAX = 4096 };

/* By their digests, which sha1sum(1) made. */
static const struct entry {
	const char *sha1;
	const char *password;
} entries[] = {
	{ "2C71B9C3159FA13425D20E517EC63D1B2A4A52E8", "stolen kangaroo 8" },
	{ "2D415A6871930A7D212C7C783B9D4638A3DCE2B9", "stolen kangaroo 10" },
	{ "4B57070AF8D927B55D9C9008DF2882E67C47D487", "stolen kangaroo 4" },
	{ "654CE82C008B52189802C5A21745E5AEC2BB1401", "stolen kangaroo 5" },
	{ "670A60E6F689CA7EB31C72CDDF3A76E9FF602956", "stolen kangaroo 6" },
	{ "6F80C2B828496F123CC8BBB2D36C28F0B32893CC", "stolen kangaroo 9" },
	{ "88400553C2B4490CA224A802FA07A2E1CF416808", "stolen kangaroo 11" },
	{ "B04E691573674E34140CFAADD38611C38E2F4BB3", "stolen kangaroo 7" },
	{ "F0B65E6BFFD6E8DA881230F38BD0C75300EFB1E3", "stolen kangaroo 1" },
	{ "F3A92B8CDD1352D989696AE2B1F8D9A96D34C559", "stolen kangaroo 2" },
	{ "F51F1BB3C11A89DB66B8B19DAA02CEB79C600CEC", "stolen kangaroo 3" },
};

/* How the lines are written. */
struct form {
	bool has_counts;
	bool is_lower;
	bool has_no_last_end;
	const char *end;
};
static const struct form forms[] = {
	{ .has_counts = true, .end = "\r\n" }, /* as the downloader does */
	{ .has_counts = true, .end = "\n" },
	{ .end = "\n" },
	{ .end = "\r\n", .is_lower = true },
	{ .has_counts = true, .end = "\n", .is_lower = true, .has_no_last_end = true },
	{ .end = "\r\n", .has_no_last_end = true },
};

static struct arena arena;
static char path[64];

static void
begin(void)
{
	arena_release(&arena);
	arena_init(&arena, 1 << 23);
	snprintf(path, sizeof(path), "/tmp/gridiron-breached-test.%d", (int)getpid());
}

/* A new file of TEXT; not file_write, which waits for the disk hundreds of times here. */
static struct err *
put(struct str text)
{
	ssize_t written = -1;
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		written = write(fd, text.ptr, text.len);
		close(fd);
	}
	return written == (ssize_t)text.len
		? NULL
		: err_in(&arena, ERR_INTERNAL, "cannot write %s", path);
}

/* The lines of the entries from FIRST up to before END, without SKIPPED. */
static struct str
lines_of(const struct form *form, size_t first, size_t end, size_t skipped)
{
	struct buf text;

	buf_init(&text, &arena, FILE_BYTES_MAX);
	for (size_t i = first; i < end; i++) {
		if (i == skipped)
			continue;
		if (text.len)
			buf_put(&text, str_from(form->end));
		for (const char *c = entries[i].sha1; *c; c++)
			buf_put_char(&text,
				form->is_lower && *c >= 'A' ? (char)(*c + 32) : *c);
		/* Counts of many lengths, up to the longest. */
		if (form->has_counts)
			buf_put(&text,
				str_slice(STR(":18446744073709551615"), 0, 2 * i + 2));
	}
	if (!form->has_no_last_end)
		buf_put(&text, str_from(form->end));
	return buf_str(&text);
}

/* Whether of all entries those are found that are in the file. */
static void
find_each(size_t first, size_t end, size_t skipped)
{
	for (size_t i = 0; i < COUNT_OF(entries); i++) {
		bool is_in = i >= first && i < end && i != skipped, is_found = !is_in;

		OK_ERR(breached_find(
			&arena, path, str_from(entries[i].password), &is_found));
		OK_OR(is_found == is_in, "line %zu of [%zu, %zu) without %zu is %sfound",
			i, first, end, skipped, is_found ? "" : "not ");
	}
}

/* Files of one line and more, of each form: their first line, their last, and what would
 * stand before, after and between. */
TEST(each_line_is_found_and_nothing_beside)
{
	for (size_t f = 0; f < COUNT_OF(forms); f++) {
		for (size_t first = 0; first < COUNT_OF(entries); first++) {
			for (size_t end = first + 1; end <= COUNT_OF(entries); end++) {
				size_t skipped = end - first > 2
					? first + (end - first) / 2
					: COUNT_OF(entries);

				begin();
				OK_ERR(put(lines_of(&forms[f], first, end, skipped)));
				OK_ERR(breached_check(&arena, path));
				find_each(first, end, skipped);
				if (tap_failed)
					return;
			}
		}
	}
	unlink(path);
	arena_release(&arena);
}

TEST(the_password_is_taken_as_it_is)
{
	bool is_found = true;

	begin();
	OK_ERR(put(lines_of(&forms[0], 0, COUNT_OF(entries), COUNT_OF(entries))));
	OK_ERR(breached_find(&arena, path, STR("Stolen kangaroo 8"), &is_found));
	OK(!is_found);
	unlink(path);
	arena_release(&arena);
}

/* What is said of the file TEXT holds WANTED. */
static void
is_refused(struct str text, struct str wanted)
{
	struct err *err;

	OK_ERR(put(text));
	err = breached_check(&arena, path);
	FAILS_WITH(err, ERR_INVALID);
	OK_OR(str_find(err->message, wanted) >= 0, "said: " STR_FMT,
		STR_ARG(err->message));
}

TEST(a_file_that_is_none_is_refused_and_says_where)
{
	struct str whole, first, second;

	begin();
	whole = lines_of(&forms[2], 0, COUNT_OF(entries), COUNT_OF(entries));
	first = str_slice(whole, 0, 41);
	second = str_slice(whole, 41, 82);
	is_refused(STR(""), STR("is empty"));
	is_refused(STR("\n"), STR("line at byte 0 "));
	is_refused(STR("password\nsecret\n"), STR("line at byte 0 "));
	/* NTLM digests, an empty count, another character, a blank line, a long line. */
	is_refused(STR("0123456789ABCDEF0123456789ABCDEF:1\n"), STR("line at byte 0 "));
	is_refused(str_fmt(&arena, "%.40s:\n", whole.ptr), STR("line at byte 0 "));
	is_refused(str_fmt(&arena, "%.40s:1x\n", whole.ptr), STR("line at byte 0 "));
	is_refused(str_fmt(&arena, "%.40s;1\n", whole.ptr), STR("line at byte 0 "));
	is_refused(str_fmt(&arena, STR_FMT "\n", STR_ARG(whole)), STR("at byte 451 "));
	is_refused(str_fmt(&arena, "%.40s:%0200d\n", whole.ptr, 1), STR("line at byte "));
	/* Cut in the last digest; not in order. */
	is_refused(str_slice(whole, 0, whole.len - 2), STR("line at byte 410 "));
	is_refused(str_fmt(&arena, STR_FMT STR_FMT, STR_ARG(second), STR_ARG(first)),
		STR("the line at byte 41 belongs before that at byte 0"));
	unlink(path);
	FAILS_WITH(breached_check(&arena, path), ERR_NOT_FOUND);
	FAILS_WITH(breached_check(&arena, "."), ERR_INVALID);
	FAILS_WITH(breached_check(&arena, "/dev/null"), ERR_INVALID);
	arena_release(&arena);
}

/* Sorted, and in the order of how often. */
TEST(a_large_file_is_looked_at_in_many_places)
{
	enum { COUNT = 20000 };
	struct buf text;

	begin();
	buf_init(&text, &arena, COUNT * 48);
	for (int i = 0; i < COUNT; i++)
		buf_put(&text, str_fmt(&arena, "%040X:%d\r\n", i, i));
	OK_ERR(put(buf_str(&text)));
	OK_ERR(breached_check(&arena, path));
	text.len = 0;
	for (int i = 0; i < COUNT; i++)
		buf_put(&text, str_fmt(&arena, "%040X:%d\r\n", COUNT - i, i));
	is_refused(buf_str(&text), STR("belongs before"));
	unlink(path);
	arena_release(&arena);
}

/* 6.2.12 of ASVS 5.0. */
TEST(a_password_in_the_file_is_refused_and_none_is_taken_without_the_file)
{
	struct ctx ctx = { .arena = &arena, .deadline = DEADLINE_NEVER };
	struct str stolen = STR("stolen kangaroo 8");

	begin();
	OK_ERR(password_check(&ctx, stolen, STR_NONE));
	OK_ERR(put(lines_of(&forms[0], 0, COUNT_OF(entries), COUNT_OF(entries))));
	password_breached_file(path);
	FAILS_WITH(password_check(&ctx, stolen, STR_NONE), ERR_INVALID);
	OK_ERR(password_check(&ctx, STR("kangaroo of my own"), STR_NONE));
	/* A file that takes its place is searched from then on; one that is lost is none. */
	OK_ERR(put(lines_of(&forms[0], 1, COUNT_OF(entries), COUNT_OF(entries))));
	OK_ERR(password_check(&ctx, stolen, STR_NONE));
	unlink(path);
	FAILS_WITH(
		password_check(&ctx, STR("kangaroo of my own"), STR_NONE), ERR_INTERNAL);
	password_breached_file(NULL);
	OK_ERR(password_check(&ctx, STR("kangaroo of my own"), STR_NONE));
	arena_release(&arena);
}
