/* Whether the program can do its work. */
#ifndef OPS_HEALTH_H
#define OPS_HEALTH_H

#include "db/db.h"

/* BUSY, saying what to do, unless the database answers and its schema is at least this
 * program's. */
struct err *health_ready(struct ctx *ctx) MUST_USE;

#endif
