/*
 * Descriptors. A descriptor is registered with epoll when first waited for and stays so,
 * level-triggered: in a conversation of question and answer, each wait is then free of
 * system calls. What is reported while nobody waits for it is taken out of the
 * registration, and put back by the next wait.
 */
#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include <sys/eventfd.h>
#include <sys/mman.h>

#include "sys/clock.h"
#include "sys/loop.h"

enum {
	/* Addresses only, as in timers.c. */
	SLOTS_MAX = 1 << 20,
	REFUSED_RETRY_MS = 10,
};

static const uint64_t WAKE_KEY = UINT64_MAX;

struct err *
poll_open(struct arena *arena, struct poll *poll)
{
	struct epoll_event wake = { .events = EPOLLIN | EPOLLET, .data.u64 = WAKE_KEY };

	poll->slots = mmap(NULL, SLOTS_MAX * sizeof(*poll->slots), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (poll->slots == MAP_FAILED)
		return err_in(
			arena, ERR_INTERNAL, "no memory for the table of descriptors");
	poll->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	poll->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (poll->epoll_fd >= 0 && poll->wake_fd >= 0 &&
		epoll_ctl(poll->epoll_fd, EPOLL_CTL_ADD, poll->wake_fd, &wake) == 0)
		return NULL;
	poll_close(poll);
	return err_in(arena, ERR_INTERNAL,
		"the system gives no epoll descriptor; is the limit of open files too "
		"low?");
}

void
poll_close(struct poll *poll)
{
	if (poll->epoll_fd >= 0)
		close(poll->epoll_fd);
	if (poll->wake_fd >= 0)
		close(poll->wake_fd);
	munmap(poll->slots, SLOTS_MAX * sizeof(*poll->slots));
}

void
poll_wake(struct poll *poll)
{
	const uint64_t one = 1;
	int saved_errno = errno;

	/* It fails only where 2^64 writes are pending,
	 * and then the sleep ends as well. */
	if (write(poll->wake_fd, &one, sizeof(one)) < 0)
		errno = saved_errno;
}

static struct poll_slot *
slot_of(struct loop *loop, int fd)
{
	assert(loop && fd >= 0 && fd < SLOTS_MAX);
	return &loop->poll.slots[fd];
}

/* Ask epoll for EVENTS of FD instead of what it was asked for. False, with errno, when it
 * refuses. */
static bool
slot_register(struct loop *loop, int fd, uint32_t events)
{
	struct poll_slot *slot = slot_of(loop, fd);
	struct epoll_event event = { .events = events,
		.data.u64 = (uint64_t)slot->generation << 32 | (uint32_t)fd };
	int epoll_fd = loop->poll.epoll_fd;
	int failed;

	if (events == slot->interest)
		return true;
	if (events == 0)
		failed = epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	else if (slot->interest == 0)
		failed = epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
	else
		failed = epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event);
	if (!failed || events == 0)
		slot->interest = events;
	return !failed;
}

/* --- Waiting */

enum wait_end
fiber_wait_fd(int fd, uint32_t events, int64_t deadline)
{
	struct fiber *self = fiber_current();
	struct poll_slot *slot;
	struct fiber **waiter;
	enum wait_end end;

	assert(self && (events == EPOLLIN || events == EPOLLOUT));
	if (self->is_cancelled)
		return WAIT_CANCELLED;
	slot = slot_of(self->loop, fd);
	if (!slot_register(self->loop, fd, slot->interest | events)) {
		/* A file that is always ready, or a descriptor that is none, which the
		 * caller's next call will say; else the system has too many. */
		if (errno == EPERM || errno == EBADF)
			return WAIT_READY;
		end = fiber_sleep_until(clock_deadline_ms(REFUSED_RETRY_MS));
		return end == WAIT_TIMED_OUT ? WAIT_READY : end;
	}
	waiter = events == EPOLLIN ? &slot->reader : &slot->writer;
	assert(!*waiter || !(*waiter)->is_waiting);
	*waiter = self;
	end = fiber_block(self, deadline);
	if (*waiter == self)
		*waiter = NULL;
	return end;
}

bool
loop_watch_fd(int fd, fiber_fn fn, void *arg)
{
	struct loop *loop = loop_of_thread;
	struct poll_slot *slot = slot_of(loop, fd);

	if (!slot_register(loop, fd, slot->interest | EPOLLIN))
		return false;
	slot->watch = fn;
	slot->watch_arg = arg;
	return true;
}

void
fiber_forget_fd(int fd)
{
	struct loop *loop = loop_of_thread;
	struct poll_slot *slot;

	if (!loop)
		return;
	slot = slot_of(loop, fd);
	if (slot->reader)
		fiber_wake(slot->reader, WAIT_CANCELLED);
	if (slot->writer)
		fiber_wake(slot->writer, WAIT_CANCELLED);
	slot->reader = slot->writer = NULL;
	slot->watch = NULL;
	/* Fails where the descriptor was closed before, which also ended it. */
	(void)slot_register(loop, fd, 0);
	slot->generation++;
}

/* --- Events */

/* Tell who waits for FD to be readable; false when nobody does. */
static bool
tell_reader(struct poll_slot *slot)
{
	fiber_fn watch = slot->watch;

	if (slot->reader && fiber_wake(slot->reader, WAIT_READY)) {
		slot->reader = NULL;
		return true;
	}
	if (!watch)
		return false;
	slot->watch = NULL;
	watch(slot->watch_arg);
	return true;
}

static bool
tell_writer(struct poll_slot *slot)
{
	if (!slot->writer || !fiber_wake(slot->writer, WAIT_READY))
		return false;
	slot->writer = NULL;
	return true;
}

static void
take_event(struct loop *loop, const struct epoll_event *event)
{
	int fd = (int)(uint32_t)event->data.u64;
	uint32_t generation = (uint32_t)(event->data.u64 >> 32);
	uint32_t unwanted = 0;
	struct poll_slot *slot;

	if (event->data.u64 == WAKE_KEY)
		return;
	slot = slot_of(loop, fd);
	if (slot->generation == generation &&
		event->events & (EPOLLOUT | EPOLLERR | EPOLLHUP) && !tell_writer(slot))
		unwanted |= EPOLLOUT;
	if (slot->generation == generation &&
		event->events & (EPOLLIN | EPOLLERR | EPOLLHUP) && !tell_reader(slot))
		unwanted |= EPOLLIN;
	/* Errors are reported whatever was asked for, until the registration ends. A
	 * watch may have forgotten the descriptor meanwhile. */
	if (slot->generation == generation)
		(void)slot_register(loop, fd, slot->interest & ~unwanted);
}

void
poll_run(struct loop *loop, int timeout_ms)
{
	int count = epoll_wait(
		loop->poll.epoll_fd, loop->poll.events, POLL_EVENTS, timeout_ms);

	atomic_store_explicit(&loop->is_asleep, false, memory_order_relaxed);
	atomic_store_explicit(
		&loop->running_since, clock_coarse_ns(), memory_order_relaxed);
	for (int i = 0; i < count; i++)
		take_event(loop, &loop->poll.events[i]);
}
