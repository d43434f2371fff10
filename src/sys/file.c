#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "base/num.h"
#include "sys/random.h"

enum {
	READ_BYTES_MIN = 4096,
	PID_TEXT_MAX = 32,
	LOCKS_BYTES_MAX = 1 << 20,
};

enum err_code
file_err_code(int number)
{
	if (number == ENOENT || number == ENOTDIR || number == ECONNREFUSED)
		return ERR_NOT_FOUND;
	if (number == EACCES || number == EPERM || number == EROFS)
		return ERR_DENIED;
	return ERR_INTERNAL;
}

struct err *
file_err_of(struct arena *arena, const char *doing, const char *path)
{
	int number = errno;

	return err_in(arena, file_err_code(number), "cannot %s %s: %s", doing, path,
		strerror(number));
}

void
file_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* --- Reading */

/* A larger home for the LEN bytes at TEXT. */
static char *
move_text(struct arena *arena, const char *text, size_t len, size_t capacity)
{
	char *ret = arena_alloc_text(arena, capacity);

	if (ret && len > 0)
		memcpy(ret, text, len);
	return ret;
}

/* To its end: files of /proc and pipes do not say how long they are. */
struct err *
file_read_fd(
	struct arena *arena, int fd, const char *path, size_t max_bytes, struct str *ret)
{
	size_t len = 0, capacity = READ_BYTES_MIN;
	struct stat status;
	char *text;

	if (fstat(fd, &status) == 0 && status.st_size > 0)
		capacity = (size_t)status.st_size + 1;
	if (capacity > max_bytes + 1)
		capacity = max_bytes + 1;
	text = move_text(arena, NULL, 0, capacity);
	for (;;) {
		ssize_t got;

		if (!text)
			return err_no_memory();
		got = read(fd, text + len, capacity - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return file_err(arena, "read", path);
		if (got == 0)
			break;
		len += (size_t)got;
		if (len > max_bytes)
			return err_in(arena, ERR_TOO_LARGE, "%s is larger than %zu bytes",
				path, max_bytes);
		if (len < capacity)
			continue;
		capacity = capacity > max_bytes / 2 ? max_bytes + 1 : capacity * 2;
		text = move_text(arena, text, len, capacity);
	}
	text[len] = '\0';
	*ret = (struct str){ .ptr = text, .len = len };
	return NULL;
}

struct err *
file_read(struct arena *arena, const char *path, size_t max_bytes, struct str *ret)
{
	CLEANUP(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return file_err(arena, "read", path);
	return file_read_fd(arena, fd, path, max_bytes, ret);
}

/* --- Writing */

static bool
write_all(int fd, struct str data)
{
	while (data.len > 0) {
		ssize_t written = write(fd, data.ptr, data.len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		data = str_slice(data, (size_t)written, data.len);
	}
	return true;
}

struct err *
file_sync_folder_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str folder = STR(".");
	const char *name;

	if (slash == path)
		folder = STR("/");
	else if (slash)
		folder = (struct str){ .ptr = path, .len = (size_t)(slash - path) };
	name = str_cstr(arena, folder);
	CLEANUP(file_close)
	int fd = name ? open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	return fd >= 0 && fsync(fd) == 0
		? NULL
		: file_err(arena, "write to disk the directory of", path);
}

struct err *
file_write(struct arena *arena, const char *path, struct str data, mode_t mode)
{
	struct str temporary = str_fmt(
		arena, "%s.%016" PRIx64 ".tmp", path, random_u64());
	struct err *err;

	if (str_is_none(temporary))
		return err_no_memory();
	const char *name = str_cstr(arena, temporary);
	if (!name)
		return err_no_memory();
	CLEANUP(file_close)
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0)
		return file_err(arena, "write", path);
	/* What the mask took from MODE is given back. */
	if (fchmod(fd, mode) == 0 && write_all(fd, data) && fsync(fd) == 0 &&
		rename(name, path) == 0)
		return file_sync_folder_of(arena, path);
	err = file_err(arena, "write", path);
	unlink(name);
	return err;
}

static struct err *
not_directory_err(struct arena *arena, const char *path)
{
	return err_in(arena, ERR_CONFLICT, "%s is there, but is no directory", path);
}

struct err *
file_make_directory(struct arena *arena, const char *path, mode_t mode)
{
	struct str text = str_dup(arena, str_from(path));
	struct stat status;

	if (str_is_none(text))
		return err_no_memory();
	for (size_t end = 1; end <= text.len; end++) {
		const char *part;

		if (end < text.len && text.ptr[end] != '/')
			continue;
		part = str_cstr(arena, str_slice(text, 0, end));
		if (!part)
			return err_no_memory();
		if (mkdir(part, mode) != 0 && errno != EEXIST)
			return file_err(arena, "make directory", part);
	}
	if (stat(path, &status) != 0)
		return file_err(arena, "make directory", path);
	return S_ISDIR(status.st_mode) ? NULL : not_directory_err(arena, path);
}

/* The folder that PATH is in. */
static const char *
folder_of(struct arena *arena, const char *path)
{
	size_t end = strlen(path);

	while (end > 1 && path[end - 1] == '/')
		end--;
	while (end > 0 && path[end - 1] != '/')
		end--;
	while (end > 1 && path[end - 1] == '/')
		end--;
	return end ? str_cstr(arena, (struct str){ .ptr = path, .len = end }) : ".";
}

struct err *
file_check_directory(struct arena *arena, const char *path)
{
	const char *part = path;
	struct stat status;

	while (stat(part, &status) != 0) {
		if (errno != ENOENT)
			return file_err(arena, "make directory", path);
		part = folder_of(arena, part);
		if (!part)
			return err_no_memory();
	}
	if (S_ISDIR(status.st_mode) && access(part, W_OK | X_OK) == 0)
		return NULL;
	if (S_ISDIR(status.st_mode))
		return file_err(
			arena, part == path ? "write in" : "make directory", path);
	if (part == path)
		return not_directory_err(arena, path);
	errno = ENOTDIR;
	return file_err(arena, "make directory", path);
}

struct err *
file_check_place(struct arena *arena, const char *path, bool may_make)
{
	const char *folder = folder_of(arena, path);
	struct stat status;

	if (!folder)
		return err_no_memory();
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
		errno = EISDIR;
		return file_err(arena, "write", path);
	}
	if (access(path, W_OK) == 0)
		return NULL;
	if (errno == ENOENT && may_make)
		return file_check_directory(arena, folder);
	if (errno == ENOENT && access(folder, W_OK | X_OK) == 0)
		return NULL;
	return file_err(arena, "write", path);
}

