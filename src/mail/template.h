/*
 * Templates: a text with {{name}} for a value and {{?name}} … {{/name}} around what
 * stands only where the value does. Nothing else: no loops, no code. In HTML every value
 * is escaped; in text a value of one line stays one line.
 *
 * Those of mails lie in mail/templates/, NAME.txt and NAME.html for each kind, and are
 * embedded in the program; web/error.html is one too.
 */
#ifndef MAIL_TEMPLATE_H
#define MAIL_TEMPLATE_H

#include "base/buf.h"
#include "mail/mail.h"

struct template_file {
	struct str name; /* "verify-email.txt" */
	struct str text;
};
/* Made by tools/embed. */
extern const struct template_file template_files[];
extern const size_t template_files_count;

/* The template NAME, or absent. */
struct str template_find(struct str name);

enum template_kind { TEMPLATE_TEXT, TEMPLATE_HTML };

struct template_value {
	struct str name;
	struct str text; /* absent: {{?name}} leaves its part out */
	bool is_lines;   /* line ends are kept */
};

/* Append TEXT filled with COUNT VALUES. False: it names a value that there is not, or an
 * absent one, or its parts do not end; what was appended then is of no use. */
bool template_fill(struct buf *out, enum template_kind kind, struct str text,
	const struct template_value *values, size_t count) MUST_USE;

#endif
