/*
 * Facts about stadiums.
 *
 * Codes are those of the nflverse games file. Temperatures are rounded means of the early
 * afternoon, between the daily mean and the daily maximum of the public 1991-2020 climate
 * normals of the nearest large weather station (NOAA NCEI; Met Office, DWD and SMN for
 * the grounds abroad); winds are rounded monthly means of the same stations. Both are
 * good to a few degrees and miles an hour, which is finer than the model's use of them.
 */
#include "model/venue.h"

#include "model/game.h"

/* Temperature August to February (°F), and mean wind (mph). */
struct city_climate {
	struct str city;
	double temperature_f[CLIMATE_MONTHS];
	double wind_mph;
};

enum city {
	ATLANTA,
	BALTIMORE,
	BATON_ROUGE,
	BOSTON,
	BUFFALO,
	CHARLOTTE,
	CHICAGO,
	CINCINNATI,
	CLEVELAND,
	DALLAS,
	DENVER,
	DETROIT,
	FRANKFURT,
	GREEN_BAY,
	HOUSTON,
	INDIANAPOLIS,
	JACKSONVILLE,
	KANSAS_CITY,
	LAS_VEGAS,
	LONDON,
	LOS_ANGELES,
	MEXICO_CITY,
	MIAMI,
	MINNEAPOLIS,
	MUNICH,
	NASHVILLE,
	NEW_ORLEANS,
	NEW_YORK,
	OAKLAND,
	PHILADELPHIA,
	PHOENIX,
	PITTSBURGH,
	SAN_DIEGO,
	SAN_FRANCISCO,
	SANTA_CLARA,
	SAO_PAULO,
	SEATTLE,
	ST_LOUIS,
	TAMPA,
	TORONTO,
	WASHINGTON,
};

static const struct city_climate climates[] = {
	[ATLANTA] = { STR_INIT("Atlanta"), { 86, 80, 70, 60, 51, 48, 53 }, 8 },
	[BALTIMORE] = { STR_INIT("Baltimore"), { 84, 77, 66, 55, 45, 40, 43 }, 7 },
	[BATON_ROUGE] = { STR_INIT("Baton Rouge"), { 90, 86, 78, 68, 61, 59, 63 }, 7 },
	[BOSTON] = { STR_INIT("Boston"), { 78, 71, 60, 50, 40, 34, 36 }, 11 },
	[BUFFALO] = { STR_INIT("Buffalo"), { 77, 70, 58, 47, 36, 29, 31 }, 11 },
	[CHARLOTTE] = { STR_INIT("Charlotte"), { 86, 79, 70, 60, 51, 48, 52 }, 7 },
	[CHICAGO] = { STR_INIT("Chicago"), { 80, 73, 61, 47, 35, 29, 32 }, 11 },
	[CINCINNATI] = { STR_INIT("Cincinnati"), { 83, 77, 65, 53, 42, 37, 41 }, 8 },
	[CLEVELAND] = { STR_INIT("Cleveland"), { 79, 73, 61, 50, 39, 32, 35 }, 11 },
	[DALLAS] = { STR_INIT("Dallas"), { 94, 86, 76, 64, 55, 53, 57 }, 10 },
	[DENVER] = { STR_INIT("Denver"), { 84, 76, 63, 50, 42, 41, 43 }, 8 },
	[DETROIT] = { STR_INIT("Detroit"), { 79, 72, 60, 47, 36, 30, 33 }, 10 },
	[FRANKFURT] = { STR_INIT("Frankfurt"), { 74, 66, 56, 46, 40, 38, 41 }, 8 },
	[GREEN_BAY] = { STR_INIT("Green Bay"), { 77, 69, 56, 43, 30, 22, 26 }, 9 },
	[HOUSTON] = { STR_INIT("Houston"), { 92, 87, 79, 69, 62, 60, 64 }, 8 },
	[INDIANAPOLIS] = { STR_INIT("Indianapolis"), { 82, 76, 63, 50, 39, 33, 38 }, 9 },
	[JACKSONVILLE] = { STR_INIT("Jacksonville"), { 89, 84, 77, 69, 63, 60, 64 }, 8 },
	[KANSAS_CITY] = { STR_INIT("Kansas City"), { 85, 77, 65, 52, 41, 36, 41 }, 10 },
	[LAS_VEGAS] = { STR_INIT("Las Vegas"), { 99, 91, 78, 63, 54, 55, 60 }, 8 },
	[LONDON] = { STR_INIT("London"), { 71, 66, 58, 51, 46, 45, 46 }, 9 },
	[LOS_ANGELES] = { STR_INIT("Los Angeles"), { 79, 79, 75, 71, 66, 66, 66 }, 6 },
	[MEXICO_CITY] = { STR_INIT("Mexico City"), { 71, 70, 70, 69, 68, 67, 70 }, 6 },
	[MIAMI] = { STR_INIT("Miami"), { 88, 87, 84, 79, 76, 74, 76 }, 9 },
	[MINNEAPOLIS] = { STR_INIT("Minneapolis"), { 79, 71, 57, 41, 27, 22, 27 }, 10 },
	[MUNICH] = { STR_INIT("Munich"), { 73, 65, 56, 45, 38, 36, 39 }, 7 },
	[NASHVILLE] = { STR_INIT("Nashville"), { 87, 81, 70, 58, 49, 45, 50 }, 7 },
	[NEW_ORLEANS] = { STR_INIT("New Orleans"), { 89, 86, 78, 69, 63, 60, 64 }, 8 },
	[NEW_YORK] = { STR_INIT("Newark"), { 82, 75, 64, 53, 43, 37, 40 }, 10 },
	[OAKLAND] = { STR_INIT("Oakland"), { 71, 72, 69, 62, 56, 56, 58 }, 8 },
	[PHILADELPHIA] = { STR_INIT("Philadelphia"), { 83, 77, 65, 54, 44, 38, 41 }, 9 },
	[PHOENIX] = { STR_INIT("Phoenix"), { 101, 97, 85, 72, 63, 64, 68 }, 6 },
	[PITTSBURGH] = { STR_INIT("Pittsburgh"), { 79, 73, 61, 50, 39, 33, 37 }, 8 },
	[SAN_DIEGO] = { STR_INIT("San Diego"), { 75, 75, 72, 69, 65, 64, 64 }, 6 },
	[SAN_FRANCISCO] = { STR_INIT("San Francisco"), { 68, 70, 68, 61, 56, 56, 58 },
		10 },
	[SANTA_CLARA] = { STR_INIT("San Jose"), { 79, 78, 72, 63, 57, 57, 60 }, 7 },
	[SAO_PAULO] = { STR_INIT("Sao Paulo"), { 71, 72, 75, 77, 79, 80, 81 }, 6 },
	[SEATTLE] = { STR_INIT("Seattle"), { 75, 68, 58, 49, 44, 45, 47 }, 8 },
	[ST_LOUIS] = { STR_INIT("St. Louis"), { 86, 79, 67, 54, 43, 38, 43 }, 9 },
	[TAMPA] = { STR_INIT("Tampa"), { 89, 87, 82, 75, 70, 67, 70 }, 7 },
	[TORONTO] = { STR_INIT("Toronto"), { 76, 69, 57, 47, 37, 30, 31 }, 10 },
	[WASHINGTON] = { STR_INIT("Washington"), { 85, 78, 67, 57, 47, 42, 45 }, 8 },
};

