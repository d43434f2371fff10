#include "model/tiebreak.h"

/* What a club is measured by: a share of games or a number of points (of 1). The greater
 * is the better. */
struct measure {
	int64_t won;
	int64_t of;
};

static const enum tie_step division_steps[] = { TIE_HEAD_TO_HEAD, TIE_DIVISION_RECORD,
	TIE_COMMON_GAMES, TIE_CONFERENCE_RECORD, TIE_STRENGTH_OF_VICTORY,
	TIE_STRENGTH_OF_SCHEDULE, TIE_CONFERENCE_RANK, TIE_LEAGUE_RANK, TIE_NET_COMMON,
	TIE_NET_ALL, TIE_LOT };

static const enum tie_step wild_card_pair_steps[] = { TIE_HEAD_TO_HEAD,
	TIE_CONFERENCE_RECORD, TIE_COMMON_GAMES, TIE_STRENGTH_OF_VICTORY,
	TIE_STRENGTH_OF_SCHEDULE, TIE_CONFERENCE_RANK, TIE_LEAGUE_RANK,
	TIE_NET_CONFERENCE, TIE_NET_ALL, TIE_LOT };

static const enum tie_step wild_card_steps[] = { TIE_SWEEP, TIE_CONFERENCE_RECORD,
	TIE_COMMON_GAMES, TIE_STRENGTH_OF_VICTORY, TIE_STRENGTH_OF_SCHEDULE,
	TIE_CONFERENCE_RANK, TIE_LEAGUE_RANK, TIE_NET_CONFERENCE, TIE_NET_ALL, TIE_LOT };

static bool
is_one(uint32_t clubs)
{
	return (clubs & (clubs - 1)) == 0;
}

/* Of no games: .000. */
static struct measure
share(int64_t won, int64_t of)
{
	return (struct measure){ .won = of ? won : 0, .of = of ? of : 1 };
}

static struct measure
points(int64_t count)
{
	return (struct measure){ .won = count, .of = 1 };
}

/* --- What the steps measure */

static struct measure
record_against(const struct standings *s, uint32_t club, uint32_t opponents)
{
	int halves = 0, games = 0;

	FOR_EACH_CLUB(other, opponents) {
		halves += 2 * s->won[club][other] + s->tied[club][other];
		games += s->met[club][other];
	}
	return share(halves, 2 * games);
}

static uint32_t
common_opponents(const struct standings *s, uint32_t tied)
{
	uint32_t common = UINT32_MAX;

	FOR_EACH_CLUB(club, tied)
		common &= s->opponents[club];
	return common;
}

/* The share of games won by all whom CLUB beat, each as often as it beat him. */
static struct measure
strength_of_victory(const struct standings *s, uint32_t club)
{
	int halves = 0, games = 0;

	FOR_EACH_CLUB(other, s->opponents[club]) {
		halves += s->won[club][other] * s->halves[other];
		games += s->won[club][other] * s->played[other];
	}
	return share(halves, 2 * games);
}

static struct measure
strength_of_schedule(const struct standings *s, uint32_t club)
{
	int halves = 0, games = 0;

	FOR_EACH_CLUB(other, s->opponents[club]) {
		halves += s->met[club][other] * s->halves[other];
		games += s->met[club][other] * s->played[other];
	}
	return share(halves, 2 * games);
}

/* Places in points scored and in points allowed among CLUBS, added up; equals share the
 * better place. */
static struct measure
combined_rank(const struct standings *s, uint32_t club, uint32_t clubs)
{
	int rank = 2;

	FOR_EACH_CLUB(other, clubs)
		rank += (s->scored[other] > s->scored[club]) +
			(s->allowed[other] < s->allowed[club]);
	return points(-rank);
}

static struct measure
net_points(const struct standings *s, uint32_t club, uint32_t opponents)
{
	int net = 0;

	FOR_EACH_CLUB(other, opponents)
		net += s->net[club][other];
	return points(net);
}

static struct measure
measure_of(const struct standings *s, uint32_t club, uint32_t tied, enum tie_step step)
{
	switch (step) {
	case TIE_HEAD_TO_HEAD:
		return record_against(s, club, tied);
	case TIE_DIVISION_RECORD:
		return record_against(s, club, s->division_of[club]);
	case TIE_COMMON_GAMES:
		return record_against(s, club, common_opponents(s, tied));
	case TIE_CONFERENCE_RECORD:
		return record_against(s, club, s->conference_of[club]);
	case TIE_STRENGTH_OF_VICTORY:
		return strength_of_victory(s, club);
	case TIE_STRENGTH_OF_SCHEDULE:
		return strength_of_schedule(s, club);
	case TIE_CONFERENCE_RANK:
		return combined_rank(s, club, s->conference_of[club]);
	case TIE_LEAGUE_RANK:
		return combined_rank(s, club, UINT32_MAX);
	case TIE_NET_COMMON:
		return net_points(s, club, common_opponents(s, tied));
	case TIE_NET_CONFERENCE:
		return net_points(s, club, s->conference_of[club]);
	case TIE_NET_ALL:
		return net_points(s, club, UINT32_MAX);
	case TIE_LOT:
		return points(s->lot[club]);
	case TIE_NONE:
	case TIE_SWEEP:
		break;
	}
	return points(0);
}

