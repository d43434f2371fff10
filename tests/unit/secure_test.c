#include "tests/tap.h"

#include "api/secure.h"

/* A request to example.com with these headers; NULL: not sent. */
static struct http_request
request(struct http_header headers[3], const char *origin, const char *site,
	const char *cookie)
{
	struct http_request http = { .host = STR("example.com"), .headers = headers };

	if (origin)
		headers[http.header_count++] = (struct http_header){ STR("Origin"),
			str_from(origin) };
	if (site)
		headers[http.header_count++] = (struct http_header){
			STR("Sec-Fetch-Site"), str_from(site)
		};
	if (cookie)
		headers[http.header_count++] = (struct http_header){ STR("Cookie"),
			str_from(cookie) };
	return http;
}

TEST(a_page_is_ours_by_its_origin_and_nothing_else)
{
	static const struct {
		const char *origin;
		const char *site;
		bool is_ours;
	} cases[] = {
		{ "https://example.com", NULL, true },
		{ "http://EXAMPLE.com", "same-origin", true },
		{ "https://public.example", "same-origin", true },
		{ "https://public.example:8443", NULL, false },
		{ "https://example.com", "cross-site", false },
		{ "https://example.com", "same-site", false },
		{ "https://example.com", "none", false },
		{ "https://example.com.evil.example", NULL, false },
		{ "https://evil.example/example.com", NULL, false },
		{ "https://evilexample.com", NULL, false },
		{ "https://sub.example.com", NULL, false },
		{ "https://example.com:444", NULL, false },
		{ "example.com", NULL, false },
		{ "null", NULL, false },
		{ "", NULL, false },
		{ NULL, "same-origin", false },
		{ NULL, NULL, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct http_header headers[3];
		struct http_request http = request(
			headers, cases[i].origin, cases[i].site, NULL);

		OK_OR(secure_is_own_page(&http, STR("https://public.example")) ==
				cases[i].is_ours,
			"%s, %s", cases[i].origin ? cases[i].origin : "no Origin",
			cases[i].site ? cases[i].site : "no Sec-Fetch-Site");
	}
}

TEST(a_repeated_origin_is_none)
{
	struct http_header headers[3] = {
		{ STR_INIT("Origin"), STR_INIT("https://example.com") },
		{ STR_INIT("origin"), STR_INIT("https://evil.example") },
	};
	struct http_request http = {
		.host = STR("example.com"), .headers = headers, .header_count = 2
	};

	OK(!secure_is_own_page(&http, STR_NONE));
}

TEST(a_cookie_is_read_once_and_of_our_pages_only)
{
	static const struct {
		const char *origin;
		const char *cookie;
		const char *value;
	} cases[] = {
		{ "https://example.com", "a=1; token=abc; b=2", "abc" },
		{ "https://example.com", "token=a=b", "a=b" },
		{ "https://example.com", "token=", "" },
		{ "https://example.com", "xtoken=abc", NULL },
		{ "https://example.com", "token", NULL },
		{ "https://example.com", "token=abc; token=def", NULL },
		{ "https://evil.example", "token=abc", NULL },
		{ NULL, "token=abc", NULL },
		{ "https://example.com", NULL, NULL },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct http_header headers[3];
		struct http_request http = request(
			headers, cases[i].origin, NULL, cases[i].cookie);
		struct str got = secure_cookie(&http, STR_NONE, STR("token"));

		OK_OR(str_is_none(got) == !cases[i].value, "case %zu", i);
		if (cases[i].value)
			EQ_STR(got, str_from(cases[i].value));
	}
}

TEST(header_lines_end_each_and_hsts_is_for_production)
{
	struct str all[] = { secure_lines(false), secure_lines(true),
		secure_page_lines(false), secure_page_lines(true) };

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		OK(str_ends_with(all[i], STR("\r\n")));
		OK(str_find(all[i], STR("\r\n\r\n")) < 0);
		OK(str_find(all[i], STR("frame-ancestors 'none'")) > 0);
		OK(str_find(all[i], STR("Access-Control")) < 0);
		OK((str_find(all[i], STR("Strict-Transport-Security")) > 0) == (i % 2));
	}
}
