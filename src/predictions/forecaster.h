/* Who forecasts: the models that have published here, by name. */
#ifndef PREDICTIONS_FORECASTER_H
#define PREDICTIONS_FORECASTER_H

#include "db/db.h"
#include "model/parameters.h"

/* Make a tier of the house's own known. */
struct err *forecaster_put_house(struct tx *tx, enum tier tier) MUST_USE;

/* What readers are told of a model. */
struct forecaster {
	struct str name;
	struct str tier; /* of the house's: "S", "L", "B"; absent: another's */
	bool sees_line;
};
/* The model called NAME, or where that is absent the house's own. INVALID as below. */
struct err *forecaster_get(struct tx *tx, const char *field, struct str name,
	struct forecaster *ret) MUST_USE;

/* INVALID, naming the nearest or all, unless a model called NAME has published or is one
 * of the house's. FIELD: of the input that NAME came in. An absent name is fine. */
struct err *forecaster_check(struct tx *tx, const char *field, struct str name) MUST_USE;

#endif
