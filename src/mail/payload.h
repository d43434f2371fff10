/* What a mail is filled with, as it waits in the outbox: {"mail": "verify-email",
 * "sealed": "…"}. The kind is plain, for whoever looks after the outbox; the values are
 * not, since they hold the secrets of links, and places of people. */
#ifndef MAIL_PAYLOAD_H
#define MAIL_PAYLOAD_H

#include "base/ctx.h"
#include "mail/mail.h"

/* "verify-email": of the templates and of the payload. */
struct str mail_kind_name(enum mail_kind kind);
/* What goes first: the lower, the sooner (mail_kind.def). */
enum mail_urgency {
	MAIL_AWAITED,
	MAIL_ASKED,
	MAIL_BULK,
};
enum mail_urgency mail_kind_urgency(enum mail_kind kind);
/* The page that {{link}} opens. */
struct str mail_kind_page(enum mail_kind kind);

/* INTERNAL: a value that the kind needs is missing, or a token holds what none does. */
struct err *payload_format(struct ctx *ctx, struct outbox_id id, const struct mail *mail,
	struct str *ret) MUST_USE;

/* What is kept of a mail that was sent: its kind. */
struct str payload_sent(struct arena *arena, enum mail_kind kind);
/* The kind in PAYLOAD, sent or not: "" where it is none. */
struct str payload_kind(struct arena *arena, struct str payload);

/* Kind and values of the mail ID. INTERNAL: it is none of ours, or its key is gone. */
struct err *payload_parse(struct ctx *ctx, struct outbox_id id, struct str payload,
	struct mail *ret) MUST_USE;

#endif
