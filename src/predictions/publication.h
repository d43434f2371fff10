/*
 * What is published (games, forecasts, grades) has a token that is new whenever any of it
 * changes, so that whoever keeps something made from it can tell that it is out of date:
 * ready answers on this instance and on others.
 */
#ifndef PREDICTIONS_PUBLICATION_H
#define PREDICTIONS_PUBLICATION_H

#include "db/db.h"

/* The house's own model: whose forecasts are shown where no other is asked for. */
#define HOUSE_MODEL "gridiron"

/* The current token; nil before anything was published. */
struct err *publication_token(struct ctx *ctx, struct uuid *ret) MUST_USE;
/* The same as TX sees it. What was read before a write transaction and the token with it
 * are still what TX would read where the token is the same. */
struct err *publication_token_in(struct tx *tx, struct uuid *ret) MUST_USE;

/* Set a new token, in the transaction that changes what is published. */
struct err *publication_renew(struct tx *tx) MUST_USE;

#endif
