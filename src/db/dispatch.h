/* What stands behind `struct db`: for db.c, and for fault.c,
 * which puts itself between. */
#ifndef DB_DISPATCH_H
#define DB_DISPATCH_H

#include "db/driver.h"
#include "db/notices.h"
#include "db/slow_plan.h"

struct db {
	struct arena arena; /* this struct lives in it */
	const struct driver *driver;
	void *state;
	bool is_echo;
	struct notices notices;
	struct slow_plans slow_plans;
};

#endif
