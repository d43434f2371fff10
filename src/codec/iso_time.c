#include "codec/iso_time.h"

enum {
	DAYS_TO_1970 = 719468, /* from 0000-03-01, where the reckoning begins */
	DAYS_PER_ERA = 146097, /* 400 years */
	EASTERN_STANDARD_MINUTES = 300,
	EASTERN_SUMMER_MINUTES = 240,
	SECONDS_LEN = 19,     /* of "2024-09-05T20:20:00" */
	CHANGE_MINUTES = 120, /* summer time begins and ends at two o'clock */
};

int64_t
date_to_days(struct date date)
{
	int64_t year = date.month <= 2 ? date.year - 1 : date.year;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
	int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
		day_of_year;

	return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

struct date
date_from_days(int64_t days)
{
	int64_t shifted = days + DAYS_TO_1970;
	int64_t era = (shifted >= 0 ? shifted : shifted - (DAYS_PER_ERA - 1)) /
		DAYS_PER_ERA;
	int64_t day_of_era = shifted - era * DAYS_PER_ERA;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
				      day_of_era / 146096) /
		365;
	int64_t day_of_year = day_of_era -
		(365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;
	struct date date = {
		.year = (int32_t)(year_of_era + era * 400),
		.month = (int32_t)(month < 10 ? month + 3 : month - 9),
		.day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1),
	};

	if (date.month <= 2)
		date.year++;
	return date;
}

int
date_weekday(int64_t days)
{
	/* 1970-01-01 was a Thursday. */
	return (int)(((days + 4) % 7 + 7) % 7);
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && is_leap ? 29 : days[month - 1];
}

/* COUNT digits at AT of TEXT, or -1. */
static int
digits_at(struct str text, size_t at, size_t count)
{
	int value = 0;

	if (text.len < at + count)
		return -1;
	for (size_t i = at; i < at + count; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return -1;
		value = value * 10 + (text.ptr[i] - '0');
	}
	return value;
}

static bool
char_at(struct str text, size_t at, const char *any_of)
{
	return at < text.len && text.ptr[at] && strchr(any_of, text.ptr[at]);
}

bool
date_parse(struct str text, struct date *ret)
{
	struct date date = {
		.year = digits_at(text, 0, 4),
		.month = digits_at(text, 5, 2),
		.day = digits_at(text, 8, 2),
	};

	if (text.len != 10 || !char_at(text, 4, "-") || !char_at(text, 7, "-"))
		return false;
	if (date.year < 1 || date.month < 1 || date.month > 12 || date.day < 1 ||
		date.day > days_in_month(date.year, date.month))
		return false;
	*ret = date;
	return true;
}

void
date_format(struct buf *out, struct date date)
{
	buf_fmt(out, "%04d-%02d-%02d", date.year, date.month, date.day);
}

/* The fraction of a second that begins with the point at *AT, in microseconds. */
static bool
fraction_parse(struct str text, size_t *at, int64_t *ret)
{
	int64_t value = 0, scale = 100000;
	size_t begin = *at + 1, end = begin;

	while (end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9') {
		value += (text.ptr[end] - '0') * scale;
		scale /= 10;
		end++;
	}
	if (end == begin || end > begin + 9)
		return false;
	*at = end;
	*ret = value;
	return true;
}

/* "Z" or "+05:30" from AT to the end, as minutes ahead of UTC. */
static bool
offset_parse(struct str text, size_t at, int *ret)
{
	int hours, minutes;

	if (char_at(text, at, "Zz") && text.len == at + 1) {
		*ret = 0;
		return true;
	}
	hours = digits_at(text, at + 1, 2);
	minutes = digits_at(text, at + 4, 2);
	if (text.len != at + 6 || !char_at(text, at, "+-") ||
		!char_at(text, at + 3, ":") || hours < 0 || hours > 23 || minutes < 0 ||
		minutes > 59)
		return false;
	*ret = text.ptr[at] == '-' ? -(hours * 60 + minutes) : hours * 60 + minutes;
	return true;
}

bool
iso_time_parse(struct str text, int64_t *ret)
{
	struct date date;
	int hour = digits_at(text, 11, 2), minute = digits_at(text, 14, 2),
	    second = digits_at(text, 17, 2), offset_minutes;
	int64_t fraction_us = 0;
	size_t at = 19;

	if (!date_parse(str_slice(text, 0, 10), &date) || !char_at(text, 10, "Tt ") ||
		!char_at(text, 13, ":") || !char_at(text, 16, ":"))
		return false;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
		second > 60)
		return false;
	if (char_at(text, at, ".") && !fraction_parse(text, &at, &fraction_us))
		return false;
	if (!offset_parse(text, at, &offset_minutes))
		return false;
	*ret = date_to_days(date) * MICROSECONDS_PER_DAY +
		((int64_t)hour * 60 + minute - offset_minutes) * MICROSECONDS_PER_MINUTE +
		(int64_t)second * 1000000 + fraction_us;
	return true;
}

