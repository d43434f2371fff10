#include "app/command.h"
#include "app/serve.h"

static void
say_where(struct invocation *run, struct str address)
{
	fprintf(run->console.out, "Gridiron serves at http://" STR_FMT "/\n",
		STR_ARG(address));
	fflush(run->console.out);
}

static struct err *
run_serve(struct invocation *run)
{
	return serve(run,
		&(struct serve_options){
			.is_quiet = flag_is_set(run, "quiet"),
			.ready = say_where,
		});
}

static const struct flag flags[] = {
	{ "quiet", NULL, "no log line for each request" },
	{ 0 },
};

const struct command cmd_serve = {
	.name = "serve",
	.args = "",
	.summary = "answer HTTP requests until told to stop",
	.detail = "Serves the pages and the API over the database of the settings, one "
		  "thread a core. SIGINT or\n"
		  "SIGTERM ends it: requests and jobs under way get ten seconds to "
		  "finish; a second signal ends it at once.\n"
		  "TLS belongs to the reverse proxy in front.",
	.examples = "serve\n"
		    "serve --listen 127.0.0.1:9000\n"
		    "serve --listen [::1]:8080 --quiet",
	.flags = flags,
	.needs = NEEDS_SERVED_DATABASE,
	.run = run_serve,
};
