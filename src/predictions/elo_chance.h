/*
 * The home team's chance by Elo (model/elo.h) for every game there is, from the results
 * of earlier days: whom the record sets beside the forecasts.
 * docs/decisions/elo-in-the-record.md
 */
#ifndef PREDICTIONS_ELO_CHANCE_H
#define PREDICTIONS_ELO_CHANCE_H

#include "base/opt.h"
#include "db/db.h"

struct elo_chance;

struct elo_chances {
	struct elo_chance *items; /* in order of id */
	size_t count;
};

/* As TX sees the games, in its arena. */
struct err *elo_chances_read(struct tx *tx, struct elo_chances *ret) MUST_USE;

/* The same of what is published, in the arena of CTX. They are kept, for all loops, until
 * that changes or elo_chances_forget, as a server that ends does: a request comes
 * here. */
struct err *elo_chances_find(struct ctx *ctx, struct elo_chances *ret) MUST_USE;
void elo_chances_forget(void);
/* How often they were not kept. */
uint64_t elo_chances_walked(void);

/* Not set where there is no such game. */
struct opt_f64 elo_chance_of(const struct elo_chances *chances, struct game_id id);

#endif
