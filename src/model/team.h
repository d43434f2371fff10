/*
 * The 32 franchises, under every code they have played by.
 *
 * A franchise keeps its number for ever: Oakland and Las Vegas are one, San Diego and Los
 * Angeles (Chargers) another, St. Louis and Los Angeles (Rams) a third.
 */
#ifndef MODEL_TEAM_H
#define MODEL_TEAM_H

#include "base/str.h"

enum {
	FRANCHISES = 32,
	FRANCHISE_UNKNOWN = -1,
};

enum conference { CONFERENCE_AFC, CONFERENCE_NFC };
/* Central: the old divisions of 1999 to 2001. */
enum division {
	DIVISION_EAST,
	DIVISION_NORTH,
	DIVISION_SOUTH,
	DIVISION_WEST,
	DIVISION_CENTRAL
};

struct team {
	struct str code; /* of today, as nflverse writes it: "LV", "LA" */
	struct str name; /* of today: "Las Vegas Raiders" */
	struct str nickname;
	enum conference conference; /* since 2002 */
	enum division division;
	enum conference old_conference; /* 1999 to 2001 */
	enum division old_division;
};

/* The franchise that CODE (of any time, of nflverse and its relatives) stands for, or
 * FRANCHISE_UNKNOWN. */
int team_find(struct str code);
/* FRANCHISE from 0 to 31, in the order of today's codes. */
const struct team *team_at(int franchise);
/* The code and the name in SEASON: "OAK" and "Oakland Raiders" in 2010. */
struct str team_code_in(int franchise, int season);
struct str team_name_in(int franchise, int season);
enum conference team_conference(int franchise, int season);
enum division team_division(int franchise, int season);
/* Whether the two meet as rivals of one division in SEASON. */
bool team_is_division_game(int home, int away, int season);
/* The venue (venue.h) where the franchise played most home games in SEASON. */
int team_ground(int franchise, int season);

#endif
