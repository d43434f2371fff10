/* Serving HTTP on every core until a signal ends it: what `gridiron serve` and `gridiron
 * demo` have in common. */
#ifndef APP_SERVE_H
#define APP_SERVE_H

#include "app/command.h"

struct serve_options {
	bool is_quiet; /* no log line a request */
	/* Called once, when requests are answered at HOST:PORT (a free port filled in).
	 * May be NULL. */
	void (*ready)(struct invocation *run, struct str address);
};

/*
 * Serve RUN's database until SIGINT or SIGTERM; then let requests end within 10 s.
 * CONFLICT: the address is in use. Call in the command's fiber, with
 * the database open.
 */
struct err *serve(struct invocation *run, const struct serve_options *options) MUST_USE;

#endif