/* --- Locks */

/* Who wrote its process id into the lock FD; 0 where it cannot be told. */
static int64_t
holder_of(int fd)
{
	char text[PID_TEXT_MAX];
	ssize_t len = pread(fd, text, sizeof(text), 0);
	int64_t pid = 0;

	if (len <= 0 ||
		!num_parse_i64(str_trim((struct str){ .ptr = text, .len = (size_t)len }),
			1, INT32_MAX, &pid))
		return 0;
	return pid;
}

static struct err *
held_err(struct arena *arena, const char *path, int64_t holder)
{
	if (holder == 0)
		return err_in(arena, ERR_CONFLICT,
			"%s is held by another process; stop that one first", path);
	return err_in(arena, ERR_CONFLICT,
		"%s is held by process %" PRId64 "; stop that one first", path, holder);
}

struct err *
file_lock(struct arena *arena, const char *path, int *ret)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char pid[PID_TEXT_MAX];
	struct err *err;

	if (fd < 0)
		return file_err(arena, "open the lock file", path);
	/* Belongs to this opening, so that it also keeps out others of this process. */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			err = held_err(arena, path, holder_of(fd));
		else
			err = file_err(arena, "lock", path);
		close(fd);
		return err;
	}
	/* Only for the message above: the lock holds without it. */
	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) == 0)
		(void)write_all(fd, str_from(pid));
	*ret = fd;
	return NULL;
}

void
file_unlock(int lock)
{
	close(lock);
}

/* The process id on LINE of /proc/locks, where that tells of a lock of the file at PLACE:
 *     3: FLOCK  ADVISORY  WRITE 23020 fe:00:10970228 0 EOF
 */
static int64_t
locks_line_read(struct str line, struct str place)
{
	ptrdiff_t at = str_find(line, place);
	int64_t pid = 0;
	struct str word;

	if (at < 0 || str_find(line, STR(" FLOCK ")) < 0 ||
		str_find(line, STR(" -> ")) >= 0)
		return 0;
	line = str_slice(line, 0, (size_t)at);
	while (str_next(&line, ' ', &word))
		if (!num_parse_i64(word, 1, INT32_MAX, &pid))
			pid = 0;
	return pid;
}

int64_t
file_lock_holder(struct arena *arena, const char *path)
{
	struct str locks, place, line;
	struct stat status;
	int64_t pid = 0;

	if (stat(path, &status) != 0 ||
		file_read(arena, "/proc/locks", LOCKS_BYTES_MAX, &locks))
		return 0;
	place = str_fmt(arena, " %02x:%02x:%ju ", major(status.st_dev),
		minor(status.st_dev), (uintmax_t)status.st_ino);
	if (str_is_none(place))
		return 0;
	while (!pid && str_next(&locks, '\n', &line))
		pid = locks_line_read(line, place);
	return pid;
}

struct err *
file_disk_space(struct arena *arena, const char *path, struct disk_space *ret)
{
	struct statvfs status;

	if (statvfs(path, &status) != 0)
		return file_err(arena, "measure the disk of", path);
	*ret = (struct disk_space){
		.total_bytes = (int64_t)(status.f_blocks * status.f_frsize),
		.free_bytes = (int64_t)(status.f_bavail * status.f_frsize),
	};
	return NULL;
}
