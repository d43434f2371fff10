#include "model/game.h"

int
game_compare(const struct model_game *a, const struct model_game *b)
{
	if (a->season != b->season)
		return a->season < b->season ? -1 : 1;
	if (a->week != b->week)
		return a->week < b->week ? -1 : 1;
	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	if (a->kickoff_minute != b->kickoff_minute)
		return a->kickoff_minute < b->kickoff_minute ? -1 : 1;
	return a->home != b->home ? a->home - b->home : a->away - b->away;
}
