#include "model/bracket.h"

struct field {
	const int *club;       /* by seed */
	int seeds[MOST_SEEDS]; /* still in, the best first */
	int count;
};

static uint32_t
clubs_of(const struct field *field)
{
	uint32_t ret = 0;

	for (int i = 0; i < field->count; i++)
		ret |= UINT32_C(1) << field->club[field->seeds[i]];
	return ret;
}

/* Play ROUND: the best BYES wait, of the others the best meets the worst, and so on
 * inwards. RESTED is how many seeds had a bye the round before. */
static void
play_round(struct field *field, struct bracket_game game, int byes, int rested,
	bracket_play_fn *play, void *arg)
{
	bool is_out[MOST_SEEDS] = { false };
	int left = 0;

	for (int best = byes, worst = field->count - 1; best < worst; best++, worst--) {
		int home = field->seeds[best], away = field->seeds[worst];

		game.home = field->club[home];
		game.away = field->club[away];
		game.is_home_rested = home < rested && away >= rested;
		is_out[play(arg, &game) ? away : home] = true;
	}
	for (int i = 0; i < field->count; i++)
		if (!is_out[field->seeds[i]])
			field->seeds[left++] = field->seeds[i];
	field->count = left;
}

void
bracket_play(const struct seeding *seeding, bracket_play_fn *play, void *arg,
	struct bracket *ret)
{
	struct bracket_game last = { .round = GAME_SUPER_BOWL };
	int finalists[CONFERENCES];

	*ret = (struct bracket){ .champion = 0 };
	for (int conference = 0; conference < CONFERENCES; conference++) {
		struct field field = { .club = seeding->club[conference],
			.count = seeding->count };

		for (int i = 0; i < field.count; i++)
			field.seeds[i] = i;
		for (int round = GAME_WILD_CARD; round <= GAME_CONFERENCE; round++) {
			int byes = round == GAME_WILD_CARD ? seeding->byes : 0;
			int rested = round == GAME_DIVISIONAL ? seeding->byes : 0;

			ret->in_round[round] |= clubs_of(&field);
			play_round(&field,
				(struct bracket_game){ .round = (enum game_type)round },
				byes, rested, play, arg);
		}
		finalists[conference] = field.club[field.seeds[0]];
	}
	last.home = finalists[CONFERENCE_AFC];
	last.away = finalists[CONFERENCE_NFC];
	ret->in_round[GAME_SUPER_BOWL] = UINT32_C(1) << last.home |
		UINT32_C(1) << last.away;
	ret->champion = play(arg, &last) ? last.home : last.away;
}
