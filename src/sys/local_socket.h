/*
 * Stream sockets of this machine, named by a path: for programs of one owner to talk to
 * each other. Nothing here knows fibers; what a socket says is read and written with the
 * system's calls, or app/remote_wire.h.
 */
#ifndef SYS_LOCAL_SOCKET_H
#define SYS_LOCAL_SOCKET_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Listen on PATH, mode 0600, not blocking. A socket that somebody left there is removed:
 * the caller knows that nobody listens on it. The folder may lie as deep as it likes; the
 * name in it has at most 80 bytes (INVALID). CONFLICT: there is something that is no
 * socket.
 */
struct err *local_listen(struct arena *arena, const char *path, int *ret) MUST_USE;

/* Remove what local_listen made. */
void local_unlink(const char *path);

/* NOT_FOUND: nobody listens there. DENIED: somebody whom we may not reach. */
struct err *local_connect(struct arena *arena, const char *path, int *ret) MUST_USE;

struct local_peer {
	pid_t pid;
	uid_t uid;
};

/* Who is at the other end of FD, as the kernel says: who connected, or who listened. */
bool local_peer_get(int fd, struct local_peer *ret) MUST_USE;

#endif
