#include "tests/tap.h"

#include "api/access.h"

TEST(open_access_is_for_who_asks_this_machine_by_a_name_of_its_own)
{
	static const struct {
		const char *host; /* NULL: not sent */
		const char *remote;
		const char *header; /* NULL: no other */
		bool is_open;
	} cases[] = {
		{ "localhost", "127.0.0.1", NULL, true },
		{ "LocalHost:8080", "127.0.0.1", NULL, true },
		{ "127.0.0.1:8080", "127.0.0.1", NULL, true },
		{ "127.9.9.9", "127.0.0.5", NULL, true },
		{ "[::1]:8080", "::1", NULL, true },
		{ "[::1]", "::1", NULL, true },
		{ NULL, "127.0.0.1", NULL, true },
		{ "localhost", "127.0.0.1", "User-Agent", true },
		/* The names of others, which anybody can let lead to this machine. */
		{ "rebound.example:8080", "127.0.0.1", NULL, false },
		{ "localhost.rebound.example", "127.0.0.1", NULL, false },
		{ "127.0.0.1.rebound.example", "127.0.0.1", NULL, false },
		{ "192.0.2.7", "127.0.0.1", NULL, false },
		{ "[2001:db8::1]:80", "::1", NULL, false },
		/* Elsewhere, and behind a proxy. */
		{ "localhost", "192.0.2.7", NULL, false },
		{ "localhost", "127.0.0.1", "X-Forwarded-For", false },
		{ "localhost", "127.0.0.1", "forwarded", false },
		{ "localhost", "127.0.0.1", "Via", false },
		{ "localhost", "127.0.0.1", "X-Forwarded-Proto", false },
		{ "localhost", "127.0.0.1", "x-real-ip", false },
		{ "localhost", "127.0.0.1", "CF-Connecting-IP", false },
		{ "localhost", "127.0.0.1", "X-Forward", true },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct http_header header = {
			str_from(cases[i].header ? cases[i].header : ""), STR("x")
		};
		struct http_request http = {
			.host = cases[i].host ? str_from(cases[i].host) : STR_NONE,
			.remote_address = str_from(cases[i].remote),
			.headers = &header,
			.header_count = cases[i].header != NULL,
		};
		struct access open = { .is_open = true }, closed = { .is_open = false };

		OK_OR(access_is_open_to(&open, &http) == cases[i].is_open, "case %zu", i);
		OK(!access_is_open_to(&closed, &http));
	}
}
