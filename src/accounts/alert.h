/*
 * E-mail alerts: on the eve of a day of games, the forecasts at least as sure as the
 * reader asked for, to those who want them and whose plan includes them. One mail a
 * reader and day of games, whoever runs this how often.
 *
 * Each holds a link that ends them at one click, by mail programs too (RFC 8058); it
 * needs no sign-in, and does nothing else.
 */
#ifndef ACCOUNTS_ALERT_H
#define ACCOUNTS_ALERT_H

#include "accounts/alerts_q.h"
#include "base/ctx.h"
#include "base/err.h"

/* Of a reader who chose no other: forecasts of 70 % and more. */
#define ALERT_CONFIDENCE_USUAL .7

struct alert_counts {
	int64_t games;   /* of the next day that has any, within 24 hours */
	int64_t readers; /* who were promised a mail, by this run or one before */
};

/* Promise the mails of the next day of games of SEASON, as MODEL says. */
struct err *alerts_promise(struct ctx *ctx, struct str model, int32_t season,
	struct alert_counts *ret) MUST_USE;

/* What stands in the link that ends USER's alerts. */
struct err *alert_token(struct ctx *ctx, struct user_id user, struct str *ret) MUST_USE;
/* End the alerts of whoever TOKEN was made for; twice is once. INVALID: no such token, or
 * one made more than a month before its key was changed. */
struct err *alerts_end(struct ctx *ctx, struct str token) MUST_USE;

#endif
