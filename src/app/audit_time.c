#include "app/audit_time.h"

#include "codec/iso_time.h"

struct err *
flag_time(struct invocation *run, const char *name, int64_t *ret)
{
	struct str text = flag_text(run, name);
	struct date date;

	*ret = 0;
	if (str_is_none(text) || iso_time_parse(text, ret))
		return NULL;
	if (!date_parse(text, &date))
		return usage_err(run,
			"--%s is '" STR_FMT
			"', but must be a day or a moment: 2026-09-01, or "
			"2026-09-01T12:00:00Z",
			name, STR_ARG(text));
	*ret = date_to_days(date) * MICROSECONDS_PER_DAY;
	return NULL;
}
