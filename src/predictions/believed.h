/*
 * What the model believed before a week of a season: the walk to it, which takes a tenth
 * of a second, and of all games and quarterbacks what is asked of them then.
 *
 * The last few weeks asked for are kept, for all loops, until what is published changes,
 * or until believed_forget, as a server that ends does.
 */
#ifndef PREDICTIONS_BELIEVED_H
#define PREDICTIONS_BELIEVED_H

#include "model/season.h"
#include "model/walk.h"
#include "predictions/game.h"

struct believed_passer {
	struct str id, name;        /* the name may be absent */
	int last_season, last_team; /* that he started in by then; 0: in none */
};

struct believed_game {
	struct str id, home_team, away_team;
	struct model_game numbers;
};

struct believed {
	struct season_time when;
	struct walk walk;                /* for walk_forecast: no forecasts, no weeks */
	struct believed_passer *passers; /* by the number that the model has for them */
	size_t passer_count;
	struct believed_game *games; /* of that week */
	size_t game_count;
};

/* A walk needs this beside what it finds kept. */
enum {
	BELIEVED_MEMORY_BYTES = 128 << 20,
};

/* In the arena of CTX. NOT_FOUND where there are no games of that season; BUSY where too
 * many walks are made at once. */
struct err *
believed_before(struct ctx *ctx, struct season_time when, struct believed *ret) MUST_USE;

void believed_forget(void);

struct believed_counters {
	uint64_t kept; /* found */
	uint64_t walked;
};
struct believed_counters believed_counters(void);

/*
 * Of what is supposed, so many threads at once are busy and no more: one of the pool is
 * left for all else. BUSY, with the seconds to wait, where THREADS more are too many;
 * else give them back.
 */
struct err *supposing_begin(struct ctx *ctx, int threads) MUST_USE;
void supposing_end(int threads);

#endif
