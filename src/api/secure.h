/*
 * What browsers are told to keep to, and which of their requests are a page's own.
 *
 * A page of another origin can make a browser send requests here, with its cookies. There
 * is one cookie, the refresh token of pages, which goes to /v1/auth only; it counts only
 * in requests that say they come from a page of ours. Everything else takes its
 * credentials from the Authorization header, which no other page can set. There are no
 * CORS headers, so no other page reads an answer.
 */
#ifndef API_SECURE_H
#define API_SECURE_H

#include "http/message.h"

/* The header lines of pages, and of everything else. IS_PRODUCTION: behind TLS, so
 * browsers are told never to come without. */
struct str secure_page_lines(bool is_production);
struct str secure_lines(bool is_production);

/*
 * Whether HTTP was sent by a page of ours: its Origin is PUBLIC_ORIGIN
 * ("https://example.com"; may be absent) or names the host that it was sent to, and
 * Sec-Fetch-Site, where there is one, agrees. False without an Origin: a browser sends
 * one with every POST.
 */
bool secure_is_own_page(const struct http_request *http, struct str public_origin);

/* The value of cookie NAME of a request of a page of ours; absent where there is none, it
 * comes twice, or the page is not ours. */
struct str
secure_cookie(const struct http_request *http, struct str public_origin, struct str name);

#endif
