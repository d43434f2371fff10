/*
 * Dates and times as text, in the proleptic Gregorian calendar, and the one local time
 * that the league keeps. A time is microseconds since 1970 UTC, a day is counted from
 * 1970-01-01.
 *
 * Source of the day arithmetic: Hinnant, "chrono-compatible low-level date algorithms",
 * 2013.
 */
#ifndef CODEC_ISO_TIME_H
#define CODEC_ISO_TIME_H

#include "base/buf.h"

#define MICROSECONDS_PER_DAY    ((int64_t)86400 * 1000000)
#define MICROSECONDS_PER_HOUR   ((int64_t)3600 * 1000000)
#define MICROSECONDS_PER_MINUTE ((int64_t)60 * 1000000)

enum {
	ISO_TIME_LEN_MAX = 27, /* 2023-09-08T00:20:00.123456Z */
};

struct date {
	int32_t year; /* 1 to 9999 where parsed or formatted */
	int32_t month;
	int32_t day;
};

int64_t date_to_days(struct date date);
struct date date_from_days(int64_t days);
/* 0 is Sunday. */
int date_weekday(int64_t days);

/* "2023-09-07": a date that exists, years 1 to 9999. */
bool date_parse(struct str text, struct date *ret) MUST_USE;
void date_format(struct buf *out, struct date date);

/*
 * RFC 3339: "2023-09-07T20:20:00-04:00", a fraction of one to nine digits (those past the
 * sixth are cut), t and z in either case, a space for the T. A leap second reads as the
 * second after it.
 */
bool iso_time_parse(struct str text, int64_t *ret) MUST_USE;
/* In UTC with Z; six digits of fraction, or none where they are all zero. Years outside 1
 * to 9999 are written as their nearest end. */
void iso_time_format(struct buf *out, int64_t time_us);

/*
 * The moment that clocks in New York showed MINUTES after midnight on DAYS, by the rules
 * of summer time in force since 1987: April to October, and since 2007 March to November.
 * A time that summer time skipped is read as if it had not begun; the hour that came
 * twice means its first.
 */
int64_t eastern_to_utc(int64_t days, int minutes);
/* "20:20" as minutes after midnight. */
bool clock_minutes_parse(struct str text, int *ret) MUST_USE;

#endif
