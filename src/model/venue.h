/*
 * Where games are played: roof, time zone and the climate of the football months.
 *
 * Climate is what a forecast may know of the weather days ahead: the usual temperature in
 * the early afternoon and the usual wind, by month.
 */
#ifndef MODEL_VENUE_H
#define MODEL_VENUE_H

#include "base/str.h"

enum venue_roof { VENUE_OUTDOORS, VENUE_RETRACTABLE, VENUE_DOME };

struct venue {
	struct str code; /* the nflverse stadium_id, e.g. "GNB00" */
	int zone;        /* hours behind Eastern time: 3 Pacific, -5 London */
	enum venue_roof roof;
	int climate; /* a row of the climate table in venue.c */
};

enum {
	FIRST_CLIMATE_MONTH = 8, /* August */
	CLIMATE_MONTHS = 7,      /* to February */
};

struct climate {
	double temperature_f;
	double wind_mph;
};

/* The number of a venue by its nflverse stadium_id, or VENUE_UNKNOWN. */
int venue_find(struct str code);
/* VENUE must be a number from venue_find or team_ground. */
const struct venue *venue_at(int venue);
/* The city whose climate VENUE has. */
struct str venue_city(int venue);
/* The usual weather of VENUE in the month of DAY (days since 1970-01-01). */
struct climate venue_climate(int venue, int day);
/* The month (1 to 12) of DAY. */
int month_of_day(int day);

#endif
