/* A job that leaves others their turn, carried through for somebody who waits for it. */
#include "jobs/schedule.h"
#include "sys/clock.h"
#include "sys/fiber.h"

enum {
	LOOK_MS = 1000,
};

struct err *
schedule_run_through(struct ctx *ctx, const struct job_setup *setup, struct str name,
	void (*tell)(void *arg, const struct job_outcome *outcome), void *arg,
	struct job_outcome *ret)
{
	struct job_outcome outcome = { .has_more = true };
	bool is_first = true;

	while (outcome.has_more) {
		struct arena_mark mark = arena_mark(ctx->arena);
		struct err *err = schedule_run(ctx, setup, name, &outcome);

		/* Between two turns it is due, and whoever runs what is due may take
		 * it. */
		if (err && (is_first || err->code != ERR_CONFLICT))
			return err;
		is_first = false;
		if (!err && outcome.has_more)
			(*tell)(arg, &outcome);
		if (err &&
			fiber_sleep_until(clock_deadline_ms(LOOK_MS)) == WAIT_CANCELLED)
			return err;
		if (outcome.has_more)
			arena_rewind(ctx->arena, mark);
		if (ctx->now < clock_now_us())
			ctx->now = clock_now_us();
	}
	*ret = outcome;
	return NULL;
}
