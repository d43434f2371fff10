/*
 * Private leagues: people who pick against each other in a season, invited by a code.
 *
 * A member sees the league, the names that its members chose for it, how each stands, and
 * what each said of games that have begun; nobody else is told that it is there. Whoever
 * made it hands out the code, renews it, removes members and ends it. What is seen of a
 * league the database holds on its own as well, but for picks; that who joins has the
 * code, it does not (docs/decisions/leagues.md).
 *
 * Everything is done for ctx->actor. NOT_FOUND: there is no such league, or he is not in
 * it.
 */
#ifndef PREDICTIONS_LEAGUE_H
#define PREDICTIONS_LEAGUE_H

#include "db/db.h"
#include "predictions/leagues_q.h"

enum {
	LEAGUE_MEMBERS_MOST = 100,
	LEAGUES_MOST = 20, /* that one is in */
	LEAGUE_CODE_LEN = 12,
};

struct league_plan {
	struct str name;
	struct str display_name; /* of whoever makes it, in it */
	int32_t season;
};

/* Make a league, its first member ctx->actor. INVALID: a season without games; CONFLICT:
 * he is in LEAGUES_MOST already. */
struct err *league_make(
	struct ctx *ctx, const struct league_plan *plan, struct league_row *ret) MUST_USE;

/* What CODE, in any case and grouping, opens; NOT_FOUND: nothing. */
struct err *
league_look(struct ctx *ctx, struct str code, struct league_invited *ret) MUST_USE;
/* Join it under DISPLAY_NAME, which becomes the name of who is in it already. INVALID:
 * another has that name, or one that looks like it (codec/fold.h); CONFLICT: it is full,
 * or he is in LEAGUES_MOST. */
struct err *league_join(struct ctx *ctx, struct str code, struct str display_name,
	struct league_row *ret) MUST_USE;

struct err *
league_find(struct ctx *ctx, struct uuid league, struct league_row *ret) MUST_USE;
/* Its members, the best first. */
struct err *league_places(
	struct ctx *ctx, struct uuid league, struct league_place_list *ret) MUST_USE;
/* What they said of the week's games that have begun. */
struct err *league_picks(struct ctx *ctx, struct uuid league, int32_t week,
	struct league_pick_list *ret) MUST_USE;

/* DENIED: somebody else runs it. */
struct err *
league_renew_code(struct ctx *ctx, struct uuid league, struct league_row *ret) MUST_USE;
struct err *league_end(struct ctx *ctx, struct uuid league) MUST_USE;
/* Take out who stands at PLACE: oneself, or as whoever runs it somebody else. CONFLICT:
 * it is run by who would leave. */
struct err *
league_remove(struct ctx *ctx, struct uuid league, struct uuid place) MUST_USE;

#endif
