#include "sys/local_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "sys/file.h"

enum {
	NAME_BYTES_MAX = 80,
	WAITING_MAX = 16, /* connections that are not yet accepted */
};

static const char *
name_in(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* -1: errno says why not. */
static int
folder_open(struct arena *arena, const char *path)
{
	const char *name = name_in(path);
	const char *folder = name == path
		? "."
		: str_cstr(arena, (struct str){ path, (size_t)(name - path) });

	return folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* An address has 107 bytes for its path; by way of the folder's descriptor, which must be
 * open while the address is used, the folder takes few of them. */
static struct err *
address_make(
	struct arena *arena, const char *path, int *ret_folder, struct sockaddr_un *ret)
{
	const char *name = name_in(path);

	*ret_folder = folder_open(arena, path);
	if (*ret_folder < 0)
		return file_err(arena, "open the folder of", path);
	if (strlen(name) > NAME_BYTES_MAX)
		return err_in(arena, ERR_INVALID,
			"a socket cannot be called %s: a name of more than %d bytes does "
			"not fit into its address",
			name, NAME_BYTES_MAX);
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", *ret_folder,
		name);
	return NULL;
}

/* What became of DOING with FD: done, or what errno says, and FD is closed. */
static struct err *
settle(struct arena *arena, bool is_done, const char *doing, const char *path, int fd)
{
	struct err *err;

	if (is_done)
		return NULL;
	err = file_err(arena, doing, path);
	file_close(&fd);
	return err;
}

/* Remove the socket that is no longer listened on. */
static struct err *
stale_remove(struct arena *arena, const char *path, int folder)
{
	struct stat about;

	if (fstatat(folder, name_in(path), &about, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? NULL : file_err(arena, "look at", path);
	if (!S_ISSOCK(about.st_mode))
		return err_in(arena, ERR_CONFLICT, "%s is there and is no socket", path);
	if (unlinkat(folder, name_in(path), 0) != 0)
		return file_err(arena, "remove the stale socket", path);
	return NULL;
}

struct err *
local_listen(struct arena *arena, const char *path, int *ret)
{
	CLEANUP(file_close) int folder = -1;
	struct sockaddr_un address;
	int fd;

	TRY(address_make(arena, path, &folder, &address));
	TRY(stale_remove(arena, path, folder));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The mode of the descriptor is that of what bind makes: there is no moment in
	 * which others may connect. */
	TRY(settle(arena,
		fd >= 0 && fchmod(fd, S_IRUSR | S_IWUSR) == 0 &&
			bind(fd, (const struct sockaddr *)&address, sizeof(address)) ==
				0 &&
			listen(fd, WAITING_MAX) == 0,
		"listen on", path, fd));
	*ret = fd;
	return NULL;
}

void
local_unlink(const char *path)
{
	unlink(path);
}

struct err *
local_connect(struct arena *arena, const char *path, int *ret)
{
	CLEANUP(file_close) int folder = -1;
	struct sockaddr_un address;
	int fd;

	TRY(address_make(arena, path, &folder, &address));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	TRY(settle(arena,
		fd >= 0 &&
			connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
				0,
		"reach the server at", path, fd));
	*ret = fd;
	return NULL;
}

bool
local_peer_get(int fd, struct local_peer *ret)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	*ret = (struct local_peer){ .pid = peer.pid, .uid = peer.uid };
	return true;
}
