#include "sys/signal.h"

#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include <sys/eventfd.h>

static const int STOP_SIGNALS[] = { SIGINT, SIGTERM };

static struct {
	struct loop *loops[SIGNAL_LOOPS_MAX];
	_Atomic size_t count; /* written after the loops: a signal may come at any time */
	struct sigaction before[COUNT_OF(STOP_SIGNALS)];
	struct sigaction pipe_before;
} stops;

static void
on_stop(UNUSED int signal)
{
	struct sigaction end_at_once = { .sa_handler = SIG_DFL };

	for (size_t i = 0; i < COUNT_OF(STOP_SIGNALS); i++)
		sigaction(STOP_SIGNALS[i], &end_at_once, NULL);
	for (size_t i = 0; i < stops.count; i++)
		loop_stop(stops.loops[i]);
}

void
signal_stop_loops(struct loop *const *loops, size_t count)
{
	struct sigaction stop = { .sa_handler = on_stop, .sa_flags = SA_RESTART };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	assert(count <= SIGNAL_LOOPS_MAX && stops.count == 0);
	for (size_t i = 0; i < count; i++)
		stops.loops[i] = loops[i];
	stops.count = count;
	sigemptyset(&stop.sa_mask);
	for (size_t i = 0; i < COUNT_OF(STOP_SIGNALS); i++) {
		sigaddset(&stop.sa_mask, STOP_SIGNALS[i]);
		sigaction(STOP_SIGNALS[i], &stop, &stops.before[i]);
	}
	sigaction(SIGPIPE, &ignore, &stops.pipe_before);
}

void
signal_restore(void)
{
	for (size_t i = 0; i < COUNT_OF(STOP_SIGNALS); i++)
		sigaction(STOP_SIGNALS[i], &stops.before[i], NULL);
	sigaction(SIGPIPE, &stops.pipe_before, NULL);
	stops.count = 0;
}

/* --- For one that waits */

static const int END_SIGNALS[] = { SIGINT, SIGTERM, SIGHUP };

static struct {
	int fd;
	volatile sig_atomic_t number;
} told;

static void
on_end(int number)
{
	struct sigaction end_at_once = { .sa_handler = SIG_DFL };
	uint64_t one = 1;

	for (size_t i = 0; told.number && i < COUNT_OF(END_SIGNALS); i++)
		sigaction(END_SIGNALS[i], &end_at_once, NULL);
	told.number = number;
	/* It has room for both. */
	if (write(told.fd, &one, sizeof(one)) < 0)
		raise(number);
}

int
signal_tell(void)
{
	struct sigaction tell = { .sa_handler = on_end };

	told.fd = eventfd(0, EFD_CLOEXEC);
	if (told.fd < 0)
		return -1;
	sigemptyset(&tell.sa_mask);
	for (size_t i = 0; i < COUNT_OF(END_SIGNALS); i++) {
		struct sigaction now;

		/* nohup, or a shell's background job. */
		if (sigaction(END_SIGNALS[i], NULL, &now) == 0 &&
			now.sa_handler != SIG_IGN)
			sigaction(END_SIGNALS[i], &tell, NULL);
	}
	return told.fd;
}

int
signal_told(void)
{
	return told.number;
}

void
signal_end(void)
{
	signal(told.number, SIG_DFL);
	raise(told.number);
}
