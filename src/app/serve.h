/* Serving HTTP on every core until a signal ends it: what `gridiron serve` and `gridiron
 * demo` have in common. */
#ifndef APP_SERVE_H
#define APP_SERVE_H

#include "app/command.h"

struct serve_options {
	struct str listen; /* "HOST:PORT"; port 0: any that is free */
	bool is_quiet;     /* no log line a request */
	/* Called once, when requests are answered at HOST:PORT (a free port filled in).
	 * May be NULL. */
	void (*ready)(struct invocation *run, struct str address);
};

/*
 * Serve RUN's database until SIGINT or SIGTERM; then let requests end within 10 s.
 * INVALID: the address is none. CONFLICT: it is in use. Call in the command's fiber, with
 * the database open.
 */
struct err *serve(struct invocation *run, const struct serve_options *options) MUST_USE;

/* "HOST:PORT" into its parts; an IPv6 host stands in brackets. INVALID: it is none. */
struct err *serve_address_parse(struct ctx *ctx, struct str listen, struct str *ret_host,
	uint16_t *ret_port) MUST_USE;

#endif
