/* Each step of the tie-breaking procedures, on leagues of a few games. */
#include "tests/tap.h"

#include "model/tiebreak.h"

/* Of the AFC: four of the East, two of the North and of the South, one of the West. Of the
 * NFC: opponents. */
enum {
	BUF = 3,
	MIA = 19,
	NE = 21,
	NYJ = 24,
	BAL = 2,
	CIN = 6,
	HOU = 12,
	IND = 13,
	KC = 15
};
enum { ARI = 0, ATL = 1, CAR = 4, CHI = 5, DAL = 8, DET = 10, GB = 11 };

#define CLUB(club) (UINT32_C(1) << (club))

static struct standings league;

static void
begin(void)
{
	standings_init(&league, 2023);
}

static void
score(int home, int home_score, int away, int away_score)
{
	struct model_game game = MODEL_GAME_INIT;

	game.home = home;
	game.away = away;
	game.home_score = home_score;
	game.away_score = away_score;
	standings_add(&league, &game);
}

static void
beats(int winner, int loser)
{
	score(winner, 20, loser, 17);
}

static void
ties(int home, int away)
{
	score(home, 20, away, 20);
}

/* CLUB beats each opponent of its own number up to COUNT of FROM. */
static void
beats_each(int club, const int *from, int count)
{
	for (int i = 0; i < count; i++)
		beats(club, from[i]);
}

static void
expect_division(uint32_t tied, int club, enum tie_step step, const char *what)
{
	enum tie_step found = TIE_NONE;
	int first = tiebreak_division(&league, tied, &found);

	OK_OR(first == club && found == step, "%s: club %d by step %d", what, first,
		found);
}

static void
expect_wild_card(uint32_t tied, int club, enum tie_step step, const char *what)
{
	enum tie_step found = TIE_NONE;
	int first = tiebreak_wild_card(&league, tied, &found);

	OK_OR(first == club && found == step, "%s: club %d by step %d", what, first,
		found);
}

TEST(one_club_needs_no_step)
{
	begin();
	expect_division(CLUB(NE), NE, TIE_NONE, "alone");
	expect_wild_card(CLUB(NE), NE, TIE_NONE, "alone");
}

TEST(rivals_are_told_apart_by_their_own_games_first)
{
	begin();
	beats(NYJ, NE);
	beats(NE, BUF), beats(NE, MIA), beats(BUF, NYJ), beats(MIA, NYJ);
	expect_division(CLUB(NE) | CLUB(NYJ), NYJ, TIE_HEAD_TO_HEAD, "one game");
	ties(NYJ, NE);
	expect_division(CLUB(NE) | CLUB(NYJ), NYJ, TIE_HEAD_TO_HEAD, "and a tie");
	beats(NE, NYJ);
	expect_division(CLUB(NE) | CLUB(NYJ), NE, TIE_DIVISION_RECORD, "split");
}

TEST(three_rivals_count_the_games_among_them)
{
	begin();
	beats(NE, NYJ), beats(NE, NYJ), beats(NE, BUF), beats(BUF, NE);
	beats(BUF, NYJ), beats(NYJ, BUF);
	expect_division(
		CLUB(NE) | CLUB(NYJ) | CLUB(BUF), NE, TIE_HEAD_TO_HEAD, "3-1, 2-2, 1-3");
}

TEST(two_that_are_left_of_three_begin_again)
{
	begin();
	/* Each 2-2 among the three, so division games decide, which drop BUF; then NYJ has
	 * beaten NE twice. */
	beats(NYJ, NE), beats(NYJ, NE), beats(NE, BUF), beats(NE, BUF);
	beats(BUF, NYJ), beats(BUF, NYJ);
	beats(NE, MIA), beats(NYJ, MIA), beats(MIA, BUF);
	expect_division(
		CLUB(NE) | CLUB(NYJ) | CLUB(BUF), NYJ, TIE_HEAD_TO_HEAD, "NYJ over NE");
	expect_division(CLUB(NE) | CLUB(BUF), NE, TIE_HEAD_TO_HEAD, "then NE over BUF");
}

