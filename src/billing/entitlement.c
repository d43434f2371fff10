#include "billing/entitlement.h"

#include "codec/json_read.h"

static const struct {
	struct str name;
	const char *about;
} features[FEATURE_COUNT] = {
#define X(name_, text, about_) \
	[FEATURE_##name_] = { .name = STR_INIT(text), .about = (about_) },
	FEATURES(X)
#undef X
};

const char *
feature_name(enum feature feature)
{
	return features[feature].name.ptr;
}

const char *
feature_about(enum feature feature)
{
	return features[feature].about;
}

/* The bits of the names in the JSON array TEXT. */
static struct err *
features_parse(struct ctx *ctx, struct str text, uint32_t *ret)
{
	struct json_node array;
	uint32_t bits = 0;

	TRY_CTX(json_read(ctx->arena, text, &array), "features of a tier");
	for (size_t i = 0; array.kind == JSON_IS_ARRAY && i < array.count; i++)
		for (size_t feature = 0; feature < FEATURE_COUNT; feature++)
			if (str_eq(array.items[i].text, features[feature].name))
				bits |= UINT32_C(1) << feature;
	*ret = bits;
	return NULL;
}

void
entitlement_init(struct entitlement *entitlement)
{
	*entitlement = (struct entitlement){ .hourly_requests = HOURLY_REQUESTS_NONE,
		.valid_until = INT64_MAX };
}

/* Take PART's tier for the best so far. */
static void
tier_set(struct entitlement *entitlement, const struct entitlement_part *part)
{
	size_t length = part->tier.len < TIER_NAME_BYTES - 1 ? part->tier.len
							     : TIER_NAME_BYTES - 1;

	memset(entitlement->tier, 0, sizeof(entitlement->tier));
	memcpy(entitlement->tier, part->tier.ptr, length);
	entitlement->rank = part->rank;
	entitlement->tier_until = part->ends_at;
}

struct err *
entitlement_add(struct ctx *ctx, struct entitlement *entitlement,
	const struct entitlement_part *part)
{
	int64_t changes_at = part->starts_at > ctx->now ? part->starts_at : part->ends_at;
	uint32_t bits = 0;

	if (part->ends_at <= ctx->now)
		return NULL;
	if (changes_at < entitlement->valid_until)
		entitlement->valid_until = changes_at;
	if (part->starts_at > ctx->now)
		return NULL;
	TRY(features_parse(ctx, part->features, &bits));
	entitlement->features |= bits;
	if (!part->hourly_requests.is_set)
		return NULL;
	if (entitlement->tier_until == 0 ||
		part->hourly_requests.value > entitlement->hourly_requests)
		entitlement->hourly_requests = part->hourly_requests.value;
	if (entitlement->tier_until == 0 || part->rank > entitlement->rank ||
		(part->rank == entitlement->rank &&
			part->ends_at > entitlement->tier_until))
		tier_set(entitlement, part);
	return NULL;
}
