#include "tests/tap.h"

#include "codec/iso_time.h"

static char storage[64];

static struct str
formatted(int64_t time_us)
{
	struct buf out;

	buf_init_fixed(&out, storage, sizeof(storage));
	iso_time_format(&out, time_us);
	return buf_str(&out);
}

static int64_t
parsed(const char *text)
{
	int64_t time_us = -1;

	return iso_time_parse(str_from(text), &time_us) ? time_us : INT64_MIN;
}

TEST(days_and_dates_are_each_others_inverse)
{
	for (int64_t days = -719162; days < 2932896; days += 1) {
		struct date date = date_from_days(days);

		OK_OR(date_to_days(date) == days, "day %lld", (long long)days);
		OK(date.month >= 1 && date.month <= 12 && date.day >= 1 &&
			date.day <= 31);
	}
	EQ_I64(date_to_days((struct date){ 1970, 1, 1 }), 0);
	EQ_I64(date_to_days((struct date){ 2000, 2, 29 }), 11016);
	EQ_I64(date_weekday(0), 4);
	EQ_I64(date_weekday(-1), 3);
	EQ_I64(date_weekday(date_to_days((struct date){ 2023, 9, 7 })), 4);
}

TEST(only_dates_that_exist_are_taken)
{
	struct date date = { 1, 2, 3 };

	OK(date_parse(STR("2024-02-29"), &date));
	EQ_I64(date.year, 2024);
	EQ_I64(date.month, 2);
	EQ_I64(date.day, 29);
	OK(!date_parse(STR("2023-02-29"), &date));
	OK(!date_parse(STR("1900-02-29"), &date));
	OK(!date_parse(STR("2023-13-01"), &date));
	OK(!date_parse(STR("2023-00-01"), &date));
	OK(!date_parse(STR("2023-04-31"), &date));
	OK(!date_parse(STR("2023-4-01"), &date));
	OK(!date_parse(STR("0000-01-01"), &date));
	OK(!date_parse(STR("2023-04-01 "), &date));
	OK(!date_parse(STR("2023/04/01"), &date));
	OK(!date_parse(STR(""), &date));
	EQ_I64(date.day, 29);
}

TEST(times_of_rfc_3339_are_read)
{
	EQ_I64(parsed("1970-01-01T00:00:00Z"), 0);
	EQ_I64(parsed("2023-09-08T00:20:00Z"), 1694132400000000);
	EQ_I64(parsed("2023-09-07T20:20:00-04:00"), 1694132400000000);
	EQ_I64(parsed("2023-09-08t05:50:00+05:30"), 1694132400000000);
	EQ_I64(parsed("2023-09-08 00:20:00.5z"), 1694132400500000);
	EQ_I64(parsed("2023-09-08T00:20:00.123456789Z"), 1694132400123456);
	EQ_I64(parsed("1969-12-31T23:59:59.999999Z"), -1);
	EQ_I64(parsed("2016-12-31T23:59:60Z"), parsed("2017-01-01T00:00:00Z"));
}

TEST(what_is_no_time_is_refused)
{
	static const char *const texts[] = { "", "2023-09-08", "2023-09-08T00:20:00",
		"2023-09-08T00:20Z", "2023-09-08T24:00:00Z", "2023-09-08T00:60:00Z",
		"2023-09-08T00:00:61Z", "2023-09-08T00:20:00.Z",
		"2023-09-08T00:20:00.1234567890Z", "2023-09-08T00:20:00+0530",
		"2023-09-08T00:20:00+24:00", "2023-09-08T00:20:00Zx",
		"2023-09-31T00:20:00Z", "2023-09-08_00:20:00Z",
		"2023-09-08T00:20:00-04:0", "x2023-09-08T00:20:00Z" };

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		OK_OR(parsed(texts[i]) == INT64_MIN, "taken: %s", texts[i]);
}

TEST(times_are_written_in_utc)
{
	EQ_STR(formatted(0), STR("1970-01-01T00:00:00Z"));
	EQ_STR(formatted(1694132400000000), STR("2023-09-08T00:20:00Z"));
	EQ_STR(formatted(1694132400000001), STR("2023-09-08T00:20:00.000001Z"));
	EQ_STR(formatted(-1), STR("1969-12-31T23:59:59.999999Z"));
	EQ_STR(formatted(INT64_MIN), STR("0001-01-01T00:00:00Z"));
	EQ_STR(formatted(INT64_MAX), STR("9999-12-31T23:59:59.999999Z"));
}

TEST(times_written_read_back)
{
	uint64_t bits = 7;

	for (int i = 0; i < 20000; i++) {
		int64_t time_us, back;

		bits = bits * 6364136223846793005u + 1442695040888963407u;
		time_us = (int64_t)(bits >> 8) % (250000000000 * (int64_t)1000000);
		OK(iso_time_parse(formatted(time_us), &back));
		EQ_I64(back, time_us);
	}
}

static struct str
kickoff(const char *day, const char *clock)
{
	struct date date;
	int minutes;

	if (!date_parse(str_from(day), &date) ||
		!clock_minutes_parse(str_from(clock), &minutes))
		return STR("unreadable");
	return formatted(eastern_to_utc(date_to_days(date), minutes));
}

TEST(eastern_time_follows_summer_time)
{
	EQ_STR(kickoff("2023-09-07", "20:20"), STR("2023-09-08T00:20:00Z"));
	EQ_STR(kickoff("2023-11-04", "13:00"), STR("2023-11-04T17:00:00Z"));
	EQ_STR(kickoff("2023-11-05", "13:00"), STR("2023-11-05T18:00:00Z"));
	EQ_STR(kickoff("2006-10-28", "13:00"), STR("2006-10-28T17:00:00Z"));
	EQ_STR(kickoff("2006-10-29", "13:00"), STR("2006-10-29T18:00:00Z"));
	EQ_STR(kickoff("2007-10-29", "20:30"), STR("2007-10-30T00:30:00Z"));
	EQ_STR(kickoff("1999-10-31", "13:00"), STR("1999-10-31T18:00:00Z"));
	EQ_STR(kickoff("2024-02-11", "18:30"), STR("2024-02-11T23:30:00Z"));
	EQ_STR(kickoff("2023-03-12", "01:59"), STR("2023-03-12T06:59:00Z"));
	EQ_STR(kickoff("2023-03-12", "02:30"), STR("2023-03-12T07:30:00Z"));
	EQ_STR(kickoff("2023-03-12", "03:00"), STR("2023-03-12T07:00:00Z"));
	EQ_STR(kickoff("2023-11-05", "01:30"), STR("2023-11-05T05:30:00Z"));
	EQ_STR(kickoff("2023-11-05", "02:00"), STR("2023-11-05T07:00:00Z"));
}

TEST(clock_times_are_hours_and_minutes)
{
	int minutes = -1;

	OK(clock_minutes_parse(STR("09:30"), &minutes));
	EQ_I64(minutes, 570);
	OK(clock_minutes_parse(STR("9:30"), &minutes));
	EQ_I64(minutes, 570);
	OK(!clock_minutes_parse(STR("24:00"), &minutes));
	OK(!clock_minutes_parse(STR("12:60"), &minutes));
	OK(!clock_minutes_parse(STR("12:6"), &minutes));
	OK(!clock_minutes_parse(STR("-1:00"), &minutes));
	OK(!clock_minutes_parse(STR("+1:00"), &minutes));
	OK(!clock_minutes_parse(STR(""), &minutes));
}
