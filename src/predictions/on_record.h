/*
 * What of forecasts and results is put on record beyond their tables: batches, and what
 * took grades back (audit/audit.h).
 */
#ifndef PREDICTIONS_ON_RECORD_H
#define PREDICTIONS_ON_RECORD_H

#include "audit/audit.h"
#include "base/vec.h"
#include "db/db.h"

struct on_record_count {
	const char *name;
	int64_t count;
};

/* Put on record that COUNTS came of ACTION on RESOURCE, in TX. Nothing where the operator
 * runs without keys: what is not signed would be no record. */
struct err *on_record_counts(struct tx *tx, struct audit_entry entry,
	const struct on_record_count *counts, size_t count) MUST_USE;

struct on_record_names {
	VEC_OF(struct str)
};

/* The same of a batch by MODELS: a single one is the resource, of more the first hundred
 * are named in the details. */
struct err *on_record_models(struct tx *tx, const struct on_record_names *models,
	const struct on_record_count *counts, size_t count) MUST_USE;

/* The same with a list of lines about games, of which the first hundred are kept. */
struct err *on_record_games(struct tx *tx, enum audit_action action,
	const struct str *lines, size_t count) MUST_USE;

#endif
