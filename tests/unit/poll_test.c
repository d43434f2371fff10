#include <fcntl.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "tests/unit/fiber_test.h"

struct pair {
	int ours;
	int theirs;
};

static bool
pair_open(struct pair *pair)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
		return false;
	*pair = (struct pair){ .ours = fds[0], .theirs = fds[1] };
	return true;
}

static void
pair_close(struct pair *pair)
{
	fiber_forget_fd(pair->ours);
	close(pair->ours);
	if (pair->theirs >= 0)
		close(pair->theirs);
}

struct reading {
	int fd;
	int64_t deadline;
	enum wait_end end;
	char byte;
};

static void
read_byte(void *arg)
{
	struct reading *reading = arg;

	reading->end = fiber_wait_fd(reading->fd, EPOLLIN, reading->deadline);
	if (reading->end == WAIT_READY && read(reading->fd, &reading->byte, 1) != 1)
		reading->byte = '-';
}

FIBER_TEST(a_fiber_waits_for_bytes_while_others_run)
{
	struct pair pair;
	struct reading reading = { .deadline = clock_deadline_ms(HANG_BOUND_MS) };

	OK(pair_open(&pair));
	reading.fd = pair.ours;
	OK(fiber_spawn("reader", read_byte, &reading));
	fiber_yield();
	EQ_I64(reading.byte, 0);
	OK(write(pair.theirs, "x", 1) == 1);
	join_all();
	EQ_I64(reading.byte, 'x');
	pair_close(&pair);
}

FIBER_TEST(bytes_left_unread_end_the_next_wait_too)
{
	struct pair pair;
	char byte;

	OK(pair_open(&pair));
	OK(write(pair.theirs, "xyz", 3) == 3);
	for (int i = 0; i < 3; i++) {
		EQ_I64(fiber_wait_fd(
			       pair.ours, EPOLLIN, clock_deadline_ms(HANG_BOUND_MS)),
			WAIT_READY);
		OK(read(pair.ours, &byte, 1) == 1);
	}
	EQ_I64(fiber_wait_fd(pair.ours, EPOLLIN, clock_deadline_ms(5)), WAIT_TIMED_OUT);
	/* Bytes that come while nobody waits are there for the next wait. */
	OK(write(pair.theirs, "z", 1) == 1);
	EQ_I64(fiber_sleep_until(clock_deadline_ms(3)), WAIT_TIMED_OUT);
	EQ_I64(fiber_wait_fd(pair.ours, EPOLLIN, clock_deadline_ms(HANG_BOUND_MS)),
		WAIT_READY);
	pair_close(&pair);
}

static void
write_until_full(int fd)
{
	static const char block[4096];

	while (write(fd, block, sizeof(block)) > 0)
		;
}

FIBER_TEST(one_fiber_reads_while_another_waits_to_write)
{
	struct pair pair;
	struct reading reading = { .deadline = clock_deadline_ms(HANG_BOUND_MS) };
	char block[4096];

	OK(pair_open(&pair));
	write_until_full(pair.ours);
	reading.fd = pair.ours;
	OK(fiber_spawn("reader", read_byte, &reading));
	EQ_I64(fiber_wait_fd(pair.ours, EPOLLOUT, clock_deadline_ms(5)), WAIT_TIMED_OUT);
	while (read(pair.theirs, block, sizeof(block)) > 0)
		;
	EQ_I64(fiber_wait_fd(pair.ours, EPOLLOUT, clock_deadline_ms(HANG_BOUND_MS)),
		WAIT_READY);
	EQ_I64(reading.byte, 0);
	OK(write(pair.theirs, "r", 1) == 1);
	join_all();
	EQ_I64(reading.byte, 'r');
	pair_close(&pair);
}

static void
yield_until_byte(void *arg)
{
	const struct reading *reading = arg;

	while (!reading->byte && clock_monotonic_ns() < reading->deadline)
		fiber_yield();
}

FIBER_TEST(a_fiber_that_only_yields_does_not_starve_descriptors)
{
	struct pair pair;
	struct reading reading = { .deadline = clock_deadline_ms(HANG_BOUND_MS) };

	OK(pair_open(&pair));
	reading.fd = pair.ours;
	OK(fiber_spawn("reader", read_byte, &reading));
	OK(fiber_spawn("busy", yield_until_byte, &reading));
	fiber_yield();
	OK(write(pair.theirs, "x", 1) == 1);
	yield_until_byte(&reading);
	EQ_I64(reading.byte, 'x');
	pair_close(&pair);
}

