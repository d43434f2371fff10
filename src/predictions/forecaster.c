#include "predictions/forecaster.h"

#include "base/buf.h"
#include "predictions/forecast.h"
#include "predictions/models_q.h"
#include "predictions/publication.h"

enum {
	NAMES_BYTES_MAX = 400,
	NEAR = 4, /* edits within which a name may have been meant */
};

struct err *
forecaster_put_house(struct tx *tx, enum tier tier)
{
	return q_model_put(tx,
		(struct model_put){ .name = forecast_model_name(tier),
			.tier = str_from(tier_name(tier)),
			.sees_line = tier == TIER_B,
			.now = tx->ctx->now });
}

static struct err *
unknown(struct tx *tx, const char *field, struct str name,
	const struct model_row_list *models)
{
	struct str near = STR_NONE;
	size_t near_distance = NEAR;
	struct buf names;

	buf_init(&names, tx->ctx->arena, NAMES_BYTES_MAX);
	for (size_t i = 0; i < models->count; i++) {
		struct str known = models->items[i].name;
		size_t distance = str_distance(name, known);

		if (distance < near_distance) {
			near = known;
			near_distance = distance;
		}
		buf_fmt(&names, "%s" STR_FMT, i ? ", " : "", STR_ARG(known));
	}
	if (!str_is_none(near))
		return err_field(tx->ctx, field,
			"there is no model '" STR_FMT "'; did you mean '" STR_FMT "'?",
			STR_ARG(name), STR_ARG(near));
	if (models->count == 0)
		return err_field(tx->ctx, field,
			"there is no model '" STR_FMT "', as nothing is forecast yet",
			STR_ARG(name));
	return err_field(tx->ctx, field,
		"there is no model '" STR_FMT "'; there are " STR_FMT "%s", STR_ARG(name),
		STR_ARG(buf_str(&names)), buf_is_cut(&names) ? " and more" : "");
}

struct err *
forecaster_get(struct tx *tx, const char *field, struct str name, struct forecaster *ret)
{
	struct model_row_list models = { .count = 0 };

	if (str_is_none(name))
		name = STR(HOUSE_MODEL);
	for (int tier = 0; tier < TIERS; tier++) {
		if (!str_eq(name, forecast_model_name((enum tier)tier)))
			continue;
		*ret = (struct forecaster){ .name = name,
			.tier = str_from(tier_name((enum tier)tier)),
			.sees_line = tier == TIER_B };
		return NULL;
	}
	TRY(q_model_list(tx, &models));
	for (size_t i = 0; i < models.count; i++) {
		const struct model_row *model = &models.items[i];

		if (!str_eq(name, model->name))
			continue;
		*ret = (struct forecaster){
			.name = name, .tier = model->tier, .sees_line = model->sees_line
		};
		return NULL;
	}
	return unknown(tx, field, name, &models);
}

struct err *
forecaster_check(struct tx *tx, const char *field, struct str name)
{
	struct forecaster forecaster;

	return forecaster_get(tx, field, name, &forecaster);
}
