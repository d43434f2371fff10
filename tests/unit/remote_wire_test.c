/* Frames between a client and the server that carries out its command, over a pair of
 * sockets. */
#include <dirent.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/time.h>

#include "app/remote_wire.h"
#include "base/ctx.h"
#include "tests/tap.h"

enum {
	LONG_BYTES = 4 << 20, /* more than a socket holds */
	SHORT_MS = 20,
};

struct ends {
	struct remote_wire ours;
	struct remote_wire theirs;
	struct arena arena;
};

static void
ends_open(struct ends *ends)
{
	struct timeval limit = { .tv_usec = SHORT_MS * 1000 };
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0 ||
		setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0)
		tap_fail(__FILE__, __LINE__, "no sockets");
	remote_wire_init(&ends->ours, fds[0]);
	remote_wire_init(&ends->theirs, fds[1]);
	arena_init(&ends->arena, 2 * LONG_BYTES);
}

static void
ends_close(struct ends *ends)
{
	remote_wire_release(&ends->ours);
	remote_wire_release(&ends->theirs);
	arena_release(&ends->arena);
}

TEST(frames_arrive_as_they_were_sent)
{
	struct remote_frame frame;
	struct ends ends;

	ends_open(&ends);
	OK(remote_wire_send(&ends.ours, REMOTE_OUT, STR("word")));
	OK(remote_wire_send(&ends.ours, REMOTE_GO, STR("")));
	OK(remote_wire_receive(&ends.theirs, &ends.arena, DEADLINE_NEVER, &frame));
	OK(frame.kind == REMOTE_OUT && frame.fd < 0);
	EQ_STR(frame.bytes, STR("word"));
	OK(remote_wire_receive(&ends.theirs, &ends.arena, DEADLINE_NEVER, &frame));
	OK(frame.kind == REMOTE_GO && frame.bytes.len == 0);
	ends_close(&ends);
}

/* The other end would take it for the rest of that frame. */
TEST(behind_a_frame_that_was_cut_nothing_is_sent)
{
	struct ends ends;
	char *text, bytes[4096];
	ssize_t got;

	ends_open(&ends);
	text = arena_alloc_text(&ends.arena, LONG_BYTES);
	OK(text);
	memset(text, 'x', LONG_BYTES);
	OK(!remote_wire_send(
		&ends.ours, REMOTE_OUT, (struct str){ .ptr = text, .len = LONG_BYTES }));
	do
		got = recv(ends.theirs.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (got > 0);
	OK(got == 0);
	OK(!remote_wire_send(&ends.ours, REMOTE_STATUS, STR("\x01")));
	ends_close(&ends);
}

static int
descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

TEST(of_two_descriptors_with_a_frame_one_is_kept)
{
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr header;
	} passed = { .bytes = { 0 } };
	char text[] = { REMOTE_OPENED, 0, 0, 0, 0 };
	struct iovec part = { text, sizeof(text) };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = passed.bytes,
		.msg_controllen = sizeof(passed.bytes) };
	const int fds[2] = { STDIN_FILENO, STDOUT_FILENO };
	struct remote_frame frame;
	struct ends ends;
	int before;

	ends_open(&ends);
	passed.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sizeof(fds)) };
	memcpy(CMSG_DATA(&passed.header), fds, sizeof(fds));
	before = descriptors();
	OK(sendmsg(ends.ours.fd, &message, 0) == sizeof(text));
	OK(remote_wire_receive(&ends.theirs, &ends.arena, DEADLINE_NEVER, &frame));
	OK(frame.fd >= 0);
	EQ_I64(descriptors(), before + 1);
	close(frame.fd);
	ends_close(&ends);
}
