#include "tests/support/places_file.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"

extern char **environ;

static char path[] = "/tmp/gridiron-places.XXXXXX";
static bool has_path;

static void
path_remove(void)
{
	unlink(path);
}

static bool
path_make(void)
{
	int fd;

	if (has_path)
		return true;
	fd = mkstemp(path);
	if (fd < 0)
		return false;
	close(fd);
	has_path = true;
	return atexit(path_remove) == 0;
}

const char *
places_file_make(const char *kind)
{
	static char script[] = SOURCE_ROOT "/tests/support/make_mmdb";
	char kind_text[64];
	char *arguments[] = { script, path, kind_text, NULL };
	int status;
	pid_t pid;

	snprintf(kind_text, sizeof(kind_text), "%s", kind);
	if (!path_make() || posix_spawn(&pid, script, NULL, NULL, arguments, environ))
		return NULL;
	return waitpid(pid, &status, 0) == pid && status == 0 ? path : NULL;
}
