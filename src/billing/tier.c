#include "billing/tier.h"

#include "base/buf.h"
#include "billing/billing_q.h"

enum {
	NAMES_BYTES_MAX = 1024,
};

#define DAILY_FEATURES   "\"real_time_predictions\", \"basic_props\", \"live_accuracy\""
#define WEEKLY_FEATURES  DAILY_FEATURES ", \"email_alerts\", \"basic_analytics\""
#define MONTHLY_FEATURES WEEKLY_FEATURES ", " ANALYTICS_FEATURES
#define SEASON_FEATURES                                                      \
	MONTHLY_FEATURES ", \"playoff_predictions\", \"priority_support\", " \
			 "\"api_access\""
#define ANALYTICS_FEATURES "\"advanced_analytics\", \"full_props\", \"data_export\""

struct house_tier {
	struct str name;
	struct str display_name;
	struct str description;
	struct str features;
	int64_t price_cents;
	int32_t duration_days;
	int32_t hourly_requests; /* 0: an add-on, which leaves the limit as it is */
	int32_t rank;
	bool is_admin_granted;
	bool is_trial;
};

/* Given tiers rank with what they are like: friends between month and season, testers
 * above them. */
static const struct house_tier house_tiers[] = {
	{ STR_INIT("free_trial"), STR_INIT("Free trial"),
		STR_INIT("A week of everything the day pass opens, once per person"),
		STR_INIT("[" DAILY_FEATURES "]"), 0, 7, 100, 10, false, true },
	{ STR_INIT("daily"), STR_INIT("Day pass"),
		STR_INIT("Every forecast as it is made, for a day"),
		STR_INIT("[" DAILY_FEATURES "]"), 1299, 1, 100, 20, false, false },
	{ STR_INIT("weekly"), STR_INIT("Weekly"),
		STR_INIT("A week of games, with alerts by e-mail"),
		STR_INIT("[" WEEKLY_FEATURES "]"), 2999, 7, 500, 30, false, false },
	{ STR_INIT("monthly"), STR_INIT("Monthly"),
		STR_INIT("A month, with all analytics and data to take away"),
		STR_INIT("[" MONTHLY_FEATURES "]"), 9999, 30, 2000, 40, false, false },
	{ STR_INIT("season"), STR_INIT("Season"),
		STR_INIT("The whole season and its playoffs, with the API"),
		STR_INIT("[" SEASON_FEATURES "]"), 29999, 180, 10000, 60, false, false },
	{ STR_INIT("friends_family"), STR_INIT("Friends and family"),
		STR_INIT("A season as a guest of the house"),
		STR_INIT("[" SEASON_FEATURES "]"), 0, 180, 2000, 50, true, false },
	{ STR_INIT("beta_tester"), STR_INIT("Beta tester"),
		STR_INIT("A year for those who try what is new"),
		STR_INIT("[" SEASON_FEATURES "]"), 0, 365, 10000, 55, true, false },
	{ STR_INIT("premium_analytics"), STR_INIT("Premium analytics"),
		STR_INIT("All analytics for a month, beside any subscription"),
		STR_INIT("[" ANALYTICS_FEATURES "]"), 4999, 30, 0, 1, false, false },
};

static struct err *
seed_in_tx(struct tx *tx, void *arg)
{
	int64_t *count = arg;

	*count = 0;
	for (size_t i = 0; i < COUNT_OF(house_tiers); i++) {
		const struct house_tier *tier = &house_tiers[i];
		struct opt_i32 hourly = { .is_set = tier->hourly_requests > 0,
			.value = tier->hourly_requests };
		int64_t inserted;

		TRY_CTX(q_tier_seed(tx,
				(struct tier_seed){
					.name = tier->name,
					.display_name = tier->display_name,
					.description = tier->description,
					.price_cents = tier->price_cents,
					.currency = STR("USD"),
					.duration_days = tier->duration_days,
					.features = tier->features,
					.hourly_requests = hourly,
					.rank = tier->rank,
					.is_admin_granted = tier->is_admin_granted,
					.is_add_on = !hourly.is_set,
					.is_trial = tier->is_trial,
					.provider_price_ids = STR("{}"),
					.now = tx->ctx->now,
				},
				&inserted),
			"seed tier " STR_FMT, STR_ARG(tier->name));
		*count += inserted;
	}
	return NULL;
}

struct err *
tier_seed(struct ctx *ctx, int64_t *ret_count)
{
	int64_t count = 0;

	TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, seed_in_tx, &count));
	*ret_count = count;
	return NULL;
}

struct err *
tier_has_any(struct ctx *ctx, bool *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct tier_list list;

	TRY(q_tier_list(&tx, &list));
	*ret = list.count > 0;
	return NULL;
}

static struct err *
has_feature(struct ctx *ctx, const struct tier *tier, enum feature feature, bool *ret)
{
	struct entitlement entitlement;

	entitlement_init(&entitlement);
	TRY(entitlement_add(ctx, &entitlement,
		&(struct entitlement_part){
			.features = tier->features, .ends_at = INT64_MAX }));
	*ret = entitlement_has(&entitlement, feature);
	return NULL;
}

struct err *
tier_names_with(struct ctx *ctx, enum feature feature, struct str *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct tier_list list;
	struct buf names;

	TRY(q_tier_list(&tx, &list));
	buf_init(&names, ctx->arena, NAMES_BYTES_MAX);
	for (size_t i = 0; i < list.count; i++) {
		bool has = false;

		if (!list.items[i].is_admin_granted)
			TRY(has_feature(ctx, &list.items[i], feature, &has));
		if (has)
			buf_fmt(&names, "%s" STR_FMT, names.len ? " or " : "",
				STR_ARG(list.items[i].name));
	}
	*ret = names.len && !buf_is_cut(&names) ? buf_str(&names)
						: STR("none that is sold");
	return NULL;
}
