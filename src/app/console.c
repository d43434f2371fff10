#include "app/console.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sys/file.h"

enum {
	FILE_MODE = 0644,
};

struct err *
console_open_err(struct arena *arena, int number)
{
	return err_in(arena, file_err_code(number), "%s", strerror(number));
}

static struct err *
own_open(void *arg, struct arena *arena, const char *path, int *ret_fd)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	(void)arg;
	if (fd < 0)
		return console_open_err(arena, errno);
	*ret_fd = fd;
	return NULL;
}

static struct err *
own_write(void *arg, struct arena *arena, const char *path, struct str text)
{
	(void)arg;
	return file_write(arena, path, text, FILE_MODE);
}

/* Of what was printed, all of it: a stream forgets why it could not write. */
static int out_errno;

static ssize_t
own_print(void *cookie, const char *bytes, size_t len)
{
	size_t done = 0;

	(void)cookie;
	while (done < len) {
		ssize_t written = write(STDOUT_FILENO, bytes + done, len - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			out_errno = out_errno ? out_errno : errno;
			return 0;
		}
		done += (size_t)written;
	}
	return (ssize_t)len;
}

int
console_out_errno(void)
{
	return out_errno;
}

struct console
console_of_process(void)
{
	FILE *out = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = own_print });

	if (out && isatty(STDOUT_FILENO) == 1)
		setvbuf(out, NULL, _IOLBF, 0);
	return (struct console){
		.out = out ? out : stdout,
		.err = stderr,
		.is_terminal = isatty(STDERR_FILENO) == 1,
		.files = { .open = own_open, .write = own_write },
	};
}

struct err *
console_read_file(const struct console *console, struct arena *arena, struct str path,
	size_t max_bytes, struct str *ret)
{
	const char *name = str_cstr(arena, path);
	struct err *err;
	int fd;

	if (!name)
		return err_no_memory();
	err = console->files.open(console->files.arg, arena, name, &fd);
	if (err)
		return err_in(arena, err->code, "cannot read %s: " STR_FMT, name,
			STR_ARG(err->message));
	err = file_read_fd(arena, fd, name, max_bytes, ret);
	close(fd);
	return err;
}

struct err *
console_write_file(const struct console *console, struct arena *arena, struct str path,
	struct str text)
{
	const char *name = str_cstr(arena, path);

	if (!name)
		return err_no_memory();
	return console->files.write(console->files.arg, arena, name, text);
}
