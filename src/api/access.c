#include "api/access.h"

#include "api/api.h"
#include "api/auth_gate.h"
#include "codec/iso_time.h"
#include "predictions/schedule.h"

enum {
	GAME_HOURS = 4,     /* and then it is over */
	WEEKS_WITHHELD = 2, /* of outlooks: the last of the regular season */
	USERS_COUNTED = 32768,
	ADDRESSES_COUNTED = 65536,
};

static struct err *
proxies_parse(struct arena *arena, struct str text, struct access *access)
{
	struct str rest = text, part;

	while (str_next(&rest, ',', &part)) {
		part = str_trim(part);
		if (part.len == 0)
			continue;
		if (access->proxy_count == PROXIES_MAX)
			return err_in(arena, ERR_INVALID,
				"http.trusted_proxies has more than %d entries",
				PROXIES_MAX);
		if (!ip_block_parse(part, &access->proxies[access->proxy_count]))
			return err_in(arena, ERR_INVALID,
				"http.trusted_proxies: '" STR_FMT
				"' is no address and no block like 10.0.0.0/8",
				STR_ARG(part));
		access->proxy_count++;
	}
	return NULL;
}

struct err *
access_init(struct arena *arena, const struct access_setup *setup, struct access *ret)
{
	*ret = (struct access){ .is_open = setup->is_open };
	TRY(proxies_parse(arena, setup->proxies, ret));
	ret->users = rate_table_new(arena, USERS_COUNTED);
	ret->addresses = rate_table_new(arena, ADDRESSES_COUNTED);
	return ret->users && ret->addresses ? NULL : err_no_memory();
}

/* --- Who asks ----------------------------------------------------------------------- */

static bool
is_trusted(const struct access *access, struct ip ip)
{
	for (size_t i = 0; i < access->proxy_count; i++)
		if (ip_block_has(&access->proxies[i], ip))
			return true;
	return false;
}

/* Take the last part of the comma-separated LIST off. */
static bool
take_last(struct str *list, struct str *ret)
{
	size_t begin = list->len;

	if (str_is_none(*list))
		return false;
	while (begin > 0 && list->ptr[begin - 1] != ',')
		begin--;
	*ret = str_trim(str_slice(*list, begin, list->len));
	*list = begin > 0 ? str_slice(*list, 0, begin - 1) : STR_NONE;
	return true;
}

void
access_find_client(const struct access *access, struct http_request *http)
{
	struct ip ip;

	if (access->proxy_count == 0 || !ip_parse(http->remote_address, &ip) ||
		!is_trusted(access, ip))
		return;
	/* Several headers are one list, the last of it added by the nearest proxy. */
	for (size_t i = http->header_count; i-- > 0;) {
		struct str list = http->headers[i].value, part;

		if (!str_eq_nocase(http->headers[i].name, STR("x-forwarded-for")))
			continue;
		while (take_last(&list, &part)) {
			if (!ip_parse(part, &ip))
				return;
			http->remote_address = part;
			if (!is_trusted(access, ip))
				return;
		}
	}
}

/* --- What he is shown --------------------------------------------------------------- */

/* A page of the world whose name was made to lead to this machine ("DNS rebinding") has
 * the browser ask for that name. */
static bool
is_loopback_name(struct str host)
{
	ptrdiff_t end = str_find_char(host, ']') + 1;
	ptrdiff_t colon = str_find_char(host, ':');
	struct str name = end > 0 ? str_slice(host, 0, (size_t)end)
		: colon >= 0      ? str_slice(host, 0, (size_t)colon)
				  : host;
	struct ip ip;

	return str_eq_nocase(name, STR("localhost")) ||
		(ip_parse(name, &ip) && ip_is_loopback(ip));
}

/* What proxies add, for others that ask through them. */
static bool
is_of_proxy(struct str name)
{
	static const struct str names[] = { STR_INIT("forwarded"), STR_INIT("via"),
		STR_INIT("x-real-ip"), STR_INIT("true-client-ip"),
		STR_INIT("cf-connecting-ip") };
	const struct str all = STR("x-forwarded-");

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_eq_nocase(name, names[i]))
			return true;
	return name.len > all.len && str_eq_nocase(str_slice(name, 0, all.len), all);
}

/* A proxy on this machine asks for the whole world. */
static bool
is_direct(const struct http_request *http)
{
	for (size_t i = 0; i < http->header_count; i++)
		if (is_of_proxy(http->headers[i].name))
			return false;
	return (str_starts_with(http->remote_address, STR("127.")) ||
		       str_eq(http->remote_address, STR("::1"))) &&
		(str_is_none(http->host) || is_loopback_name(http->host));
}

bool
access_is_open_to(const struct access *access, const struct http_request *http)
{
	return access->is_open && is_direct(http);
}

