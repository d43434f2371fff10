/*
 * Forecasts of other models, a batch at a time: read whole, checked row by row against
 * the games, and stored all or not at all.
 *
 * JSON lines, one object each, or CSV with a head of the same names:
 *
 *     game_id      "2023_18_BUF_MIA", of a game that has not begun
 *     type         game, ats, total or prop
 *     model        1 to 60 of a-z 0-9 . _ -; where it is missing, that of the options.
 *                  Not one of the house's
 *     pick         home or away; of a total or prop over or under
 *     probability  0 to 1: the chance given to the pick
 *     confidence   0 to 1: what is shown; the probability where it is missing
 *     line         of ats the points by which home is favoured, of total and prop the
 *                  number to be over or under; none for game
 *     odds         American: -100 or less, 100 or more; may be missing
 *     subject      of a prop: "P.Mahomes passing yards", 1 to 100 bytes
 *     data         an object of the model's own numbers, at most 2,048 bytes. "margins"
 *                  and "totals" of it are asked by /v1/predictions/{id}/lines
 *
 * Every row is forecast at the moment it is stored.
 */
#ifndef PREDICTIONS_UPLOAD_H
#define PREDICTIONS_UPLOAD_H

#include "base/ctx.h"
#include "base/err.h"
#include "base/vec.h"
#include "predictions/game.h"
#include "predictions/uploads_q.h"

enum {
	UPLOAD_ROWS_MOST = 100000,
	UPLOAD_BYTES_MOST = 8 << 20,
	UPLOAD_MEMORY_BYTES = 256 << 20,
};

struct upload_options {
	struct str model; /* of rows that name none; may be absent */
	bool sees_line;   /* what the models of the batch look at */
	bool is_csv;
	bool is_dry_run; /* check, store nothing */
};

/* What is wrong with a row: the first thing that is. */
struct upload_fault {
	int64_t line;
	struct str field;
	struct str reason;
};

/* What props of a batch count, once for each model. */
struct upload_subject {
	struct str model;
	struct str subject;
	int64_t line; /* where it stands first */
};

/* A batch as read. Everything lives in the arena it was read into. */
struct upload {
	struct {
		VEC_OF(struct upload_put)
	} rows;
	struct {
		VEC_OF(struct upload_fault)
	} faults;
	struct {
		VEC_OF(struct upload_subject)
	} subjects;
	int64_t row_count; /* good and bad */
};

/* Subjects that nobody has had before: that their model has not counted this season or
 * the last, or of results, that no forecast of the game counts. A line about each of the
 * first, as it may be misspelt; of a model that has counted nothing yet none. */
struct upload_news {
	int64_t new_subjects;
	struct {
		VEC_OF(struct str)
	} warnings;
};

enum {
	UPLOAD_WARNINGS_MOST = 20,
};

struct upload_counts {
	int64_t rows;
	int64_t stored;
	int64_t unchanged;  /* what they say stands already */
	int64_t superseded; /* forecasts that the batch comes after */
	struct upload_news news;
};

/* Read TEXT as forecasts of GAMES, known by NOW of CTX. Where faults are found, the rest
 * is read all the same. TOO_LARGE for more than UPLOAD_ROWS_MOST rows. */
struct err *upload_read(struct ctx *ctx, const struct upload_options *options,
	struct str text, const struct game_set *games, struct upload *ret) MUST_USE;

/*
 * Read TEXT and store in one transaction what of it differs from what stands, unless it
 * has faults, which are then in ret_faults, or OPTIONS say not to. CTX's arena holds the
 * batch: some 500 bytes a row beside the games (UPLOAD_MEMORY_BYTES is enough for any).
 * CONFLICT where games began, or a model's sees_line was another, meanwhile or before.
 */
struct upload_faults {
	struct upload_fault *items;
	size_t count;
};
struct err *
upload_run(struct ctx *ctx, const struct upload_options *options, struct str text,
	struct upload_counts *ret, struct upload_faults *ret_faults) MUST_USE;

/* Find out what of UPLOAD's subjects is new, of its first 20 models. */
struct err *upload_subjects_check(
	struct ctx *ctx, const struct upload *upload, struct upload_news *ret) MUST_USE;

/* The one of KNOWN that SUBJECT may have been meant to be, "; is it '…'?"; or nothing. */
struct str upload_subject_guess(
	struct arena *arena, const struct known_subject_list *known, struct str subject);

#endif