TEST(rivals_count_any_common_games_and_strangers_four)
{
	begin();
	/* Common: ARI and ATL. */
	beats(NE, ARI), beats(NE, ATL), beats(NYJ, ARI), beats(ATL, NYJ);
	beats(DAL, NE), beats(NYJ, DET);
	expect_division(CLUB(NE) | CLUB(NYJ), NE, TIE_COMMON_GAMES, "two common games");
	begin();
	beats(NE, ARI), beats(NE, ATL), beats(NE, CAR), beats(DAL, NE);
	beats(BAL, ARI), beats(BAL, ATL), beats(CAR, BAL), beats(BAL, DET);
	beats(DET, CHI), beats(DET, CHI), beats(DET, CHI);
	expect_wild_card(
		CLUB(NE) | CLUB(BAL), BAL, TIE_STRENGTH_OF_VICTORY, "three are too few");
	beats(NE, GB), beats(GB, BAL);
	expect_wild_card(CLUB(NE) | CLUB(BAL), NE, TIE_COMMON_GAMES, "four are enough");
}

TEST(conference_games_come_last_within_and_first_across_divisions)
{
	begin();
	beats(NE, KC), beats(HOU, NYJ);
	expect_division(CLUB(NE) | CLUB(NYJ), NE, TIE_CONFERENCE_RECORD, "within");
	begin();
	beats(NE, KC), beats(HOU, BAL);
	beats_each(BAL, (const int[]){ ARI, ATL, CAR, CHI }, 4);
	for (int i = 0; i < 4; i++)
		beats((const int[]){ ARI, ATL, CAR, CHI }[i], NE);
	expect_wild_card(CLUB(NE) | CLUB(BAL), NE, TIE_CONFERENCE_RECORD, "across");
}

TEST(strength_of_victory_counts_whom_one_beat_and_of_schedule_whom_one_met)
{
	begin();
	beats(NE, ARI), beats(ATL, NE);
	beats(NYJ, CAR), beats(CHI, NYJ);
	beats(ARI, DET), beats(CAR, DET), beats(DET, CAR);
	expect_division(
		CLUB(NE) | CLUB(NYJ), NE, TIE_STRENGTH_OF_VICTORY, "ARI 1-1, CAR 1-2");
	beats(DET, ARI);
	beats(ATL, DET);
	expect_division(
		CLUB(NE) | CLUB(NYJ), NE, TIE_STRENGTH_OF_SCHEDULE, "ATL 2-0, CHI 1-0");
}

TEST(each_victory_counts_as_often_as_it_was_won)
{
	begin();
	/* NE beat ARI twice, NYJ beat ARI and CAR once each; CAR is the stronger. */
	beats(NE, ARI), beats(NE, ARI), beats(NYJ, ARI), beats(NYJ, CAR);
	beats(ARI, NE), beats(ARI, NYJ);
	beats(CAR, DET), beats(CAR, DET);
	EQ_I64(tiebreak_step(&league, CLUB(NE) | CLUB(NYJ), TIE_STRENGTH_OF_VICTORY),
		CLUB(NYJ));
}

/* Two games each against opponents of no other game, so that only points differ. */
TEST(points_decide_by_rank_in_the_conference_then_in_the_league)
{
	begin();
	score(NE, 30, ARI, 10), score(NYJ, 24, ATL, 10);
	expect_division(CLUB(NE) | CLUB(NYJ), NE, TIE_CONFERENCE_RANK, "more scored");
	/* NE first in points scored, NYJ in points allowed: 3 each. In the league CHI
	 * scored more than NYJ, but less than NE. */
	begin();
	score(NE, 30, ARI, 10), score(NYJ, 24, ATL, 7);
	league.allowed[BUF] = league.allowed[MIA] = 50;
	for (int club = 0; club < FRANCHISES; club++)
		if (club != NE && club != NYJ)
			league.allowed[club] = 50;
	EQ_I64(tiebreak_step(&league, CLUB(NE) | CLUB(NYJ), TIE_CONFERENCE_RANK),
		CLUB(NE) | CLUB(NYJ));
	league.scored[CHI] = 27;
	expect_division(CLUB(NE) | CLUB(NYJ), NE, TIE_LEAGUE_RANK, "CHI between");
}