#define VENUE(id, city_row, hours, kind)                                     \
	{                                                                    \
		.code = STR_INIT(id), .zone = (hours), .roof = VENUE_##kind, \
		.climate = (city_row)                                        \
	}

static const struct venue venues[] = {
	VENUE("ATL00", ATLANTA, 0, DOME),
	VENUE("ATL97", ATLANTA, 0, RETRACTABLE),
	VENUE("BAL00", BALTIMORE, 0, OUTDOORS),
	VENUE("BOS00", BOSTON, 0, OUTDOORS),
	VENUE("BOS99", BOSTON, 0, OUTDOORS),
	VENUE("BRG00", BATON_ROUGE, 1, OUTDOORS),
	VENUE("BUF00", BUFFALO, 0, OUTDOORS),
	VENUE("BUF01", TORONTO, 0, DOME),
	VENUE("CAR00", CHARLOTTE, 0, OUTDOORS),
	VENUE("CHI98", CHICAGO, 1, OUTDOORS),
	VENUE("CHI99", INDIANAPOLIS, 1, OUTDOORS),
	VENUE("CIN00", CINCINNATI, 0, OUTDOORS),
	VENUE("CIN99", CINCINNATI, 0, OUTDOORS),
	VENUE("CLE00", CLEVELAND, 0, OUTDOORS),
	VENUE("DAL00", DALLAS, 1, RETRACTABLE),
	VENUE("DAL99", DALLAS, 1, OUTDOORS),
	VENUE("DEN00", DENVER, 2, OUTDOORS),
	VENUE("DEN99", DENVER, 2, OUTDOORS),
	VENUE("DET00", DETROIT, 0, DOME),
	VENUE("DET99", DETROIT, 0, DOME),
	VENUE("FRA00", FRANKFURT, -6, OUTDOORS),
	VENUE("GER00", MUNICH, -6, OUTDOORS),
	VENUE("GNB00", GREEN_BAY, 1, OUTDOORS),
	VENUE("HOU00", HOUSTON, 1, RETRACTABLE),
	VENUE("IND00", INDIANAPOLIS, 0, RETRACTABLE),
	VENUE("IND99", INDIANAPOLIS, 0, DOME),
	VENUE("JAX00", JACKSONVILLE, 0, OUTDOORS),
	VENUE("KAN00", KANSAS_CITY, 1, OUTDOORS),
	VENUE("LAX01", LOS_ANGELES, 3, DOME),
	VENUE("LAX97", LOS_ANGELES, 3, OUTDOORS),
	VENUE("LAX99", LOS_ANGELES, 3, OUTDOORS),
	VENUE("LON00", LONDON, -5, OUTDOORS),
	VENUE("LON01", LONDON, -5, OUTDOORS),
	VENUE("LON02", LONDON, -5, OUTDOORS),
	VENUE("MEX00", MEXICO_CITY, 1, OUTDOORS),
	VENUE("MIA00", MIAMI, 0, OUTDOORS),
	VENUE("MIN00", MINNEAPOLIS, 1, DOME),
	VENUE("MIN01", MINNEAPOLIS, 1, DOME),
	VENUE("MIN98", MINNEAPOLIS, 1, OUTDOORS),
	VENUE("NAS00", NASHVILLE, 1, OUTDOORS),
	VENUE("NOR00", NEW_ORLEANS, 1, DOME),
	VENUE("NYC00", NEW_YORK, 0, OUTDOORS),
	VENUE("NYC01", NEW_YORK, 0, OUTDOORS),
	VENUE("OAK00", OAKLAND, 3, OUTDOORS),
	VENUE("PHI00", PHILADELPHIA, 0, OUTDOORS),
	VENUE("PHI99", PHILADELPHIA, 0, OUTDOORS),
	VENUE("PHO00", PHOENIX, 2, RETRACTABLE),
	VENUE("PHO99", PHOENIX, 2, OUTDOORS),
	VENUE("PIT00", PITTSBURGH, 0, OUTDOORS),
	VENUE("PIT99", PITTSBURGH, 0, OUTDOORS),
	VENUE("SAN00", HOUSTON, 1, DOME),
	VENUE("SAO00", SAO_PAULO, -1, OUTDOORS),
	VENUE("SDG00", SAN_DIEGO, 3, OUTDOORS),
	VENUE("SEA00", SEATTLE, 3, OUTDOORS),
	VENUE("SEA98", SEATTLE, 3, DOME),
	VENUE("SEA99", SEATTLE, 3, OUTDOORS),
	VENUE("SFO00", SAN_FRANCISCO, 3, OUTDOORS),
	VENUE("SFO01", SANTA_CLARA, 3, OUTDOORS),
	VENUE("STL00", ST_LOUIS, 1, DOME),
	VENUE("TAM00", TAMPA, 0, OUTDOORS),
	VENUE("VEG00", LAS_VEGAS, 3, DOME),
	VENUE("WAS00", WASHINGTON, 0, OUTDOORS),
};

