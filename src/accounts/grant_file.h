/*
 * Grants by the file: a CSV with a row for each address.
 *
 *     email,tier,days,access_type,notes
 *     ann@example.org,beta_tester,365,,"met in Green Bay"
 *
 * The first line names the columns, in any order; email and tier must be there. days is
 * as long as the tier lasts where it is empty, access_type that which goes with the tier.
 * All rows are carried out, or where one is faulty none.
 */
#ifndef ACCOUNTS_GRANT_FILE_H
#define ACCOUNTS_GRANT_FILE_H

#include "accounts/grant.h"

enum {
	GRANT_ROWS_MAX = 50000,
};

struct grant_report {
	int64_t rows;
	int64_t fault_count;
	/* Where there are faults: line, field and reason of each, as CSV. */
	struct str faults;
	struct grant_counts counts; /* of the plan, carried out or not */
	struct uuid batch;          /* nil: nothing was carried out */
	bool is_dry_run;
};

/* Read FILE, plan, and unless IS_DRY_RUN or there are faults carry it out. INVALID: no
 * such CSV. TOO_LARGE: more rows than GRANT_ROWS_MAX. */
struct err *grant_file_import(struct ctx *ctx, struct str file, bool is_dry_run,
	struct grant_report *ret) MUST_USE;

#endif
