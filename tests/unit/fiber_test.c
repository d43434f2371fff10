#include <pthread.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "sys/wait.h"
#include "tests/unit/fiber_test.h"

/* --- Running and yielding
 * -----------------------------------------------------------------------------------
 */

struct trace {
	char text[64];
	size_t len;
};

struct writer {
	struct trace *trace;
	char letter;
	int turns;
};

static void
write_letters(void *arg)
{
	struct writer *writer = arg;

	for (int i = 0; i < writer->turns; i++) {
		writer->trace->text[writer->trace->len++] = writer->letter;
		fiber_yield();
	}
}

TEST(nothing_is_a_fiber_outside_a_loop)
{
	OK(fiber_current() == NULL);
	OK(loop_current() == NULL);
	OK(!fiber_is_cancelled());
}

FIBER_TEST(fibers_take_turns_in_the_order_they_started)
{
	struct trace trace = { .len = 0 };
	struct writer writers[] = { { &trace, 'a', 3 }, { &trace, 'b', 3 },
		{ &trace, 'c', 2 } };

	for (size_t i = 0; i < COUNT_OF(writers); i++)
		OK(fiber_spawn("writer", write_letters, &writers[i]));
	EQ_I64(trace.len, 0);
	while (loop_counters(loop_current()).fibers_live > 1)
		fiber_yield();
	EQ_STR(((struct str){ trace.text, trace.len }), STR("abcabcab"));
}

static void
count_and_sleep(void *arg)
{
	int *count = arg;
	volatile char frame[1024];

	frame[0] = 1;
	++*count;
	(void)fiber_sleep_until(clock_deadline_ms(20));
	frame[1023] = frame[0];
	*count += frame[1023];
}

FIBER_TEST(ten_thousand_fibers_sleep_at_once)
{
	int count = 0;

	for (int i = 0; i < MANY_FIBERS; i++)
		OK(fiber_spawn("sleeper", count_and_sleep, &count));
	EQ_I64(loop_counters(loop_current()).fibers_live, MANY_FIBERS + 1);
	while (loop_counters(loop_current()).fibers_live > 1)
		(void)fiber_sleep_until(clock_deadline_ms(1));
	EQ_I64(count, 2 * MANY_FIBERS);
}

/* --- Descriptors
 * --------------------------------------------------------------------------------------------
 */

static void
read_one_byte(void *arg)
{
	int *fd = arg;
	char byte = 0;

	if (fiber_wait_fd(*fd, EPOLLIN, clock_deadline_ms(HANG_BOUND_MS)) != WAIT_READY ||
		read(*fd, &byte, 1) != 1)
		byte = '?';
	fiber_forget_fd(*fd);
	*fd = byte;
}

FIBER_TEST(a_fiber_waits_for_bytes)
{
	int fds[2];
	int reader;

	OK(pipe(fds) == 0);
	reader = fds[0];
	OK(fiber_spawn("reader", read_one_byte, &reader));
	fiber_yield();
	OK(write(fds[1], "x", 1) == 1);
	while (loop_counters(loop_current()).fibers_live > 1)
		fiber_yield();
	EQ_I64(reader, 'x');
	close(fds[0]);
	close(fds[1]);
}
