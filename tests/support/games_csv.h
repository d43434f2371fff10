/*
 * The real games, for tests of the model: a bare reader of the nflverse games file that
 * trusts it. (The program's own importer, which trusts nothing, is elsewhere.)
 */
#ifndef TESTS_SUPPORT_GAMES_CSV_H
#define TESTS_SUPPORT_GAMES_CSV_H

#include "base/arena.h"
#include "base/str.h"
#include "model/game.h"

struct games_csv {
	struct model_game *games;
	size_t count;
	int quarterbacks;
};

/* Read games.csv.gz of the folder GRIDIRON_SHARED/data, or ../shared/data as seen from
 * the source tree; false where there is none. */
bool games_csv_read(struct arena *arena, struct games_csv *ret);
/* Read a file of FiveThirtyEight's archive from the same folder. */
struct archived_chance {
	int day;
	struct str nickname[2];
	double chance[2];
	int season;
};

bool
archive_csv_read(struct arena *arena, struct archived_chance **ret, size_t *ret_count);

#endif
