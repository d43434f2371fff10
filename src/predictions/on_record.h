/*
 * What of forecasts and results is put on record beyond their tables: batches, and what
 * took grades back (audit/audit.h).
 */
#ifndef PREDICTIONS_ON_RECORD_H
#define PREDICTIONS_ON_RECORD_H

#include "audit/audit.h"
#include "db/db.h"

/* DETAILS: names and counts, or names and texts. */
struct on_record_count {
	const char *name;
	int64_t count;
};

/* Put on record that COUNTS came of ACTION on RESOURCE, in TX. Nothing where the operator
 * runs without keys: what is not signed would be no record. */
struct err *on_record_counts(struct tx *tx, struct audit_entry entry,
	const struct on_record_count *counts, size_t count) MUST_USE;

/* The same with a list of lines about games, of which the first hundred are kept. */
struct err *on_record_games(struct tx *tx, enum audit_action action,
	const struct str *lines, size_t count) MUST_USE;

#endif