/* --- The steps */

static bool
needs_scores(enum tie_step step)
{
	return step >= TIE_CONFERENCE_RANK && step <= TIE_NET_ALL;
}

/* Who beat every other stays alone; who lost to every other falls out. */
static uint32_t
sweep(const struct standings *s, uint32_t tied)
{
	uint32_t left = tied;

	FOR_EACH_CLUB(club, tied) {
		bool beat_all = true, lost_to_all = true;

		FOR_EACH_CLUB(other, tied & ~(UINT32_C(1) << club)) {
			int met = s->met[club][other];

			beat_all &= met > 0 && s->won[club][other] == met;
			lost_to_all &= met > 0 && s->won[other][club] == met;
		}
		if (beat_all)
			return UINT32_C(1) << club;
		if (lost_to_all)
			left &= ~(UINT32_C(1) << club);
	}
	return left;
}

uint32_t
tiebreak_step(struct standings *s, uint32_t tied, enum tie_step step)
{
	uint32_t best = 0;
	struct measure top = points(0);

	if (step == TIE_SWEEP)
		return sweep(s, tied);
	if (needs_scores(step) && s->scores) {
		standings_scores_fn *scores = s->scores;

		s->scores = NULL;
		scores(s, s->scores_arg);
	}
	FOR_EACH_CLUB(club, tied) {
		struct measure measure = measure_of(s, club, tied, step);
		int64_t more = measure.won * top.of - top.won * measure.of;

		if (more > 0 || best == 0) {
			best = UINT32_C(1) << club;
			top = measure;
		} else if (more == 0) {
			best |= UINT32_C(1) << club;
		}
	}
	return best;
}

static bool
has_common_games(const struct standings *s, uint32_t tied)
{
	uint32_t common = common_opponents(s, tied);

	FOR_EACH_CLUB(club, tied) {
		int games = 0;

		FOR_EACH_CLUB(other, common)
			games += s->met[club][other];
		if (games < COMMON_GAMES_LEAST)
			return false;
	}
	return true;
}

/* Take STEPS in turn until one lets somebody fall out; returns who is left. The lot
 * leaves one: of equal lots the first. */
static uint32_t
take_steps(struct standings *s, uint32_t tied, const enum tie_step *steps,
	bool is_wild_card, enum tie_step *ret_step)
{
	for (int i = 0;; i++) {
		enum tie_step step = steps[i];
		uint32_t left;

		if (step == TIE_COMMON_GAMES && is_wild_card &&
			!has_common_games(s, tied))
			continue;
		left = tiebreak_step(s, tied, step);
		if (step == TIE_LOT)
			left = UINT32_C(1) << first_club(left);
		if (left != tied) {
			*ret_step = step;
			return left;
		}
	}
}

int
tiebreak_division(struct standings *s, uint32_t tied, enum tie_step *ret_step)
{
	enum tie_step step = TIE_NONE;

	while (!is_one(tied))
		tied = take_steps(s, tied, division_steps, false, &step);
	if (ret_step)
		*ret_step = step;
	return first_club(tied);
}

/* Of each division only the best of TIED. */
static uint32_t
best_of_each_division(struct standings *s, uint32_t tied, enum tie_step *ret_step)
{
	uint32_t ret = 0;

	for (uint32_t left = tied; left;) {
		uint32_t rivals = left & s->division_of[first_club(left)];

		left &= ~rivals;
		ret |= UINT32_C(1)
			<< (is_one(rivals) ? first_club(rivals)
					   : tiebreak_division(s, rivals, ret_step));
	}
	return ret;
}

int
tiebreak_wild_card(struct standings *s, uint32_t tied, enum tie_step *ret_step)
{
	enum tie_step step = TIE_NONE;

	if (!is_one(tied))
		tied = best_of_each_division(s, tied, &step);
	while (!is_one(tied)) {
		bool is_pair = is_one(tied & (tied - 1));

		tied = take_steps(s, tied,
			is_pair ? wild_card_pair_steps : wild_card_steps, true, &step);
	}
	if (ret_step)
		*ret_step = step;
	return first_club(tied);
}
