#include "tests/support/mail_server.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/file.h"

enum {
	FLAGS_MAX = 8,
	MAIL_BYTES_MAX = 256 << 10,
};

extern char **environ;

const char *
mail_folder_make(char folder[static 64])
{
	snprintf(folder, 64, "/tmp/gridiron-mail.XXXXXX");
	if (!mkdtemp(folder))
		folder[0] = '\0';
	return folder;
}

int
mail_folder_read(struct arena *arena, const char *folder, struct str *ret)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char last[300] = "";
	int count = 0;

	while (dir && (entry = readdir(dir))) {
		if (!str_ends_with(str_from(entry->d_name), STR(".eml")))
			continue;
		count++;
		if (strcmp(entry->d_name, last) > 0)
			snprintf(last, sizeof(last), "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (count &&
		file_read(arena, str_cstr(arena, str_fmt(arena, "%s/%s", folder, last)),
			MAIL_BYTES_MAX, ret))
		return -1;
	return count;
}

/* The script's number in its first line, or 0. */
static int
read_port(int fd)
{
	char line[32] = "";
	ssize_t got, total = 0;
	int port = 0;

	while (total < (ssize_t)sizeof(line) - 1 && !strchr(line, '\n') &&
		(got = read(fd, line + total, sizeof(line) - 1 - (size_t)total)) > 0)
		total += got;
	for (const char *c = line; *c >= '0' && *c <= '9'; c++)
		port = port * 10 + (*c - '0');
	return port;
}

bool
mail_server_start(struct mail_server *server, char *const *flags)
{
	static char script[] = SOURCE_ROOT "/tests/support/smtp_server.py";
	char *arguments[FLAGS_MAX] = { script, server->folder };
	posix_spawn_file_actions_t actions;
	int in[2], out[2];

	*server = (struct mail_server){ .pid = -1, .stdin_fd = -1 };
	mail_folder_make(server->folder);
	for (size_t i = 0; flags[i] && i + 3 < FLAGS_MAX; i++)
		arguments[i + 2] = flags[i];
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	if (posix_spawn(&server->pid, script, &actions, NULL, arguments, environ))
		server->pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	server->stdin_fd = in[1];
	server->port = read_port(out[0]);
	close(out[0]);
	if (!server->port)
		mail_server_stop(server);
	return server->port > 0;
}

void
mail_server_stop(struct mail_server *server)
{
	int status;

	close(server->stdin_fd);
	if (server->pid > 0) {
		/* It may be hanging on purpose. */
		kill(server->pid, SIGTERM);
		waitpid(server->pid, &status, 0);
	}
	folder_remove(str_from(server->folder));
}
