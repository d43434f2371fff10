/*
 * What was shown between two storings. A list that many are shown, a week's, is kept
 * once; whoever is shown the same again in the same way only makes a count larger. So a
 * request costs one look-up, however long its list.
 */
#ifndef PREDICTIONS_DELIVERY_BATCH_H
#define PREDICTIONS_DELIVERY_BATCH_H

#include "base/arena.h"
#include "base/id.h"
#include "base/map.h"

enum {
	SHOWN_VIA_BYTES = 8,
	SHOWN_TIER_BYTES = 32,
};

/* Forecasts that were shown together. */
struct shown_list {
	struct uuid first, last;
	size_t count; /* up to here the key of its map */
	const struct uuid *ids;
};

/* Who was shown a list, and how. */
struct shown {
	struct user_id user_id;
	const struct shown_list *list;
	char via[SHOWN_VIA_BYTES];
	char tier[SHOWN_TIER_BYTES]; /* "": none; up to here the key of its map */
	int32_t times;
	int64_t first_at;
	struct shown *next;
};

struct delivery_batch {
	struct arena arena;
	struct map lists, by_user;
	struct shown *first, *last; /* in the order of their first time */
};

void delivery_batch_init(struct delivery_batch *batch, size_t cap_bytes);
/* Give its memory back; it may be used again. */
void delivery_batch_release(struct delivery_batch *batch);

/* Add the forecasts IDS, sixteen bytes each, to what WHO (list, times and next aside) was
 * shown at WHO->first_at. False: the batch is full, and nothing was added. */
bool delivery_batch_add(
	struct delivery_batch *batch, const struct shown *who, struct str ids) MUST_USE;

/* More than half of what it may hold. */
bool delivery_batch_is_half_full(const struct delivery_batch *batch);

#endif
