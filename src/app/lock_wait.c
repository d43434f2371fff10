#include "app/lock_wait.h"

#include "app/remote.h"

bool
lock_wait(void *arg, const struct err *busy)
{
	struct invocation *run = arg;

	if (!run->has_said_it_waits) {
		fprintf(run->console.err, "gridiron %s: waiting, since " STR_FMT "\n",
			run->command->name, STR_ARG(busy->message));
		fflush(run->console.err);
	}
	run->has_said_it_waits = true;
	/* One that cannot be reached is as good as none: the wait goes on. */
	return command_beside(run->command) != BESIDE_BY_SERVER ||
		remote_find(run, &run->server) || !run->server;
}