FIBER_TEST(a_cancelled_wait_for_bytes_ends)
{
	struct pair pair;
	struct reading reading = { .deadline = DEADLINE_NEVER };
	struct fiber *reader;

	OK(pair_open(&pair));
	reading.fd = pair.ours;
	reader = fiber_spawn("reader", read_byte, &reading);
	OK(reader);
	fiber_yield();
	fiber_cancel(reader);
	join_all();
	EQ_I64(reading.end, WAIT_CANCELLED);
	pair_close(&pair);
}

FIBER_TEST(forgetting_a_descriptor_cancels_the_wait_for_it)
{
	struct pair pair;
	struct reading reading = { .deadline = DEADLINE_NEVER };

	OK(pair_open(&pair));
	reading.fd = pair.ours;
	OK(fiber_spawn("reader", read_byte, &reading));
	fiber_yield();
	fiber_forget_fd(pair.ours);
	join_all();
	EQ_I64(reading.end, WAIT_CANCELLED);
	pair_close(&pair);
}

FIBER_TEST(a_number_used_again_is_a_new_descriptor)
{
	struct pair pair, next;
	struct reading reading = { .deadline = clock_deadline_ms(HANG_BOUND_MS) };

	for (int i = 0; i < 3; i++) {
		OK(pair_open(&pair));
		EQ_I64(fiber_wait_fd(pair.ours, EPOLLIN, clock_deadline_ms(1)),
			WAIT_TIMED_OUT);
		fiber_forget_fd(pair.ours);
		close(pair.ours);
		OK(pair_open(&next));
		EQ_I64(next.ours, pair.ours);
		reading.fd = next.ours;
		reading.byte = 0;
		OK(fiber_spawn("reader", read_byte, &reading));
		fiber_yield();
		OK(write(next.theirs, "n", 1) == 1);
		join_all();
		EQ_I64(reading.byte, 'n');
		pair_close(&next);
		close(pair.theirs);
	}
}

FIBER_TEST(what_epoll_does_not_take_is_always_ready)
{
	int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	OK(file >= 0);
	EQ_I64(fiber_wait_fd(file, EPOLLIN, DEADLINE_NEVER), WAIT_READY);
	close(file);
	EQ_I64(fiber_wait_fd(file, EPOLLIN, DEADLINE_NEVER), WAIT_READY);
}

/* A watch that epoll reports again and again would keep the loop from sleeping. */
FIBER_TEST(a_hangup_that_nobody_waits_for_lets_the_loop_sleep)
{
	struct pair pair;
	uint64_t before;

	OK(pair_open(&pair));
	EQ_I64(fiber_wait_fd(pair.ours, EPOLLIN, clock_deadline_ms(1)), WAIT_TIMED_OUT);
	close(pair.theirs);
	pair.theirs = -1;
	before = loop_counters(loop_current()).switches;
	EQ_I64(fiber_sleep_until(clock_deadline_ms(30)), WAIT_TIMED_OUT);
	OK(loop_counters(loop_current()).switches - before < 10);
	EQ_I64(fiber_wait_fd(pair.ours, EPOLLIN, clock_deadline_ms(HANG_BOUND_MS)),
		WAIT_READY);
	pair_close(&pair);
}

/* --- Watches */

struct watch {
	struct pair pair;
	int fired;
	bool in_fiber;
	bool spawns;
};

static void
read_all(void *arg)
{
	struct watch *watch = arg;
	char block[16];

	while (read(watch->pair.ours, block, sizeof(block)) > 0)
		;
}

static void
note_watch(void *arg)
{
	struct watch *watch = arg;

	watch->fired++;
	watch->in_fiber = fiber_current() != NULL;
	if (watch->spawns && !fiber_spawn("connection", read_all, watch))
		watch->fired = -1;
}

