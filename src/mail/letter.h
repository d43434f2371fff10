/* A mail from the outbox, written out: subject, text and HTML from the templates of its
 * kind, as one message. */
#ifndef MAIL_LETTER_H
#define MAIL_LETTER_H

#include "mail/deliver.h"
#include "mail/mail.h"

struct letter_head {
	struct outbox_id id;
	int64_t created_at;
};

struct letter {
	struct str name; /* for a file: when, what and which */
	struct str subject;
	struct smtp_letter smtp;
};

/* INTERNAL: a template asks for what this mail does not have. */
struct err *letter_make(struct ctx *ctx, const struct mail_options *options,
	const struct mail *mail, struct letter_head head, struct letter *ret) MUST_USE;

#endif
