#include "sys/trouble.h"

#include "base/log.h"
#include "sys/clock.h"

enum {
	AGAIN_MS = 60000,
	BEGIN_MS = 5000,
};

void
trouble_note(struct trouble *trouble, const struct ctx *ctx, const char *event,
	const struct err *err)
{
	int64_t now = clock_monotonic_ns(), told_at = atomic_load(&trouble->told_at);
	int64_t pause_ms = atomic_load(&trouble->is_on) ? AGAIN_MS : BEGIN_MS;

	atomic_fetch_add(&trouble->times, 1);
	if (told_at != 0 && now - told_at < pause_ms * NANOSECONDS_PER_MS)
		return;
	/* Another thread tells it. */
	if (!atomic_compare_exchange_strong(&trouble->told_at, &told_at, now))
		return;
	atomic_store(&trouble->is_on, true);
	log_err_times(ctx, event, err, atomic_exchange(&trouble->times, 0));
}

void
trouble_over(struct trouble *trouble, const struct ctx *ctx, const char *event)
{
	/* Mostly there was none, and to look is cheaper than to exchange. */
	if (!atomic_load_explicit(&trouble->is_on, memory_order_relaxed) ||
		!atomic_exchange(&trouble->is_on, false))
		return;
	atomic_store(&trouble->told_at, clock_monotonic_ns());
	log_info(ctx, event,
		LOG_I64("times", (int64_t)atomic_exchange(&trouble->times, 0)));
}
