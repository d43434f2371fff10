/*
 * A row of a batch, read member by member: between upload_read.c, which takes the batch
 * apart, and upload_row.c, which says what is wrong with a row.
 */
#ifndef PREDICTIONS_UPLOAD_ROW_H
#define PREDICTIONS_UPLOAD_ROW_H

#include "base/map.h"
#include "codec/json_read.h"
#include "predictions/upload.h"

/* X(member): of a row, in the order in which they are checked. */
#define ROW_MEMBERS(X) \
	X(game_id)     \
	X(type)        \
	X(model)       \
	X(pick)        \
	X(probability) \
	X(confidence)  \
	X(line)        \
	X(odds)        \
	X(subject)     \
	X(data)

enum member {
#define X(name) MEMBER_##name,
	ROW_MEMBERS(X)
#undef X
		MEMBERS
};

extern const struct str upload_members[MEMBERS];

struct reading {
	struct ctx *ctx;
	struct arena *arena;  /* of what is kept */
	struct arena scratch; /* of the line under way */
	const struct upload_options *options;
	const struct game_set *games;
	struct map game_numbers; /* nflverse id → struct game * */
	struct map seen;         /* what a row forecasts → its line */
	struct map subjects;     /* model and subject → anything */
	struct upload *upload;
	int64_t line;
};

/* One row's members: text, number or object, as they came. NULL: missing. */
struct raw {
	const struct json_node *members[MEMBERS];
};

/* Note what is wrong with the line under way. The texts are copied. */
struct err *
upload_fault_add(struct reading *reading, struct str field, struct str reason) MUST_USE;
/* Add the row that RAW is, or what is wrong with it, to the batch. */
struct err *upload_row_read(struct reading *reading, const struct raw *raw) MUST_USE;

/* What is wrong with NAME as a model's; absent: nothing. */
struct str upload_model_fault(struct arena *arena, struct str name);

#endif
