#include "model/team.h"

#include "model/game.h"
#include "model/venue.h"

#define TEAM(id, city, nick, conf, div, old_conf, old_div)                           \
	{                                                                            \
		.code = STR_INIT(id), .name = STR_INIT(city " " nick),               \
		.nickname = STR_INIT(nick), .conference = CONFERENCE_##conf,         \
		.division = DIVISION_##div, .old_conference = CONFERENCE_##old_conf, \
		.old_division = DIVISION_##old_div                                   \
	}

/* Houston had no old division: it began in 2002. */
static const struct team teams[FRANCHISES] = {
	TEAM("ARI", "Arizona", "Cardinals", NFC, WEST, NFC, EAST),
	TEAM("ATL", "Atlanta", "Falcons", NFC, SOUTH, NFC, WEST),
	TEAM("BAL", "Baltimore", "Ravens", AFC, NORTH, AFC, CENTRAL),
	TEAM("BUF", "Buffalo", "Bills", AFC, EAST, AFC, EAST),
	TEAM("CAR", "Carolina", "Panthers", NFC, SOUTH, NFC, WEST),
	TEAM("CHI", "Chicago", "Bears", NFC, NORTH, NFC, CENTRAL),
	TEAM("CIN", "Cincinnati", "Bengals", AFC, NORTH, AFC, CENTRAL),
	TEAM("CLE", "Cleveland", "Browns", AFC, NORTH, AFC, CENTRAL),
	TEAM("DAL", "Dallas", "Cowboys", NFC, EAST, NFC, EAST),
	TEAM("DEN", "Denver", "Broncos", AFC, WEST, AFC, WEST),
	TEAM("DET", "Detroit", "Lions", NFC, NORTH, NFC, CENTRAL),
	TEAM("GB", "Green Bay", "Packers", NFC, NORTH, NFC, CENTRAL),
	TEAM("HOU", "Houston", "Texans", AFC, SOUTH, AFC, CENTRAL),
	TEAM("IND", "Indianapolis", "Colts", AFC, SOUTH, AFC, EAST),
	TEAM("JAX", "Jacksonville", "Jaguars", AFC, SOUTH, AFC, CENTRAL),
	TEAM("KC", "Kansas City", "Chiefs", AFC, WEST, AFC, WEST),
	TEAM("LA", "Los Angeles", "Rams", NFC, WEST, NFC, WEST),
	TEAM("LAC", "Los Angeles", "Chargers", AFC, WEST, AFC, WEST),
	TEAM("LV", "Las Vegas", "Raiders", AFC, WEST, AFC, WEST),
	TEAM("MIA", "Miami", "Dolphins", AFC, EAST, AFC, EAST),
	TEAM("MIN", "Minnesota", "Vikings", NFC, NORTH, NFC, CENTRAL),
	TEAM("NE", "New England", "Patriots", AFC, EAST, AFC, EAST),
	TEAM("NO", "New Orleans", "Saints", NFC, SOUTH, NFC, WEST),
	TEAM("NYG", "New York", "Giants", NFC, EAST, NFC, EAST),
	TEAM("NYJ", "New York", "Jets", AFC, EAST, AFC, EAST),
	TEAM("PHI", "Philadelphia", "Eagles", NFC, EAST, NFC, EAST),
	TEAM("PIT", "Pittsburgh", "Steelers", AFC, NORTH, AFC, CENTRAL),
	TEAM("SEA", "Seattle", "Seahawks", NFC, WEST, AFC, WEST),
	TEAM("SF", "San Francisco", "49ers", NFC, WEST, NFC, WEST),
	TEAM("TB", "Tampa Bay", "Buccaneers", NFC, SOUTH, NFC, CENTRAL),
	TEAM("TEN", "Tennessee", "Titans", AFC, SOUTH, AFC, CENTRAL),
	TEAM("WAS", "Washington", "Commanders", NFC, EAST, NFC, EAST),
};