/* VALUE as COUNT digits before END. */
static void
put_digits(char *end, int count, int64_t value)
{
	while (count-- > 0) {
		*--end = (char)('0' + value % 10);
		value /= 10;
	}
}

/* TIME_US, which has four digits of a year, as text; its length. */
static size_t
time_text(int64_t time_us, char text[static ISO_TIME_LEN_MAX + 1])
{
	int64_t days = time_us / MICROSECONDS_PER_DAY;
	int64_t rest_us = time_us % MICROSECONDS_PER_DAY;
	struct date date;

	if (rest_us < 0) {
		days--;
		rest_us += MICROSECONDS_PER_DAY;
	}
	date = date_from_days(days);
	memcpy(text, "0000-00-00T00:00:00.000000Z", ISO_TIME_LEN_MAX + 1);
	put_digits(text + 4, 4, date.year);
	put_digits(text + 7, 2, date.month);
	put_digits(text + 10, 2, date.day);
	put_digits(text + 13, 2, rest_us / (60 * MICROSECONDS_PER_MINUTE));
	put_digits(text + 16, 2, rest_us / MICROSECONDS_PER_MINUTE % 60);
	put_digits(text + 19, 2, rest_us / 1000000 % 60);
	put_digits(text + 26, 6, rest_us % 1000000);
	if (rest_us % 1000000 != 0)
		return ISO_TIME_LEN_MAX;
	text[SECONDS_LEN] = 'Z';
	return SECONDS_LEN + 1;
}

void
iso_time_format(struct buf *out, int64_t time_us)
{
	/* What was made at one time stands together in lists. */
	static _Thread_local struct {
		int64_t time_us;
		size_t len; /* 0: nothing known */
		char text[ISO_TIME_LEN_MAX + 1];
	} last;
	static const int64_t earliest = -62135596800 * (int64_t)1000000,
			     latest = 253402300800 * (int64_t)1000000 - 1;

	if (time_us < earliest)
		time_us = earliest;
	if (time_us > latest)
		time_us = latest;
	if (last.len == 0 || last.time_us != time_us) {
		last.time_us = time_us;
		last.len = time_text(time_us, last.text);
	}
	buf_put(out, (struct str){ .ptr = last.text, .len = last.len });
}

/* The day of the NTH Sunday of a month; 0 means the last. */
static int64_t
sunday_of(int year, int month, int nth)
{
	int64_t first = date_to_days((struct date){ year, month, 1 });
	int64_t sunday = first + (7 - date_weekday(first)) % 7;

	if (nth)
		return sunday + 7 * (nth - 1);
	while (sunday + 7 < first + days_in_month(year, month))
		sunday += 7;
	return sunday;
}

int64_t
eastern_to_utc(int64_t days, int minutes)
{
	int year = date_from_days(days).year;
	/* Energy Policy Act of 2005, section 110; before it 15 U.S.C. 260a as of 1986. */
	int64_t begin = year >= 2007 ? sunday_of(year, 3, 2) : sunday_of(year, 4, 1);
	int64_t end = year >= 2007 ? sunday_of(year, 11, 1) : sunday_of(year, 10, 0);
	int64_t at = days * 1440 + minutes;
	bool is_summer = at >= begin * 1440 + CHANGE_MINUTES + 60 &&
		at < end * 1440 + CHANGE_MINUTES;

	/* 02:00 to 03:00 on the first day does not exist: standard time goes on. */
	return (at + (is_summer ? EASTERN_SUMMER_MINUTES : EASTERN_STANDARD_MINUTES)) *
		MICROSECONDS_PER_MINUTE;
}

bool
clock_minutes_parse(struct str text, int *ret)
{
	ptrdiff_t colon = str_find_char(text, ':');
	int hours, minutes;

	if (colon < 1 || colon > 2 || text.len != (size_t)colon + 3)
		return false;
	hours = digits_at(text, 0, (size_t)colon);
	minutes = digits_at(text, (size_t)colon + 1, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*ret = hours * 60 + minutes;
	return true;
}
