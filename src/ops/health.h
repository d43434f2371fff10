/* Whether the program can do its work. */
#ifndef OPS_HEALTH_H
#define OPS_HEALTH_H

#include "db/db.h"

/* BUSY, saying what to do, unless the database answers and its schema is at least this
 * program's. */
struct err *health_ready(struct ctx *ctx) MUST_USE;

/* How many alerts nobody has resolved: of jobs that fail, or warn. */
struct err *health_alerts(struct ctx *ctx, int64_t *ret) MUST_USE;

#endif