FIBER_TEST(a_watch_fires_once_and_holds_no_fiber)
{
	struct watch watch = { .spawns = true };

	OK(pair_open(&watch.pair));
	OK(loop_watch_fd(watch.pair.ours, note_watch, &watch));
	EQ_I64(fiber_sleep_until(clock_deadline_ms(2)), WAIT_TIMED_OUT);
	EQ_I64(watch.fired, 0);
	EQ_I64(loop_counters(loop_current()).fibers_live, 1);
	for (int i = 0; i < 2; i++) {
		OK(write(watch.pair.theirs, "x", 1) == 1);
		EQ_I64(fiber_sleep_until(clock_deadline_ms(2)), WAIT_TIMED_OUT);
	}
	EQ_I64(watch.fired, 1);
	OK(!watch.in_fiber);
	OK(loop_watch_fd(watch.pair.ours, note_watch, &watch));
	EQ_I64(fiber_sleep_until(clock_deadline_ms(2)), WAIT_TIMED_OUT);
	EQ_I64(watch.fired, 2);
	pair_close(&watch.pair);
}

FIBER_TEST(a_watch_fires_when_the_peer_closes)
{
	struct watch watch = { .fired = 0 };

	OK(pair_open(&watch.pair));
	OK(loop_watch_fd(watch.pair.ours, note_watch, &watch));
	close(watch.pair.theirs);
	watch.pair.theirs = -1;
	EQ_I64(fiber_sleep_until(clock_deadline_ms(2)), WAIT_TIMED_OUT);
	EQ_I64(watch.fired, 1);
	pair_close(&watch.pair);
}

FIBER_TEST(a_watch_on_a_forgotten_descriptor_does_not_fire)
{
	struct watch watch = { .fired = 0 };

	OK(pair_open(&watch.pair));
	OK(loop_watch_fd(watch.pair.ours, note_watch, &watch));
	fiber_forget_fd(watch.pair.ours);
	OK(write(watch.pair.theirs, "x", 1) == 1);
	EQ_I64(fiber_sleep_until(clock_deadline_ms(2)), WAIT_TIMED_OUT);
	EQ_I64(watch.fired, 0);
	pair_close(&watch.pair);
}

FIBER_TEST(a_watch_on_what_cannot_be_watched_is_refused)
{
	int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	OK(file >= 0);
	OK(!loop_watch_fd(file, note_watch, NULL));
	close(file);
}

static void
forget_and_close(void *arg)
{
	struct watch *watch = arg;

	watch->fired++;
	pair_close(&watch->pair);
}

/* Both events are of one batch, whichever comes first. */
FIBER_TEST(events_of_a_descriptor_closed_in_the_same_batch_are_dropped)
{
	struct watch watches[2] = { { .fired = 0 }, { .fired = 0 } };

	for (size_t i = 0; i < COUNT_OF(watches); i++) {
		OK(pair_open(&watches[i].pair));
		OK(loop_watch_fd(
			watches[i].pair.ours, forget_and_close, &watches[1 - i]));
		OK(write(watches[i].pair.theirs, "x", 1) == 1);
	}
	EQ_I64(fiber_sleep_until(clock_deadline_ms(2)), WAIT_TIMED_OUT);
	EQ_I64(watches[0].fired + watches[1].fired, 1);
	for (size_t i = 0; i < COUNT_OF(watches); i++) {
		if (!watches[i].fired)
			pair_close(&watches[i].pair);
	}
}

struct replacing {
	struct pair *other;
	struct pair fresh;
	struct watch *watch;
};

/* Close the other descriptor and open one that gets its number, with nothing to read. */
static void
replace_other(void *arg)
{
	struct replacing *replacing = arg;
	int number = replacing->other->ours;

	pair_close(replacing->other);
	if (!pair_open(&replacing->fresh) || replacing->fresh.ours != number ||
		!loop_watch_fd(number, note_watch, replacing->watch))
		replacing->watch->fired = -1;
}

FIBER_TEST(an_event_of_a_closed_descriptor_is_not_taken_for_its_successor)
{
	struct watch watch = { .fired = 0 };
	struct pair pairs[2];
	struct replacing replacings[2];

	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		OK(pair_open(&pairs[i]));
		OK(write(pairs[i].theirs, "x", 1) == 1);
		replacings[i] = (struct replacing){
			.other = &pairs[1 - i], .fresh = { -1, -1 }, .watch = &watch
		};
		OK(loop_watch_fd(pairs[i].ours, replace_other, &replacings[i]));
	}
	EQ_I64(fiber_sleep_until(clock_deadline_ms(2)), WAIT_TIMED_OUT);
	EQ_I64(watch.fired, 0);
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		if (replacings[i].fresh.ours < 0)
			continue;
		pair_close(&replacings[i].fresh);
		pair_close(&pairs[i]);
	}
}
