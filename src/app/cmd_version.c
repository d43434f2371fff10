#include "app/command.h"

static struct err *
run_version(struct invocation *run)
{
	if (run->is_json)
		fprintf(run->console.out,
			"{\"name\": \"gridiron\", \"version\": \"%s\"}\n",
			GRIDIRON_VERSION);
	else
		fprintf(run->console.out, "gridiron %s\n", GRIDIRON_VERSION);
	return NULL;
}

const struct command cmd_version = {
	.name = "version",
	.args = "",
	.summary = "say which version this is",
	.examples = "version\n"
		    "version --json",
	.needs = NEEDS_NOTHING,
	.run = run_version,
};
