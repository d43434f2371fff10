/* Any bytes as a time; what is taken and lies in the years 1 to 9999 reads back. */
#include <assert.h>

#include "codec/iso_time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	char storage[64];
	struct buf out;
	struct date date;
	int64_t time_us, back;
	int minutes;

	buf_init_fixed(&out, storage, sizeof(storage));
	if (iso_time_parse(text, &time_us)) {
		iso_time_format(&out, time_us);
		assert(iso_time_parse(buf_str(&out), &back));
		/* An offset may carry the first or last day out of the years that can be
		 * written. */
		assert(back == time_us || time_us < -62135596800000000 ||
			time_us >= 253402300800000000);
	}
	buf_clear(&out);
	if (date_parse(text, &date)) {
		date_format(&out, date_from_days(date_to_days(date)));
		assert(str_eq(buf_str(&out), text));
		(void)eastern_to_utc(date_to_days(date), 780);
	}
	if (clock_minutes_parse(text, &minutes))
		assert(minutes >= 0 && minutes < 1440);
	return 0;
}
