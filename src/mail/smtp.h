/*
 * Handing a message to a mail server (RFC 5321), by libcurl on a thread of the offload
 * pool; the fiber waits.
 *
 * smtps:// is TLS from the first byte, smtp:// becomes TLS by STARTTLS, which is demanded
 * of every server but one on this machine's loopback; certificates are checked.
 */
#ifndef MAIL_SMTP_H
#define MAIL_SMTP_H

#include "base/ctx.h"
#include "base/err.h"

enum {
	SMTP_LEAVE_MS = 2000,
};

struct smtp_options {
	struct str url;      /* smtp://[user[:password]@]host[:port], or smtps:// */
	struct str password; /* in place of that of the URL; may be absent */
	struct str ca_file;  /* PEM: whom to trust instead of the system's authorities;
				then loopback must speak TLS too. May be absent */
	int64_t timeout_ms;  /* of one message */
};

struct smtp_letter {
	struct str from;
	struct str to;
	struct str text; /* lines end in CRLF */
};

/* A connection, kept for the next letter; opened by the first. One at a time may use it.
 * Of one fiber. */
struct smtp {
	const struct smtp_options *options;
	void *curl;
};

/* INVALID: no such URL. */
struct err *
smtp_options_check(struct ctx *ctx, const struct smtp_options *options) MUST_USE;

void smtp_init(struct smtp *smtp, const struct smtp_options *options);
/* Take leave of the server, which has SMTP_LEAVE_MS to answer; the fiber waits. */
void smtp_release(struct ctx *ctx, struct smtp *smtp);

/*
 * Send LETTER. NULL: the server has taken it. DENIED: it refused this sender, recipient
 * or text for good (a reply 5yz to MAIL, RCPT or DATA). BUSY, TIMEOUT: not now; what the
 * server had said is in the message. After a TIMEOUT it may have taken it all the same.
 */
struct err *
smtp_send(struct ctx *ctx, struct smtp *smtp, const struct smtp_letter *letter) MUST_USE;

#endif
