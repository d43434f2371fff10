/*
 * A mail as it goes over the wire: RFC 5322 with a text and an HTML body
 * (multipart/alternative, RFC 2046), both quoted-printable (RFC 2045 §6.7), subject and
 * name in encoded words (RFC 2047) where they are not plain. Every byte is ASCII, every
 * line ends in CRLF and has at most 78 characters before it.
 */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include "base/buf.h"
#include "base/ctx.h"
#include "base/err.h"

struct message {
	struct str from_name; /* may be absent */
	struct str from;
	struct str to;
	struct str subject;
	struct str text; /* lines end in LF */
	struct str html;
	/* What ends such mail by POST, at one click of a mail program (RFC 2369, RFC
	 * 8058); absent: nothing does. Its line may be longer than 78 characters. */
	struct str unsubscribe_url;
	struct uuid id;     /* of Message-ID: the same mail sent twice is known by it */
	int64_t created_at; /* microseconds UTC */
};

/* INTERNAL: a control character in what goes into a header, or no address. */
struct err *
message_format(struct ctx *ctx, const struct message *message, struct str *ret) MUST_USE;

/* The two codings, for tests. */
void quoted_printable_encode(struct buf *out, struct str text);
/* TEXT for a header whose line has USED characters so far; folded as needed. */
void header_text_encode(struct buf *out, struct str text, size_t used);

#endif
