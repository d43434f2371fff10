/*
 * Where a command's output goes and its files come from: the process's own, or those of a
 * client for whom a server carries the command out (app/remote.h). A command writes to
 * run->console and opens what its user names through it, and so does not know which.
 */
#ifndef APP_CONSOLE_H
#define APP_CONSOLE_H

#include <stdio.h>
#include <sys/types.h>

#include "base/err.h"

/* How files named by the user are opened: by the process, or by the client, with his
 * rights, in his folder. */
struct console_files {
	/* For reading. NOT_FOUND, DENIED, INTERNAL: the message is only why. */
	struct err *(*open)(
		void *arg, struct arena *arena, const char *path, int *ret_fd);
	/* All or nothing of it, as file_write. */
	struct err *(*write)(
		void *arg, struct arena *arena, const char *path, struct str text);
	void *arg;
};

struct console {
	FILE *out;
	FILE *err;
	bool is_terminal; /* err is one: progress bars make sense */
	struct console_files files;
	/* Of a client; absent, 0: those of the process. */
	struct str folder; /* where he is */
	pid_t pid;         /* of his process */
};

/* The console of this process. */
struct console console_of_process(void);
/* Why its output could not be written, as errno says it; 0: it could, so far. */
int console_out_errno(void);

/* What errno NUMBER says of opening a file, as console_files.open tells it. */
struct err *console_open_err(struct arena *arena, int number) MUST_USE;

/* What PATH, named by the user, holds. TOO_LARGE beyond MAX_BYTES. Errors name it. */
struct err *console_read_file(const struct console *console, struct arena *arena,
	struct str path, size_t max_bytes, struct str *ret) MUST_USE;
/* Let PATH, named by the user, hold TEXT, all or nothing of it. */
struct err *console_write_file(const struct console *console, struct arena *arena,
	struct str path, struct str text) MUST_USE;

#endif