enum audience
access_audience(const struct request *rq)
{
	const struct entitlement *entitlement = &rq->caller.entitlement;

	if (!entitlement_has(entitlement, FEATURE_REAL_TIME_PREDICTIONS) ||
		!entitlement_has(entitlement, FEATURE_LIVE_ACCURACY))
		return AUDIENCE_PUBLIC;
	return entitlement_has(entitlement, FEATURE_PLAYOFF_PREDICTIONS)
		? AUDIENCE_ENTITLED
		: AUDIENCE_REGULAR;
}

struct delivery
access_delivery(const struct request *rq)
{
	const struct caller *caller = &rq->caller;

	return (struct delivery){
		.user_id = caller->user_id,
		.via = caller->kind == CALLER_API_KEY ? STR("api") : STR("page"),
		.tier = str_from(caller->entitlement.tier),
	};
}

void
access_note(const struct request *rq)
{
	struct delivery to;

	if (rq->delivered.len == 0 || rq->caller.kind == CALLER_NOBODY ||
		rq->http->method == METHOD_HEAD)
		return;
	to = access_delivery(rq);
	delivery_note(rq->ctx, &to, rq->delivered);
}

/* --- Rules -------------------------------------------------------------------------- */

struct err *
access_open_through(struct request *rq, struct tx *tx, int32_t season, int32_t *ret)
{
	struct week_number last;

	switch (access_audience(rq)) {
	case AUDIENCE_PUBLIC:
		*ret = 0;
		break;
	case AUDIENCE_REGULAR:
		TRY(q_week_regular_last(tx, season, &last));
		*ret = last.week.is_set ? last.week.value : 0;
		break;
	case AUDIENCE_ENTITLED:
		*ret = WEEK_MOST;
		break;
	}
	return NULL;
}

struct err *
access_check_forecast(struct request *rq, struct tx *tx, const struct prediction_row *row)
{
	int32_t open_through;

	if (row->is_sample)
		return NULL;
	TRY(access_open_through(rq, tx, row->season, &open_through));
	if (row->week <= open_through)
		return NULL;
	if (rq->lacks_mfa)
		return auth_needs_mfa(rq);
	if (open_through > 0)
		return err_new(rq->ctx, ERR_DENIED,
			"forecasts of the playoffs need a plan with "
			"playoff_predictions; GET /v1/tiers lists the plans");
	return err_new(rq->ctx, ERR_DENIED,
		"this forecast is for subscribers; three of each week are open to all, "
		"and GET /v1/tiers lists the plans");
}

struct err *
access_check_id(struct request *rq, struct tx *tx, struct prediction_id id)
{
	struct prediction_row row;
	bool found;

	if (access_audience(rq) == AUDIENCE_ENTITLED)
		return NULL;
	TRY(q_prediction_get(tx, id, &row, &found));
	return found ? access_check_forecast(rq, tx, &row) : NULL;
}

struct err *
access_check_live(struct request *rq)
{
	TRY(auth_check_feature(rq, FEATURE_REAL_TIME_PREDICTIONS));
	return auth_check_feature(rq, FEATURE_LIVE_ACCURACY);
}

struct err *
access_outlooks(
	struct request *rq, struct tx *tx, int32_t season, struct outlook_reach *ret)
{
	struct outlook_reach reach = { .results_through = WEEK_MOST,
		.forecasts_through = WEEK_MOST,
		.is_coarse = access_audience(rq) == AUDIENCE_PUBLIC };
	struct late_game_list late;
	struct week_number last;

	if (access_audience(rq) != AUDIENCE_ENTITLED) {
		TRY(q_week_regular_last(tx, season, &last));
		reach.forecasts_through = last.week.is_set ? last.week.value : 0;
	}
	if (reach.is_coarse)
		reach.forecasts_through -= WEEKS_WITHHELD;
	/* It would go back to before the week with each game that is over, for a day. */
	reach.has_live = !reach.is_coarse;
	TRY(access_late_games(rq, tx, &late));
	for (size_t i = 0; i < late.count; i++) {
		if (late.items[i].season != season)
			continue;
		if (late.items[i].week < reach.results_through)
			reach.results_through = late.items[i].week;
	}
	*ret = reach;
	return NULL;
}

int64_t
access_known_by(const struct request *rq)
{
	if (access_audience(rq) != AUDIENCE_PUBLIC)
		return INT64_MAX;
	return rq->ctx->now - (RECORD_DELAY_HOURS + GAME_HOURS) * MICROSECONDS_PER_HOUR;
}

struct err *
access_late_games(struct request *rq, struct tx *tx, struct late_game_list *ret)
{
	*ret = (struct late_game_list){ .count = 0 };
	if (access_audience(rq) != AUDIENCE_PUBLIC)
		return NULL;
	return q_games_of_late(tx, access_known_by(rq),
		schedule_day_after(rq->ctx->arena, access_known_by(rq)), ret);
}

bool
access_is_late(const struct late_game_list *late, struct str game)
{
	for (size_t i = 0; i < late->count; i++)
		if (str_eq(late->items[i].nflverse_id, game))
			return true;
	return false;
}
