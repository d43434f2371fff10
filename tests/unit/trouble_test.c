#include "tests/tap.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/trouble.h"

enum { LOG_BYTES_MAX = 65536 };

static struct arena arena;
static FILE *file;

static void
begin(void)
{
	arena_release(&arena);
	arena_init(&arena, 1 << 20);
	file = tmpfile();
	log_configure((struct log_options){ .level = LOG_INFO, .fd = fileno(file) });
}

/* The lines since begin, each cut after its event and with its count. */
static struct str
end(void)
{
	char *text = arena_alloc_text(&arena, LOG_BYTES_MAX);
	ssize_t len = pread(fileno(file), text, LOG_BYTES_MAX, 0);

	log_configure((struct log_options){ .level = LOG_INFO, .fd = STDERR_FILENO });
	fclose(file);
	return (struct str){ .ptr = text, .len = len > 0 ? (size_t)len : 0 };
}

static int
count_of(struct str text, const char *needle)
{
	int count = 0;
	ptrdiff_t at;

	for (; (at = str_find(text, str_from(needle))) >= 0; count++)
		text = str_slice(text, (size_t)at + 1, text.len);
	return count;
}

static void
seconds_pass(struct trouble *trouble, int seconds)
{
	atomic_fetch_sub(&trouble->told_at, seconds * INT64_C(1000000000));
}

TEST(a_trouble_is_told_at_its_begin_each_minute_and_at_its_end)
{
	struct trouble trouble = { 0 };
	struct err *err;
	struct str log;

	begin();
	err = err_in(&arena, ERR_BUSY, "nobody there");
	trouble_over(&trouble, NULL, "back");
	for (int i = 0; i < 100; i++)
		trouble_note(&trouble, NULL, "gone", err);
	seconds_pass(&trouble, 59);
	trouble_note(&trouble, NULL, "gone", err);
	seconds_pass(&trouble, 1);
	trouble_note(&trouble, NULL, "gone", err);
	trouble_note(&trouble, NULL, "gone", err);
	trouble_over(&trouble, NULL, "back");
	trouble_over(&trouble, NULL, "back");
	log = end();
	EQ_I64(count_of(log, "event=gone"), 2);
	EQ_I64(count_of(log, "times=1\n"), 2);
	EQ_I64(count_of(log, "times=101\n"), 1);
	EQ_I64(count_of(log, "event=back"), 1);
}

TEST(what_comes_and_goes_is_told_every_five_seconds_at_most)
{
	struct trouble trouble = { 0 };
	struct err *err;
	struct str log;

	begin();
	err = err_in(&arena, ERR_BUSY, "nobody there");
	for (int i = 0; i < 100; i++) {
		trouble_note(&trouble, NULL, "gone", err);
		trouble_over(&trouble, NULL, "back");
	}
	seconds_pass(&trouble, 5);
	trouble_note(&trouble, NULL, "gone", err);
	log = end();
	EQ_I64(count_of(log, "event=gone"), 2);
	EQ_I64(count_of(log, "times=100\n"), 1);
	EQ_I64(count_of(log, "event=back"), 1);
}
