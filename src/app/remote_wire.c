#include "app/remote_wire.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "sys/fiber.h"

enum {
	HEAD_BYTES = 5,
	BITS_PER_BYTE = 8,
};

void
remote_wire_init(struct remote_wire *wire, int fd)
{
	wire->fd = fd;
	pthread_mutex_init(&wire->lock, NULL);
}

void
remote_wire_release(struct remote_wire *wire)
{
	close(wire->fd);
	pthread_mutex_destroy(&wire->lock);
}

/* --- Sending */

/* Descriptors on their way, as sendmsg and recvmsg want them: one is sent, and the space
 * for one, rounded up, takes more. */
union passed_fd {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

static void
fd_attach(struct msghdr *message, union passed_fd *passed, int fd)
{
	struct cmsghdr *header;

	*passed = (union passed_fd){ .bytes = { 0 } };
	message->msg_control = passed->bytes;
	message->msg_controllen = sizeof(passed->bytes);
	header = CMSG_FIRSTHDR(message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
}

/* Take SENT bytes off the front of both parts. */
static void
parts_advance(struct iovec parts[2], size_t sent)
{
	for (int i = 0; i < 2; i++) {
		size_t taken = sent < parts[i].iov_len ? sent : parts[i].iov_len;

		parts[i].iov_base = (char *)parts[i].iov_base + taken;
		parts[i].iov_len -= taken;
		sent -= taken;
	}
}

static bool
send_parts(const struct remote_wire *wire, struct iovec parts[2], int fd)
{
	union passed_fd passed;

	while (parts[0].iov_len + parts[1].iov_len > 0) {
		struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
		ssize_t sent;

		if (fd >= 0)
			fd_attach(&message, &passed, fd);
		sent = sendmsg(wire->fd, &message, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		fd = -1;
		parts_advance(parts, (size_t)sent);
	}
	return true;
}

bool
remote_wire_send_fd(
	struct remote_wire *wire, enum remote_kind kind, struct str bytes, int fd)
{
	char head[HEAD_BYTES] = { (char)kind }, *copy = NULL;
	struct iovec parts[2];
	bool is_sent;

	if (bytes.len > REMOTE_BYTES_MAX)
		return false;
	for (int i = 0; i < HEAD_BYTES - 1; i++)
		head[i + 1] = (char)(bytes.len >> (i * BITS_PER_BYTE));
	/* sendmsg only reads what an iovec must call writable. */
	memcpy(&copy, &bytes.ptr, sizeof(copy));
	parts[0] = (struct iovec){ head, HEAD_BYTES };
	parts[1] = (struct iovec){ copy, bytes.len };
	pthread_mutex_lock(&wire->lock);
	is_sent = send_parts(wire, parts, fd);
	/* What was sent of it makes no sense of anything behind it. */
	if (!is_sent)
		shutdown(wire->fd, SHUT_RDWR);
	pthread_mutex_unlock(&wire->lock);
	return is_sent;
}

bool
remote_wire_send(struct remote_wire *wire, enum remote_kind kind, struct str bytes)
{
	return remote_wire_send_fd(wire, kind, bytes, -1);
}

void
remote_wire_refuse(struct remote_wire *wire, struct str why)
{
	remote_wire_send(wire, REMOTE_ERR, why);
	remote_wire_send(wire, REMOTE_STATUS, STR("\x01"));
}

/* --- Receiving */

static bool
readable_wait(const struct remote_wire *wire, int64_t deadline)
{
	struct pollfd waiting = { .fd = wire->fd, .events = POLLIN };

	if (fiber_current())
		return fiber_wait_fd(wire->fd, EPOLLIN, deadline) == WAIT_READY;
	return poll(&waiting, 1, -1) >= 0 || errno == EINTR;
}

/* Of what came, the last is kept: others were never asked for. */
static void
fd_take(struct msghdr *message, int *fd)
{
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
		header = CMSG_NXTHDR(message, header)) {
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			if (*fd >= 0)
				close(*fd);
			memcpy(fd, CMSG_DATA(header) + i * sizeof(int), sizeof(*fd));
		}
	}
}

static bool
receive_bytes(
	const struct remote_wire *wire, char *into, size_t len, int64_t deadline, int *fd)
{
	union passed_fd passed;

	while (len > 0) {
		struct iovec part = { into, len };
		struct msghdr message = { .msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = passed.bytes,
			.msg_controllen = sizeof(passed.bytes) };
		ssize_t got = recvmsg(
			wire->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (!readable_wait(wire, deadline))
				return false;
			continue;
		}
		if (got <= 0)
			return false;
		fd_take(&message, fd);
		into += got;
		len -= (size_t)got;
	}
	return true;
}

static bool
receive_frame(const struct remote_wire *wire, struct arena *arena, int64_t deadline,
	struct remote_frame *ret)
{
	unsigned char head[HEAD_BYTES];
	size_t len = 0;
	char *bytes;

	if (!receive_bytes(wire, (char *)head, HEAD_BYTES, deadline, &ret->fd))
		return false;
	for (int i = 0; i < HEAD_BYTES - 1; i++)
		len |= (size_t)head[i + 1] << (i * BITS_PER_BYTE);
	if (len > REMOTE_BYTES_MAX)
		return false;
	bytes = arena_alloc_text(arena, len + 1);
	if (!bytes || !receive_bytes(wire, bytes, len, deadline, &ret->fd))
		return false;
	bytes[len] = '\0';
	ret->kind = (enum remote_kind)head[0];
	ret->bytes = (struct str){ bytes, len };
	return true;
}

bool
remote_wire_receive(struct remote_wire *wire, struct arena *arena, int64_t deadline,
	struct remote_frame *ret)
{
	struct remote_frame frame = { .fd = -1 };

	if (!receive_frame(wire, arena, deadline, &frame)) {
		if (frame.fd >= 0)
			close(frame.fd);
		return false;
	}
	*ret = frame;
	return true;
}
