/*
 * Sending what the outbox holds (mail/mail.h).
 *
 * Each mail is leased before it is sent: several instances send side by side, each mail
 * by one of them, and what a killed instance was at is sent again when its lease has run
 * out. So a mail goes out at least once; where it goes twice, both have the same
 * Message-ID.
 *
 * What fails is tried again after 30 s, then twice as long each time up to an hour, give
 * or take a quarter, 12 times in all; then, or at once where the server refuses it for
 * good, it is dead, and `gridiron mail list` shows why. What this program cannot write
 * out (a kind that it does not know, a key that it does not have) it leaves to one that
 * can, looking again every minute, later every hour; a day after it was promised it is
 * dead.
 */
#ifndef MAIL_DELIVER_H
#define MAIL_DELIVER_H

#include "base/ctx.h"
#include "base/err.h"
#include "mail/smtp.h"

enum {
	MAIL_ATTEMPTS_MAX = 12,
	MAIL_LEFT_HOURS = 24,
};

struct mail_options {
	struct smtp_options smtp; /* url absent: into files of FOLDER */
	struct str folder;
	struct str from;       /* an address, or "Name <address>" */
	struct str public_url; /* links begin with it; without / at its end */
};

struct mail_counts {
	int64_t sent;
	int64_t deferred;
	int64_t dead;
};

/* INVALID: a setting is wrong, with its name. */
struct err *
mail_options_check(struct ctx *ctx, const struct mail_options *options) MUST_USE;

/* Send all that is due now. Adds to RET, which the caller has zeroed; an error is of the
 * database, never of one mail. For jobs and tests; servers have a mailer. */
struct err *mail_deliver(struct ctx *ctx, const struct mail_options *options,
	struct mail_counts *ret) MUST_USE;

/* Four fibers of the current loop that send what becomes due, within a second: the most
 * urgent first, and bulk in two of them at most. CTX is copied:
 * its db and keys must outlive the mailer. */
struct mailer;
struct err *mailer_open(struct ctx *ctx, const struct mail_options *options,
	struct mailer **ret) MUST_USE;
/* Wait for the mail that is being sent, then end. */
void mailer_close(struct mailer *mailer);

/* What all mailers of the process have done. */
struct mail_counts mail_counters(void);

#endif