static int
venue_count(void)
{
	return COUNT_OF(venues);
}

int
venue_find(struct str code)
{
	for (int i = 0; i < venue_count(); i++)
		if (str_eq(venues[i].code, code))
			return i;
	return VENUE_UNKNOWN;
}

const struct venue *
venue_at(int venue)
{
	return &venues[venue];
}

struct str
venue_city(int venue)
{
	return climates[venues[venue].climate].city;
}

/* Civil calendar from a day count; the method is the well-known one of 400-year eras. */
int
month_of_day(int day)
{
	int shifted = day + 719468;
	int era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int of_era = shifted - era * 146097;
	int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int of_year = of_era - (365 * year + year / 4 - year / 100);
	int from_march = (5 * of_year + 2) / 153;

	return from_march < 10 ? from_march + 3 : from_march - 9;
}

struct climate
venue_climate(int venue, int day)
{
	const struct city_climate *city = &climates[venues[venue].climate];
	int month = month_of_day(day);
	int index = month >= FIRST_CLIMATE_MONTH ? month - FIRST_CLIMATE_MONTH
						 : month + 12 - FIRST_CLIMATE_MONTH;

	/* March to July: no football; the nearest end of the season stands for it. */
	if (index >= CLIMATE_MONTHS)
		index = month < 6 ? CLIMATE_MONTHS - 1 : 0;
	return (struct climate){
		.temperature_f = city->temperature_f[index],
		.wind_mph = city->wind_mph,
	};
}
