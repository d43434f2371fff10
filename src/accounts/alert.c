#include "accounts/alert.h"

#include "base/num.h"
#include "codec/base64.h"
#include "codec/iso_time.h"
#include "codec/uuid.h"
#include "crypto/hmac.h"
#include "crypto/keyring.h"
#include "db/db.h"
#include "mail/mail.h"

enum {
	HORIZON_HOURS = 24,
	DETAILS_BYTES_MAX = 4096,
	KEY_TEXT_MAX = 128,
	DAY_TEXT_LEN = 10,
	MAC_BYTES = 16,
	TOKEN_BYTES = KEY_ID_LEN + sizeof(struct uuid) + MAC_BYTES,
	TOKEN_TEXT_MAX = 2 * TOKEN_BYTES,
};

/* Tells these links from others that the same key signs. */
#define PURPOSE "end alerts:"

/* --- The link that ends them */

/* The first half of the digest is plenty where a guess can be tried over the network
 * only. */
static void
mac_of(const struct key *key, struct uuid user, uint8_t ret[static MAC_BYTES])
{
	uint8_t digest[HMAC_SHA256_BYTES];
	char text[KEY_TEXT_MAX];
	struct buf said;

	buf_init_fixed(&said, text, sizeof(text));
	buf_put(&said, STR(PURPOSE));
	uuid_format(&said, user);
	hmac_sha256(str_from_bytes(key->secret, KEY_BYTES), buf_str(&said), digest);
	memcpy(ret, digest, MAC_BYTES);
}

struct err *
alert_token(struct ctx *ctx, struct user_id user, struct str *ret)
{
	const struct key *key = keyring_current(ctx->keys, KEY_TOKEN, ctx->now);
	uint8_t mac[MAC_BYTES];
	char bytes[TOKEN_BYTES];
	struct buf raw, text;

	mac_of(key, user.uuid, mac);
	buf_init_fixed(&raw, bytes, sizeof(bytes));
	buf_put(&raw, key_id(key));
	buf_put(&raw, str_from_bytes(user.uuid.bytes, sizeof(user.uuid.bytes)));
	buf_put(&raw, str_from_bytes(mac, MAC_BYTES));
	buf_init(&text, ctx->arena, TOKEN_TEXT_MAX);
	base64_encode(&text, buf_str(&raw), BASE64_URL);
	*ret = buf_str(&text);
	return buf_is_cut(&text) ? err_no_memory() : NULL;
}

/* Whose token TEXT is. */
static bool
token_read(struct ctx *ctx, struct str text, struct user_id *ret)
{
	uint8_t mac[MAC_BYTES];
	char bytes[TOKEN_BYTES];
	const struct key *key;
	struct user_id user;
	struct buf raw;

	buf_init_fixed(&raw, bytes, sizeof(bytes));
	if (!base64_decode(&raw, text, BASE64_URL) || buf_is_cut(&raw) ||
		raw.len != TOKEN_BYTES)
		return false;
	key = keyring_find(
		ctx->keys, KEY_TOKEN, str_slice(buf_str(&raw), 0, KEY_ID_LEN), ctx->now);
	if (!key)
		return false;
	memcpy(user.uuid.bytes, bytes + KEY_ID_LEN, sizeof(user.uuid.bytes));
	mac_of(key, user.uuid, mac);
	if (!bytes_eq_constant_time(str_from_bytes(mac, MAC_BYTES),
		    str_slice(buf_str(&raw), TOKEN_BYTES - MAC_BYTES, TOKEN_BYTES)))
		return false;
	*ret = user;
	return true;
}

struct err *
alerts_end(struct ctx *ctx, struct str token)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct user_id user;
	int64_t found;

	if (!token_read(ctx, token, &user))
		return err_new(ctx, ERR_INVALID,
			"this link ends no alerts; sign in and turn them off in your "
			"account");
	tx.shard = db_shard_of(user);
	/* Of an account that was erased there is nothing to end. */
	return q_alerts_end(&tx, user, ctx->now, &found);
}

/* --- The mails */

struct promising {
	const struct alert_game_list *games; /* of one day */
	struct uuid after;                   /* readers from behind this one on */
	struct uuid last;                    /* the last of them; nil: there was none */
	int64_t count;
};

static double
least_of(const struct alert_reader *reader)
{
	return reader->alert_min_confidence.is_set ? reader->alert_min_confidence.value
						   : ALERT_CONFIDENCE_USUAL;
}

