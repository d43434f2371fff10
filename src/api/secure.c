#include "api/secure.h"

/* Sources: OWASP Secure Headers Project; CSP level 3; Fetch Metadata. */
#define LINES_FOR_ALL                                   \
	"X-Content-Type-Options: nosniff\r\n"           \
	"Referrer-Policy: same-origin\r\n"              \
	"Cross-Origin-Opener-Policy: same-origin\r\n"   \
	"Cross-Origin-Resource-Policy: same-origin\r\n" \
	"X-Frame-Options: DENY\r\n"
/* What every page of ours may do: load its own files and ask its own server. */
#define LINES_FOR_PAGES                                                    \
	LINES_FOR_ALL                                                      \
	"Content-Security-Policy: default-src 'none'; script-src 'self'; " \
	"style-src 'self'; img-src 'self' data:; connect-src 'self'; "     \
	"object-src 'none'; base-uri 'none'; form-action 'self'; "         \
	"frame-ancestors 'none'\r\n"                                       \
	"Permissions-Policy: camera=(), geolocation=(), microphone=(), "   \
	"payment=()\r\n"
/* What is no page may do nothing where a browser shows it as one. */
#define LINES_FOR_DATA                                             \
	LINES_FOR_ALL                                              \
	"Content-Security-Policy: default-src 'none'; sandbox; "   \
	"object-src 'none'; base-uri 'none'; form-action 'none'; " \
	"frame-ancestors 'none'\r\n"
/* Two years. */
#define LINES_FOR_TLS "Strict-Transport-Security: max-age=63072000; includeSubDomains\r\n"

struct str
secure_page_lines(bool is_production)
{
	return is_production ? STR(LINES_FOR_PAGES LINES_FOR_TLS) : STR(LINES_FOR_PAGES);
}

struct str
secure_lines(bool is_production)
{
	return is_production ? STR(LINES_FOR_DATA LINES_FOR_TLS) : STR(LINES_FOR_DATA);
}

/* The only header NAME; absent where there is none, or several, which no browser
 * sends. */
static struct str
only_header(const struct http_request *http, struct str name)
{
	return http_request_repeats(http, name) ? STR_NONE
						: http_request_header(http, name);
}

bool
secure_is_own_page(const struct http_request *http, struct str public_origin)
{
	struct str origin = only_header(http, STR("origin"));
	struct str site = http_request_header(http, STR("sec-fetch-site"));
	ptrdiff_t at = str_find(origin, STR("://"));

	if (at < 0 || (!str_is_none(site) && !str_eq(site, STR("same-origin"))))
		return false;
	if (!str_is_none(public_origin) && str_eq_nocase(origin, public_origin))
		return true;
	/* A proxy that keeps the Host header shows us what the browser asked for; another
	 * page's origin is another host. */
	return str_eq_nocase(str_slice(origin, (size_t)at + 3, origin.len), http->host);
}

struct str
secure_cookie(const struct http_request *http, struct str public_origin, struct str name)
{
	struct str rest = only_header(http, STR("cookie")), found = STR_NONE, part;

	if (!secure_is_own_page(http, public_origin))
		return STR_NONE;
	while (str_next(&rest, ';', &part)) {
		struct str value = str_trim(part), key;

		if (!str_next(&value, '=', &key) || !str_eq(key, name) ||
			str_is_none(value))
			continue;
		if (!str_is_none(found))
			return STR_NONE;
		found = value;
	}
	return found;
}
