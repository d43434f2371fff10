#include "mail/destination.h"

#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"

enum {
	AT_ONE_MAX = 2, /* lanes at one domain */
	LOOK_MS = 20,
	COUNTRY_LEN = 2, /* .uk */
};

/* Below a country's name, where others register theirs: example.co.uk. */
static const char *const registries[] = { "ac", "co", "com", "edu", "gob", "gov", "gv",
	"id", "ltd", "me", "mil", "ne", "net", "nom", "or", "org", "plc", "sch" };

static bool
is_registry(struct str label)
{
	for (size_t i = 0; i < sizeof(registries) / sizeof(registries[0]); i++)
		if (str_eq(label, str_from(registries[i])))
			return true;
	return false;
}

/* What somebody has registered, as near as its form tells: whoever owns a domain makes
 * names below it at will. */
static struct str
domain_of(struct str address)
{
	size_t begin = (size_t)(str_find_char(address, '@') + 1);
	size_t end = address.len;
	size_t dot[2] = { end, end }; /* the last, and the one before */

	for (size_t i = end; i > begin; i--) {
		bool is_country = end - dot[0] - 1 == COUNTRY_LEN;

		if (address.ptr[i - 1] != '.')
			continue;
		if (dot[0] == end)
			dot[0] = i - 1;
		else if (dot[1] == end && is_country &&
			is_registry(str_slice(address, i, dot[0])))
			dot[1] = i - 1;
		else
			return str_slice(address, i, end);
	}
	return str_slice(address, begin, end);
}

static bool
is_at(const struct destination *destination, struct str domain)
{
	return destination->len &&
		str_eq((struct str){ destination->text, destination->len }, domain);
}

static bool
is_older(const struct destination *destination, int64_t ms)
{
	return clock_monotonic_ns() - destination->since_ns > ms * NANOSECONDS_PER_MS;
}

static struct destination *
slow_find(struct destinations *destinations, struct str domain)
{
	for (size_t i = 0; i < DESTINATIONS_SLOW_MAX; i++) {
		struct destination *slow = &destinations->slow[i];

		if (is_at(slow, domain) && !is_older(slow, DESTINATION_REST_MS))
			return slow;
	}
	return NULL;
}

/* Whether it was, or a lane waits for it at this moment. */
static bool
is_slow(struct destinations *destinations, struct str domain)
{
	for (size_t i = 0; i < DESTINATION_LANES; i++)
		if (is_at(&destinations->lanes[i], domain) &&
			is_older(&destinations->lanes[i], destinations->slow_ms))
			return true;
	return slow_find(destinations, domain) != NULL;
}

/* How many lanes are at DOMAIN, or at whichever is slow. */
static size_t
lanes_at(struct destinations *destinations, struct str domain, bool is_any_slow)
{
	size_t count = 0;

	for (size_t i = 0; i < DESTINATION_LANES; i++) {
		const struct destination *lane = &destinations->lanes[i];
		struct str other = { lane->text, lane->len };

		count += lane->len &&
			(is_any_slow ? is_slow(destinations, other)
				     : str_eq(other, domain));
	}
	return count;
}

static void
destination_set(struct destination *ret, struct str domain)
{
	ret->len = domain.len < sizeof(ret->text) ? domain.len : sizeof(ret->text);
	memcpy(ret->text, domain.ptr, ret->len);
	ret->since_ns = clock_monotonic_ns();
}

bool
destination_enter(struct destinations *destinations, size_t lane, struct str address)
{
	struct str domain = domain_of(address);
	/* A lane that finds no turn is worth more elsewhere, and its mail is leased. */
	int64_t until = clock_deadline_ms(destinations->slow_ms);

	while (!is_slow(destinations, domain)) {
		if (lanes_at(destinations, domain, false) < AT_ONE_MAX) {
			destination_set(&destinations->lanes[lane], domain);
			return true;
		}
		if (clock_monotonic_ns() > until ||
			fiber_sleep_until(clock_deadline_ms(LOOK_MS)) != WAIT_TIMED_OUT)
			return false;
	}
	if (lanes_at(destinations, domain, true) > 0)
		return false;
	destination_set(&destinations->lanes[lane], domain);
	return true;
}

/* In a place that is free, or else in that of the oldest. */
static void
slow_note(struct destinations *destinations, struct str domain)
{
	struct destination *place = &destinations->slow[0];

	for (size_t i = 0; i < DESTINATIONS_SLOW_MAX; i++) {
		struct destination *slow = &destinations->slow[i];

		if (!slow->len) {
			place = slow;
			break;
		}
		if (slow->since_ns < place->since_ns)
			place = slow;
	}
	destination_set(place, domain);
}

void
destination_leave(struct destinations *destinations, size_t lane, bool is_sent)
{
	struct destination *left = &destinations->lanes[lane];
	struct str domain = { left->text, left->len };
	struct destination *slow = slow_find(destinations, domain);

	bool was_slow = !is_sent && is_older(left, destinations->slow_ms);

	if (slow && (is_sent || was_slow))
		slow->len = 0;
	if (was_slow)
		slow_note(destinations, domain);
	left->len = 0;
}
