/* What there is to be had, and what one has. */
#include "api/api.h"
#include "api/route.h"
#include "api/schemas.h"
#include "billing/billing_q.h"
#include "codec/json_write.h"

enum {
	FEATURES_BYTES_MAX = 1024,
};

static const struct field tier_fields[] = {
	FIELD(struct tier, name, TEXT, "what programs call it"),
	FIELD(struct tier, display_name, TEXT, "what people call it"),
	FIELD(struct tier, description, TEXT, "in a sentence"),
	FIELD(struct tier, price_cents, I64, "hundredths of its currency"),
	FIELD(struct tier, currency, TEXT, "as in ISO 4217"),
	FIELD(struct tier, duration_days, I32, "how long it lasts"),
	FIELD(struct tier, features, TEXTS, "what it opens"),
	FIELD(struct tier, hourly_requests, OPT_I32,
		"requests an hour; null: an add-on, which leaves that as it is"),
	FIELD(struct tier, is_add_on, BOOL, "beside a subscription"),
	FIELD(struct tier, is_trial, BOOL, "once per person"),
};
const struct row_schema tier_schema = ROW_SCHEMA(
	"tier", struct tier, tier_fields, "A plan that can be had");

struct entitlements_row {
	struct str audience;
	bool is_open;
	bool is_signed_in;
	bool needs_second_factor;
	struct str tier;
	struct opt_i64 tier_until;
	struct opt_i32 hourly_requests;
	struct str features;
	struct opt_i64 changes_at;
};

static const struct field entitlements_fields[] = {
	FIELD(struct entitlements_row, audience, TEXT,
		"public: samples, the record a day late; regular: every forecast but the "
		"playoffs'; entitled: every forecast"),
	FIELD(struct entitlements_row, is_open, BOOL,
		"whether open access shows all to whoever asks from this machine"),
	FIELD(struct entitlements_row, is_signed_in, BOOL,
		"whether it is known who asks"),
	FIELD(struct entitlements_row, needs_second_factor, BOOL,
		"whether one has to be set up before anything of the account counts: "
		"POST /v1/me/mfa, or the page /account"),
	FIELD(struct entitlements_row, tier, OPT_TEXT, "the best plan; null: none"),
	FIELD(struct entitlements_row, tier_until, OPT_TIME, "when that ends"),
	FIELD(struct entitlements_row, hourly_requests, OPT_I32,
		"requests an hour; null: not counted"),
	FIELD(struct entitlements_row, features, TEXTS, "what is open"),
	FIELD(struct entitlements_row, changes_at, OPT_TIME,
		"when something of this begins or ends by itself"),
};
const struct row_schema entitlements_schema = ROW_SCHEMA("entitlements",
	struct entitlements_row, entitlements_fields,
	"What whoever asks is entitled to, now");

static const struct str audience_names[AUDIENCE_COUNT] = {
	[AUDIENCE_PUBLIC] = STR_INIT("public"),
	[AUDIENCE_REGULAR] = STR_INIT("regular"),
	[AUDIENCE_ENTITLED] = STR_INIT("entitled"),
};

/* The names of FEATURES as a JSON array. */
static struct str
features_text(struct arena *arena, uint32_t features)
{
	struct buf text;
	struct json json = json_begin(&text);

	buf_init(&text, arena, FEATURES_BYTES_MAX);
	json_put_array(&json);
	for (int feature = 0; feature < FEATURE_COUNT; feature++)
		if (features >> feature & 1)
			json_put_text(
				&json, str_from(feature_name((enum feature)feature)));
	json_put_array_end(&json);
	return buf_str(&text);
}

static struct answer
answer_entitlements(struct request *rq)
{
	const struct entitlement *has = &rq->caller.entitlement;
	bool has_tier = has->tier_until != 0;
	bool will_change = has->valid_until != 0 && has->valid_until != INT64_MAX;
	struct entitlements_row row = {
		.audience = audience_names[access_audience(rq)],
		.is_open = rq->is_open,
		.is_signed_in = rq->caller.kind != CALLER_NOBODY,
		.needs_second_factor = rq->lacks_mfa,
		.tier = has_tier ? str_from(has->tier) : STR_NONE,
		.tier_until = { .is_set = has_tier, .value = has->tier_until },
		.hourly_requests = { .is_set = has_tier || !rq->is_open,
			.value = has_tier ? has->hourly_requests : HOURLY_REQUESTS_NONE },
		.features = features_text(rq->ctx->arena, has->features),
		.changes_at = { .is_set = will_change, .value = has->valid_until },
	};

	return answer_row(rq, &entitlements_schema, &row);
}

struct answer
api_access_get(struct request *rq)
{
	return answer_entitlements(rq);
}

struct answer
api_entitlements_get(struct request *rq)
{
	return answer_entitlements(rq);
}

struct answer
api_tier_list(struct request *rq)
{
	struct tx tx = db_auto(rq->ctx, SHARD_GLOBAL);
	struct tier_list list;
	size_t kept = 0;

	ANSWER_ERR(q_tier_list(&tx, &list));
	/* What is given and not sold is not offered. */
	for (size_t i = 0; i < list.count; i++)
		if (!list.items[i].is_admin_granted)
			list.items[kept++] = list.items[i];
	return answer_rows(rq,
		&(struct page){
			.schema = &tier_schema, .rows = list.items, .count = kept });
}
