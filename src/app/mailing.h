/* The mailer of a command that serves: from settings to mail/deliver.h. */
#ifndef APP_MAILING_H
#define APP_MAILING_H

#include "app/command.h"
#include "mail/deliver.h"

/* What links begin with: public_url, or where it does not say, http:// and ADDRESS. */
struct str public_url_of(const struct invocation *run, struct str address);

/* What the settings say of mail. ADDRESS: where the server listens, for links where
 * public_url does not say. INVALID: a setting is wrong, or missing in production. */
struct err *mailing_options(
	struct invocation *run, struct str address, struct mail_options *ret) MUST_USE;

#endif
