#include "accounts/device.h"

struct word {
	const char *sign; /* in the header */
	const char *name;
};

/* The first that is there counts: others pretend to be Chrome, Chrome to be Safari, and
 * all of them to be Mozilla. */
static const struct word programs[] = {
	{ "Edg", "Edge" },
	{ "OPR/", "Opera" },
	{ "Vivaldi/", "Vivaldi" },
	{ "SamsungBrowser/", "Samsung Internet" },
	{ "Firefox/", "Firefox" },
	{ "FxiOS/", "Firefox" },
	{ "CriOS/", "Chrome" },
	{ "Chrome/", "Chrome" },
	{ "Safari/", "Safari" },
	{ "curl/", "curl" },
	{ "Wget/", "Wget" },
	{ "python", "Python" },
	{ "Go-http-client", "Go" },
	{ "PostmanRuntime/", "Postman" },
};

static const struct word systems[] = {
	{ "iPhone", "iPhone" },
	{ "iPad", "iPad" },
	{ "Android", "Android" },
	{ "CrOS", "ChromeOS" },
	{ "Windows", "Windows" },
	{ "Macintosh", "macOS" },
	{ "Linux", "Linux" },
};

static const char *
find(const struct word *words, size_t count, struct str text)
{
	for (size_t i = 0; i < count; i++)
		if (str_find(text, str_from(words[i].sign)) >= 0)
			return words[i].name;
	return NULL;
}

struct str
device_name(struct arena *arena, struct str user_agent)
{
	const char *program = find(programs, COUNT_OF(programs), user_agent);
	const char *platform = find(systems, COUNT_OF(systems), user_agent);

	if (program && platform)
		return str_fmt(arena, "%s on %s", program, platform);
	if (program || platform)
		return str_from(program ? program : platform);
	return STR("unknown device");
}

struct str
device_agent(struct str user_agent)
{
	size_t kept = 0;

	if (str_is_none(user_agent))
		return user_agent;
	while (kept < user_agent.len) {
		size_t length = str_utf8_sequence(
			str_slice(user_agent, kept, user_agent.len));

		if (length == 0 || kept + length > USER_AGENT_BYTES_KEPT)
			break;
		kept += length;
	}
	return str_slice(user_agent, 0, kept);
}
