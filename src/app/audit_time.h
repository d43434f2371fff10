/* Moments as they are typed for the audit commands. */
#ifndef APP_AUDIT_TIME_H
#define APP_AUDIT_TIME_H

#include "app/command.h"

/* Flag NAME as a day ("2026-09-01", its beginning in UTC) or a moment
 * ("2026-09-01T12:00:00Z"), microseconds UTC; 0 where it is not given. */
struct err *flag_time(struct invocation *run, const char *name, int64_t *ret) MUST_USE;

#endif
