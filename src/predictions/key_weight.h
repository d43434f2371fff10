/*
 * Weights of key numbers as they are kept beside the forecasts made under them: a list of
 * numbers, named by the first digits of its digest. The same weights have the same name,
 * so a season's forecasts share one list and a forecast can be asked again at any time.
 */
#ifndef PREDICTIONS_KEY_WEIGHT_H
#define PREDICTIONS_KEY_WEIGHT_H

#include "base/err.h"
#include "model/distribution.h"

/* KEYS as a JSON array that reads back to the last bit, and its name. */
struct err *key_weights_format(struct arena *arena, const struct key_weights *keys,
	struct str *ret_text, struct str *ret_digest) MUST_USE;
/* INVALID where TEXT is not such an array, of weights that a fit may give. */
struct err *
key_weights_parse(struct arena *arena, struct str text, struct key_weights *ret) MUST_USE;

#endif
