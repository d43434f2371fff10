/*
 * What a caller is shown, and how he is known: docs/access.md.
 *
 * With open access everybody who asks from this machine itself, by a name of its own and
 * not through a proxy, is shown what a subscriber is, and only subscribers are counted.
 * That is for looking around and for development.
 */
#ifndef API_ACCESS_H
#define API_ACCESS_H

#include "api/rate_table.h"
#include "api/request.h"
#include "codec/ip.h"
#include "predictions/delivery.h"
#include "predictions/reads_q.h"

enum {
	PROXIES_MAX = 32,
};

struct access_setup {
	bool is_open;
	struct str proxies; /* "10.0.0.0/8, ::1": whose X-Forwarded-For is believed */
};

/* Of the process; lives as long as its api. */
struct access {
	bool is_open;
	struct ip_block proxies[PROXIES_MAX];
	size_t proxy_count;
	struct rate_table *users;
	struct rate_table *addresses;
};

/* Prepare RET, its tables in ARENA. INVALID: a proxy's block is none. */
struct err *access_init(struct arena *arena, const struct access_setup *setup,
	struct access *ret) MUST_USE;

/*
 * The client's own address: the peer's, or where that is a trusted proxy the right-most
 * address of X-Forwarded-For that is none. What stands left of an address that cannot be
 * read, or of one that is not trusted, anybody may have written.
 */
void access_find_client(const struct access *access, struct http_request *http);

/* Whether open access holds for HTTP. */
bool access_is_open_to(const struct access *access, const struct http_request *http);

/* Who is shown the same: each has his own ready answers. */
enum audience {
	AUDIENCE_PUBLIC,   /* samples, and the record a day late */
	AUDIENCE_REGULAR,  /* every forecast but those of the playoffs */
	AUDIENCE_ENTITLED, /* every forecast */
};
enum { AUDIENCE_COUNT = 3 };
enum audience access_audience(const struct request *rq);

/* For the record of who was shown which forecast: RQ's caller. */
struct delivery access_delivery(const struct request *rq);
/* Put on record what RQ's answer delivers, where somebody is known to ask. */
void access_note(const struct request *rq);

/* --- Rules, for handlers ------------------------------------------------------------ */

enum {
	RECORD_DELAY_HOURS = 24,
};

/* Up to which week of SEASON RQ is shown every forecast; beyond it, samples only. */
struct err *access_open_through(
	struct request *rq, struct tx *tx, int32_t season, int32_t *ret) MUST_USE;
/* DENIED where ROW, or the forecast ID, is none that RQ is shown. No such forecast is
 * another's to tell. */
struct err *access_check_forecast(
	struct request *rq, struct tx *tx, const struct prediction_row *row) MUST_USE;
struct err *
access_check_id(struct request *rq, struct tx *tx, struct prediction_id id) MUST_USE;

/* DENIED unless RQ is shown forecasts as they are made. */
struct err *access_check_live(struct request *rq) MUST_USE;

/*
 * Which outlooks of a season are shown: those before weeks up to results_through, as what
 * happened later is not told yet, and of them those before weeks up to forecasts_through;
 * the live one where has_live. With a game to go a team's chances are that game's
 * forecast, and with two its wins' mean and deviation are both games'; but what is
 * settled is no forecast. Where is_coarse, wins are told to the nearest half, and nothing
 * else of them.
 */
struct outlook_reach {
	int32_t results_through;
	int32_t forecasts_through;
	bool has_live;
	bool is_coarse;
};
struct err *access_outlooks(struct request *rq, struct tx *tx, int32_t season,
	struct outlook_reach *ret) MUST_USE;

/* Games that began after this moment do not count in the record that RQ is shown: that is
 * a day and the length of a game ago, INT64_MAX for live accuracy. */
int64_t access_known_by(const struct request *rq);
/* Those of them that are over; none for live accuracy. */
struct err *
access_late_games(struct request *rq, struct tx *tx, struct late_game_list *ret) MUST_USE;
bool access_is_late(const struct late_game_list *late, struct str game);

#endif
