/*
 * The league's tie-breaking procedures: which of several clubs that won the same share of
 * their games stands first.
 *
 * Steps are taken in turn, and in each only the best stay. When some fall out, those left
 * begin again with the first step of the procedure for as many as they are. Only one club
 * comes out of a procedure; who comes next is asked anew without it.
 *
 * Within a division: games among the tied; division games; games against common
 * opponents; conference games; strength of victory; strength of schedule; combined rank
 * in points scored and allowed, in the conference, then in the league; net points in
 * common games; net points in all; lot.
 *
 * Across divisions: first only the best of each division stays. Then the games of the
 * two, if they met, or with three and more a sweep: who beat all others stays alone, who
 * lost to all others falls out. Conference games; common games, if each played four of
 * them; strength of victory and of schedule; both ranks; net points in conference games;
 * net points in all; lot.
 *
 * The league counts net touchdowns before the lot. Our games carry points only, so here
 * the lot follows at once; no season since 2002 came even near it.
 *
 * Source: NFL, "Tie-Breaking Procedures", as published with each season's standings.
 */
#ifndef MODEL_TIEBREAK_H
#define MODEL_TIEBREAK_H

#include "model/standings.h"

enum tie_step {
	TIE_NONE, /* there was no tie */
	TIE_HEAD_TO_HEAD,
	TIE_SWEEP,
	TIE_DIVISION_RECORD,
	TIE_COMMON_GAMES,
	TIE_CONFERENCE_RECORD,
	TIE_STRENGTH_OF_VICTORY,
	TIE_STRENGTH_OF_SCHEDULE,
	TIE_CONFERENCE_RANK,
	TIE_LEAGUE_RANK,
	TIE_NET_COMMON,
	TIE_NET_CONFERENCE,
	TIE_NET_ALL,
	TIE_LOT,
};

enum {
	COMMON_GAMES_LEAST = 4, /* across divisions */
};

/* The first of TIED, clubs of one division. RET_STEP, if not NULL: the step that settled
 * it in the end. */
int
tiebreak_division(struct standings *standings, uint32_t tied, enum tie_step *ret_step);
/* The first of TIED, clubs of one conference. Where only one division is left the
 * division's procedure settles it. */
int
tiebreak_wild_card(struct standings *standings, uint32_t tied, enum tie_step *ret_step);

/* One step: those of TIED that are best by it; all of them where it says nothing. */
uint32_t tiebreak_step(struct standings *standings, uint32_t tied, enum tie_step step);

#endif