/* Other spellings, in nflverse and the feeds around it. */
static const struct {
	struct str code;
	struct str today;
} aliases[] = {
	{ STR_INIT("OAK"), STR_INIT("LV") },
	{ STR_INIT("RAI"), STR_INIT("LV") },
	{ STR_INIT("LVR"), STR_INIT("LV") },
	{ STR_INIT("SD"), STR_INIT("LAC") },
	{ STR_INIT("SDG"), STR_INIT("LAC") },
	{ STR_INIT("STL"), STR_INIT("LA") },
	{ STR_INIT("SL"), STR_INIT("LA") },
	{ STR_INIT("LAR"), STR_INIT("LA") },
	{ STR_INIT("RAM"), STR_INIT("LA") },
	{ STR_INIT("WSH"), STR_INIT("WAS") },
	{ STR_INIT("JAC"), STR_INIT("JAX") },
	{ STR_INIT("ARZ"), STR_INIT("ARI") },
	{ STR_INIT("BLT"), STR_INIT("BAL") },
	{ STR_INIT("CLV"), STR_INIT("CLE") },
	{ STR_INIT("HST"), STR_INIT("HOU") },
	{ STR_INIT("GNB"), STR_INIT("GB") },
	{ STR_INIT("KAN"), STR_INIT("KC") },
	{ STR_INIT("NWE"), STR_INIT("NE") },
	{ STR_INIT("NOR"), STR_INIT("NO") },
	{ STR_INIT("SFO"), STR_INIT("SF") },
	{ STR_INIT("TAM"), STR_INIT("TB") },
};

/* What a franchise was called up to and including a season. */
static const struct {
	struct str today;
	int through_season;
	struct str code;
	struct str name;
} former_names[] = {
	{ STR_INIT("LV"), 2019, STR_INIT("OAK"), STR_INIT("Oakland Raiders") },
	{ STR_INIT("LAC"), 2016, STR_INIT("SD"), STR_INIT("San Diego Chargers") },
	{ STR_INIT("LA"), 2015, STR_INIT("STL"), STR_INIT("St. Louis Rams") },
	{ STR_INIT("WAS"), 2019, STR_INIT("WAS"), STR_INIT("Washington Redskins") },
	{ STR_INIT("WAS"), 2021, STR_INIT("WAS"), STR_INIT("Washington Football Team") },
};

