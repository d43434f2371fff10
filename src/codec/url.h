/* URLs: parts, percent coding, query strings (RFC 3986; query strings as HTML forms write
 * them). */
#ifndef CODEC_URL_H
#define CODEC_URL_H

#include "base/buf.h"

/* Views into the text; a part that is not there is absent, and not the same as empty. */
struct url {
	struct str scheme;
	struct str user_info; /* user or user:password */
	struct str host;      /* without the brackets of an IPv6 address */
	struct str port;      /* digits, 1 to 65535 */
	struct str path;      /* never absent */
	struct str query;     /* without the question mark */
	struct str fragment;
};

/* Split "scheme://[user@]host[:port][/path][?query][#fragment]". False where TEXT has no
 * scheme or host, holds blanks or controls, or a port that is none. Nothing is decoded.
 */
bool url_split(struct str text, struct url *ret) MUST_USE;

/* Append TEXT with everything but letters, digits and -._~ percent-coded. */
void url_encode(struct buf *out, struct str text);

enum url_plus { URL_PLUS_IS_PLUS, URL_PLUS_IS_SPACE };
/* Append TEXT with percent codes undone. False, and nothing appended, on a percent sign
 * without two digits or a coded NUL. */
bool url_decode(struct buf *out, struct str text, enum url_plus plus) MUST_USE;

/* Take the next name=value off REST, both still coded; a name without = has an absent
 * value. Empty parts are passed over. False at the end. */
bool url_query_next(struct str *rest, struct str *ret_name, struct str *ret_value);

/* URL without its password: the house's rule for logs and messages. In ARENA, where it
 * differs. */
struct str url_masked(struct arena *arena, struct str url);

#endif
