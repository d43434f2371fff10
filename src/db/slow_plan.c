#include "db/slow_plan.h"

#include "base/log.h"
#include "sys/clock.h"

enum {
	AGAIN_MS = 60000,
};

void
slow_plan_note(struct slow_plans *plans, const struct query *query)
{
	int64_t now = clock_monotonic_ns(), again_at;

	if (!query->stats)
		return;
	again_at = atomic_load(&query->stats->plan_again_at);
	if (now < again_at ||
		!atomic_compare_exchange_strong(&query->stats->plan_again_at, &again_at,
			clock_deadline_ms(AGAIN_MS)))
		return;
	pthread_mutex_lock(&plans->lock);
	if (plans->count < SLOW_PLANS_DUE_MAX)
		plans->due[plans->count++] = query;
	pthread_mutex_unlock(&plans->lock);
}

static const struct query *
take(struct slow_plans *plans)
{
	const struct query *query = NULL;

	if (atomic_load_explicit(&plans->count, memory_order_relaxed) == 0)
		return NULL;
	pthread_mutex_lock(&plans->lock);
	if (plans->count > 0)
		query = plans->due[--plans->count];
	pthread_mutex_unlock(&plans->lock);
	return query;
}

void
slow_plans_tell(struct ctx *ctx, struct slow_plans *plans)
{
	const struct query *query;

	while ((query = take(plans)) != NULL) {
		struct query_description description;
		struct err *err = db_describe(ctx, query, &description);

		if (err) {
			log_err(ctx, "plan of a slow query not told",
				err_note(err, "query %s", query->name));
			continue;
		}
		log_warning(ctx, "slow query plan", LOG_TEXT("query", query->name),
			LOG_STR("plan", str_trim(description.plan)));
	}
}