/* Home grounds, the newest first: the first row that had opened by the season counts. */
static const struct {
	struct str today;
	int from_season;
	struct str venue;
} grounds[] = {
	{ STR_INIT("ARI"), 2006, STR_INIT("PHO00") },
	{ STR_INIT("ARI"), 0, STR_INIT("PHO99") },
	{ STR_INIT("ATL"), 2017, STR_INIT("ATL97") },
	{ STR_INIT("ATL"), 0, STR_INIT("ATL00") },
	{ STR_INIT("BAL"), 0, STR_INIT("BAL00") },
	{ STR_INIT("BUF"), 0, STR_INIT("BUF00") },
	{ STR_INIT("CAR"), 0, STR_INIT("CAR00") },
	{ STR_INIT("CHI"), 2003, STR_INIT("CHI98") },
	{ STR_INIT("CHI"), 2002, STR_INIT("CHI99") },
	{ STR_INIT("CHI"), 0, STR_INIT("CHI98") },
	{ STR_INIT("CIN"), 2000, STR_INIT("CIN00") },
	{ STR_INIT("CIN"), 0, STR_INIT("CIN99") },
	{ STR_INIT("CLE"), 0, STR_INIT("CLE00") },
	{ STR_INIT("DAL"), 2009, STR_INIT("DAL00") },
	{ STR_INIT("DAL"), 0, STR_INIT("DAL99") },
	{ STR_INIT("DEN"), 2001, STR_INIT("DEN00") },
	{ STR_INIT("DEN"), 0, STR_INIT("DEN99") },
	{ STR_INIT("DET"), 2002, STR_INIT("DET00") },
	{ STR_INIT("DET"), 0, STR_INIT("DET99") },
	{ STR_INIT("GB"), 0, STR_INIT("GNB00") },
	{ STR_INIT("HOU"), 0, STR_INIT("HOU00") },
	{ STR_INIT("IND"), 2008, STR_INIT("IND00") },
	{ STR_INIT("IND"), 0, STR_INIT("IND99") },
	{ STR_INIT("JAX"), 0, STR_INIT("JAX00") },
	{ STR_INIT("KC"), 0, STR_INIT("KAN00") },
	{ STR_INIT("LA"), 2020, STR_INIT("LAX01") },
	{ STR_INIT("LA"), 2016, STR_INIT("LAX99") },
	{ STR_INIT("LA"), 0, STR_INIT("STL00") },
	{ STR_INIT("LAC"), 2020, STR_INIT("LAX01") },
	{ STR_INIT("LAC"), 2017, STR_INIT("LAX97") },
	{ STR_INIT("LAC"), 0, STR_INIT("SDG00") },
	{ STR_INIT("LV"), 2020, STR_INIT("VEG00") },
	{ STR_INIT("LV"), 0, STR_INIT("OAK00") },
	{ STR_INIT("MIA"), 0, STR_INIT("MIA00") },
	{ STR_INIT("MIN"), 2016, STR_INIT("MIN01") },
	{ STR_INIT("MIN"), 2014, STR_INIT("MIN98") },
	{ STR_INIT("MIN"), 0, STR_INIT("MIN00") },
	{ STR_INIT("NE"), 2002, STR_INIT("BOS00") },
	{ STR_INIT("NE"), 0, STR_INIT("BOS99") },
	{ STR_INIT("NO"), 2006, STR_INIT("NOR00") },
	{ STR_INIT("NO"), 2005, STR_INIT("BRG00") },
	{ STR_INIT("NO"), 0, STR_INIT("NOR00") },
	{ STR_INIT("NYG"), 2010, STR_INIT("NYC01") },
	{ STR_INIT("NYG"), 0, STR_INIT("NYC00") },
	{ STR_INIT("NYJ"), 2010, STR_INIT("NYC01") },
	{ STR_INIT("NYJ"), 0, STR_INIT("NYC00") },
	{ STR_INIT("PHI"), 2003, STR_INIT("PHI00") },
	{ STR_INIT("PHI"), 0, STR_INIT("PHI99") },
	{ STR_INIT("PIT"), 2001, STR_INIT("PIT00") },
	{ STR_INIT("PIT"), 0, STR_INIT("PIT99") },
	{ STR_INIT("SEA"), 2002, STR_INIT("SEA00") },
	{ STR_INIT("SEA"), 2000, STR_INIT("SEA99") },
	{ STR_INIT("SEA"), 0, STR_INIT("SEA98") },
	{ STR_INIT("SF"), 2014, STR_INIT("SFO01") },
	{ STR_INIT("SF"), 0, STR_INIT("SFO00") },
	{ STR_INIT("TB"), 0, STR_INIT("TAM00") },
	{ STR_INIT("TEN"), 0, STR_INIT("NAS00") },
	{ STR_INIT("WAS"), 0, STR_INIT("WAS00") },
};

enum {
	REALIGNMENT_SEASON = 2002,
};

int
team_find(struct str code)
{
	for (size_t i = 0; i < COUNT_OF(aliases); i++)
		if (str_eq(aliases[i].code, code))
			code = aliases[i].today;
	for (int i = 0; i < FRANCHISES; i++)
		if (str_eq(teams[i].code, code))
			return i;
	return FRANCHISE_UNKNOWN;
}

const struct team *
team_at(int franchise)
{
	return &teams[franchise];
}

struct str
team_code_in(int franchise, int season)
{
	for (size_t i = 0; i < COUNT_OF(former_names); i++)
		if (season <= former_names[i].through_season &&
			str_eq(former_names[i].today, teams[franchise].code))
			return former_names[i].code;
	return teams[franchise].code;
}

struct str
team_name_in(int franchise, int season)
{
	for (size_t i = 0; i < COUNT_OF(former_names); i++)
		if (season <= former_names[i].through_season &&
			str_eq(former_names[i].today, teams[franchise].code))
			return former_names[i].name;
	return teams[franchise].name;
}

enum conference
team_conference(int franchise, int season)
{
	return season < REALIGNMENT_SEASON ? teams[franchise].old_conference
					   : teams[franchise].conference;
}

enum division
team_division(int franchise, int season)
{
	return season < REALIGNMENT_SEASON ? teams[franchise].old_division
					   : teams[franchise].division;
}

bool
team_is_division_game(int home, int away, int season)
{
	return team_conference(home, season) == team_conference(away, season) &&
		team_division(home, season) == team_division(away, season);
}

int
team_ground(int franchise, int season)
{
	for (size_t i = 0; i < COUNT_OF(grounds); i++)
		if (season >= grounds[i].from_season &&
			str_eq(grounds[i].today, teams[franchise].code))
			return venue_find(grounds[i].venue);
	return VENUE_UNKNOWN;
}