/* "13:00 Eastern (18:00 UTC)": the day is New York's, where a night game ends another. */
static void
put_kickoff(struct buf *out, const struct alert_game *game)
{
	char text[64];
	struct buf utc;
	struct str day, clock;

	buf_init_fixed(&utc, text, sizeof(text));
	iso_time_format(&utc, game->kickoff_at);
	day = str_slice(buf_str(&utc), 0, DAY_TEXT_LEN);
	clock = str_slice(buf_str(&utc), DAY_TEXT_LEN + 1, DAY_TEXT_LEN + 6);
	if (!str_is_none(game->gametime))
		buf_fmt(out, STR_FMT " Eastern (" STR_FMT " UTC", STR_ARG(game->gametime),
			STR_ARG(clock));
	else
		buf_fmt(out, STR_FMT " UTC", STR_ARG(clock));
	if (!str_eq(day, game->gameday))
		buf_fmt(out, " on " STR_FMT, STR_ARG(day));
	if (!str_is_none(game->gametime))
		buf_put_char(out, ')');
}

/* "KC over BUF at home: 74 %, 13:00 Eastern (18:00 UTC)" a line. */
static void
put_game(struct buf *out, const struct alert_game *game)
{
	bool is_home = str_eq(game->pick, STR("home"));

	buf_fmt(out, STR_FMT " over " STR_FMT "%s: %.0f %%, ",
		STR_ARG(is_home ? game->home_team : game->away_team),
		STR_ARG(is_home ? game->away_team : game->home_team),
		is_home ? " at home" : " away", 100 * game->confidence);
	put_kickoff(out, game);
	buf_put_char(out, '\n');
}

static struct err *
promise_one(struct tx *tx, struct promising *promising, const struct alert_reader *reader)
{
	struct arena *arena = tx->ctx->arena;
	struct str gameday = promising->games->items[0].gameday, token;
	struct buf details, key;
	int count = 0;

	buf_init(&details, arena, DETAILS_BYTES_MAX);
	for (size_t i = 0; i < promising->games->count; i++) {
		if (promising->games->items[i].confidence < least_of(reader))
			continue;
		put_game(&details, &promising->games->items[i]);
		count++;
	}
	if (count == 0)
		return NULL;
	buf_init(&key, arena, KEY_TEXT_MAX);
	buf_put(&key, STR("alert:"));
	uuid_format(&key, reader->id.uuid);
	buf_fmt(&key, ":" STR_FMT, STR_ARG(gameday));
	if (buf_is_cut(&key) || buf_is_cut(&details))
		return err_no_memory();
	TRY(alert_token(tx->ctx, reader->id, &token));
	TRY(mail_put(tx,
		&(struct mail){
			.kind = MAIL_ALERT,
			.recipient = reader->email,
			.user_id = reader->id,
			.dedupe_key = buf_str(&key),
			.unsubscribe = token,
			.headline = str_fmt(arena,
				"%d game%s at %.9g %% or more on " STR_FMT
				", US Eastern time",
				count, plural_s(count), 100 * least_of(reader),
				STR_ARG(gameday)),
			.details = buf_str(&details),
		}));
	promising->count++;
	return NULL;
}

static struct err *
promise_in_tx(struct tx *tx, void *arg)
{
	struct promising *promising = arg;
	struct alert_reader_list readers;

	promising->count = 0;
	promising->last = (struct uuid){ { 0 } };
	/* Read here, so that whoever ends his alerts meanwhile, or his account, gets
	 * none. */
	TRY(q_alert_readers(tx, promising->after, tx->ctx->now, &readers));
	for (size_t i = 0; i < readers.count; i++)
		TRY(promise_one(tx, promising, &readers.items[i]));
	if (readers.count)
		promising->last = readers.items[readers.count - 1].id.uuid;
	return NULL;
}

struct err *
alerts_promise(
	struct ctx *ctx, struct str model, int32_t season, struct alert_counts *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct alert_counts counts = { .games = 0 };
	struct alert_game_list games;
	struct promising promising = { .games = &games };

	TRY(q_alert_games(&tx,
		(struct alert_games){
			.model = model,
			.season = season,
			.now = ctx->now,
			.until = ctx->now +
				(int64_t)HORIZON_HOURS * 3600 * MICROSECONDS_PER_SECOND,
		},
		&games));
	/* Of one day: the others have theirs tomorrow. */
	while (games.count &&
		!str_eq(games.items[games.count - 1].gameday, games.items[0].gameday))
		games.count--;
	counts.games = (int64_t)games.count;
	while (games.count) {
		TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, promise_in_tx, &promising));
		if (uuid_is_nil(promising.last))
			break;
		counts.readers += promising.count;
		promising.after = promising.last;
	}
	*ret = counts;
	return NULL;
}