TEST(net_points_decide_after_the_ranks)
{
	begin();
	score(NE, 27, ARI, 20), score(NYJ, 20, ATL, 14);
	for (int club = 0; club < FRANCHISES; club++)
		league.scored[club] = league.allowed[club] = 0;
	expect_division(CLUB(NE) | CLUB(NYJ), NE, TIE_NET_ALL, "7 against 6");
	/* Against the common opponent CHI it is the other way round. */
	score(NE, 20, CHI, 17), score(NYJ, 24, CHI, 20);
	for (int club = 0; club < FRANCHISES; club++)
		league.scored[club] = league.allowed[club] = 0;
	expect_division(CLUB(NE) | CLUB(NYJ), NYJ, TIE_NET_COMMON, "4 against 3");
	begin();
	score(NE, 27, HOU, 20), score(BAL, 20, KC, 14), score(BAL, 20, ARI, 0);
	score(NE, 20, ATL, 19);
	for (int club = 0; club < FRANCHISES; club++)
		league.scored[club] = league.allowed[club] = 0;
	expect_wild_card(CLUB(NE) | CLUB(BAL), NE, TIE_NET_CONFERENCE, "7 against 6");
}

TEST(the_lot_comes_last)
{
	begin();
	expect_division(CLUB(NE) | CLUB(NYJ), NE, TIE_LOT, "equal lots: the first");
	league.lot[NYJ] = 5;
	expect_division(CLUB(NE) | CLUB(NYJ), NYJ, TIE_LOT, "the higher");
	expect_wild_card(CLUB(BAL) | CLUB(NYJ), NYJ, TIE_LOT, "across");
}

TEST(three_strangers_need_a_sweep)
{
	uint32_t three = CLUB(NE) | CLUB(BAL) | CLUB(KC);

	begin();
	beats(NE, BAL);
	EQ_I64(tiebreak_step(&league, three, TIE_SWEEP), three);
	beats(NE, KC);
	beats(HOU, NE), beats(HOU, NE), beats(BAL, HOU), beats(KC, HOU);
	expect_wild_card(three, NE, TIE_SWEEP, "beat both");
	/* NE falls out for all its conference games; BAL and KC did not meet. */
	begin();
	beats(BAL, NE), beats(KC, NE);
	beats(NE, HOU), beats(NE, HOU), beats(NE, IND), beats(NE, IND);
	beats(HOU, KC), beats(HOU, BAL), beats(IND, BAL);
	expect_wild_card(three, KC, TIE_CONFERENCE_RECORD, "lost to both");
}

TEST(two_of_a_sweep_of_three_begin_again_as_a_pair)
{
	begin();
	beats(BAL, NE), beats(KC, NE), beats(BAL, KC), beats(KC, HOU), beats(KC, IND);
	/* BAL beat both. Without that game NE still lost to both, and KC's conference
	 * record would win if it were not for their own game. */
	expect_wild_card(CLUB(NE) | CLUB(BAL) | CLUB(KC), BAL, TIE_SWEEP, "sweep");
	expect_wild_card(CLUB(BAL) | CLUB(KC), BAL, TIE_HEAD_TO_HEAD, "the pair");
}

TEST(only_the_best_of_a_division_is_considered_for_a_wild_card)
{
	begin();
	/* BUF is behind NE at home, though its conference record is the best of all. */
	beats(NE, BUF), beats(BUF, HOU), beats(BUF, KC), beats(BUF, IND);
	beats(CIN, NE), beats(BAL, CIN), beats(BAL, HOU);
	expect_wild_card(CLUB(NE) | CLUB(BUF) | CLUB(BAL), BAL, TIE_CONFERENCE_RECORD,
		"BAL 2-0, NE 1-1");
	expect_wild_card(CLUB(NE) | CLUB(BUF), NE, TIE_HEAD_TO_HEAD, "then NE");
}

static void
scores_come(struct standings *standings, void *arg)
{
	int *calls = arg;

	(*calls)++;
	standings->scored[NYJ] = 1;
}

TEST(scores_are_asked_for_once_and_only_when_needed)
{
	int calls = 0;

	begin();
	beats(NE, BAL);
	league.scores = scores_come;
	league.scores_arg = &calls;
	expect_wild_card(CLUB(NE) | CLUB(BAL), NE, TIE_HEAD_TO_HEAD, "no scores");
	EQ_I64(calls, 0);
	expect_division(CLUB(BUF) | CLUB(NYJ), NYJ, TIE_CONFERENCE_RANK, "scores");
	expect_division(CLUB(BUF) | CLUB(NYJ), NYJ, TIE_CONFERENCE_RANK, "again");
	EQ_I64(calls, 1);
}
