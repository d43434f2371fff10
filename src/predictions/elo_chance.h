/*
 * The home team's chance by Elo (model/elo.h) for every game there is, from the results of
 * earlier days: whom the record sets beside the forecasts. docs/decisions/elo-in-the-record.md
 */
#ifndef PREDICTIONS_ELO_CHANCE_H
#define PREDICTIONS_ELO_CHANCE_H

#include "base/map.h"
#include "base/opt.h"
#include "db/db.h"

struct elo_chances {
	struct map by_game; /* id → double */
};

/* In the arena of TX. */
struct err *elo_chances_read(struct tx *tx, struct elo_chances *ret) MUST_USE;

/* Not set where there is no such game. */
struct opt_f64 elo_chance_of(const struct elo_chances *chances, struct game_id id);

#endif
