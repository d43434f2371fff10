#include "predictions/league.h"

#include "codec/base32.h"
#include "codec/fold.h"
#include "predictions/pick.h"
#include "sys/random.h"

enum {
	CODE_RANDOM_BYTES = 8, /* 13 characters, of which 12 are shown: 60 bits */
	CODE_TYPED_MAX = 40,
};

static struct err *
not_found(struct ctx *ctx)
{
	return err_new(ctx, ERR_NOT_FOUND, "no such league");
}

/* Letters and digits that people do not mistake for one another. */
static struct err *
code_new(struct ctx *ctx, struct str *ret)
{
	uint8_t bytes[CODE_RANDOM_BYTES];
	struct buf out;

	random_bytes(bytes, sizeof(bytes));
	buf_init(&out, ctx->arena, 2 * CODE_RANDOM_BYTES);
	base32_encode(&out, (struct str){ (const char *)bytes, sizeof(bytes) });
	if (buf_is_cut(&out))
		return err_no_memory();
	*ret = str_slice(buf_str(&out), 0, LEAGUE_CODE_LEN);
	return NULL;
}

/* As it was typed: in any case, with spaces and hyphens. */
static struct str
code_of(struct ctx *ctx, struct str typed)
{
	struct buf out;

	buf_init(&out, ctx->arena, CODE_TYPED_MAX);
	for (size_t i = 0; i < typed.len; i++) {
		char c = typed.ptr[i];

		if (c != ' ' && c != '-')
			buf_put_char(&out, (char)(c >= 'a' && c <= 'z' ? c - 32 : c));
	}
	return buf_str(&out);
}

static struct err *
get(struct tx *tx, struct uuid league, struct league_row *ret)
{
	bool found;

	TRY(q_league_get(tx, tx->ctx->actor.user_id, league, ret, &found));
	return found ? NULL : not_found(tx->ctx);
}

static struct err *
check_owner(struct ctx *ctx, const struct league_row *league)
{
	return league->is_owner
		? NULL
		: err_new(ctx, ERR_DENIED, "only whoever made this league may do that");
}

struct err *
league_find(struct ctx *ctx, struct uuid league, struct league_row *ret)
{
	struct tx tx = db_auto(ctx, db_shard_of(ctx->actor.user_id));

	return get(&tx, league, ret);
}

/* --- Coming in */

struct joining {
	struct str code;
	struct str display_name;
	struct str name_folded;
	struct league_plan plan; /* of a league to be made */
	struct league_row league;
};

static struct err *
fold_name(struct ctx *ctx, struct joining *joining)
{
	TRY(fold_text(ctx->arena, joining->display_name, &joining->name_folded));
	return joining->name_folded.len > 0
		? NULL
		: err_field(ctx, "display_name", "has nothing that can be seen");
}

static struct err *
check_room(struct tx *tx)
{
	struct league_count mine;

	TRY(q_league_memberships(tx, tx->ctx->actor.user_id, &mine));
	return mine.count < LEAGUES_MOST
		? NULL
		: err_new(tx->ctx, ERR_CONFLICT,
			  "you are in %d leagues; leave one before the next",
			  LEAGUES_MOST);
}

static struct err *
come_in(struct tx *tx, const struct joining *joining, struct uuid league, int32_t season)
{
	struct user_id actor = tx->ctx->actor.user_id;

	TRY(q_league_member_insert(tx,
		(struct league_member_insert){
			.actor = actor, .league_id = league, .now = tx->ctx->now }));
	return q_league_standing_insert(tx,
		(struct league_standing_insert){ .actor = actor,
			.league_id = league,
			.season = season,
			.name = joining->display_name,
			.name_folded = joining->name_folded,
			.now = tx->ctx->now });
}

static struct err *
make_in_tx(struct tx *tx, void *arg)
{
	struct joining *joining = arg;
	const struct league_plan *plan = &joining->plan;
	struct uuid id = uuid_v7(tx->ctx->now);
	struct league_season season;

	TRY(q_league_season_find(tx, plan->season, &season));
	if (!season.has_games)
		return err_field(tx->ctx, "season", "no games of season %d are known",
			plan->season);
	TRY(check_room(tx));
	TRY(q_league_insert(tx,
		(struct league_insert){ .actor = tx->ctx->actor.user_id,
			.id = id,
			.name = plan->name,
			.season = plan->season,
			.code = joining->code,
			.now = tx->ctx->now }));
	TRY(come_in(tx, joining, id, plan->season));
	return get(tx, id, &joining->league);
}

struct err *
league_make(struct ctx *ctx, const struct league_plan *plan, struct league_row *ret)
{
	struct joining joining = { .plan = *plan, .display_name = plan->display_name };

	TRY(fold_name(ctx, &joining));
	TRY(code_new(ctx, &joining.code));
	TRY(db_transact(
		ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), make_in_tx, &joining));
	*ret = joining.league;
	return NULL;
}

static struct err *
look(struct tx *tx, struct str code, struct league_invited *ret)
{
	bool found = false;

	if (code.len == LEAGUE_CODE_LEN)
		TRY(q_league_by_code(tx, tx->ctx->actor.user_id, code, ret, &found));
	return found ? NULL
		     : err_new(tx->ctx, ERR_NOT_FOUND,
			       "this code opens no league; ask whoever invited you for a "
			       "new one");
}

struct err *
league_look(struct ctx *ctx, struct str code, struct league_invited *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);

	return look(&tx, code_of(ctx, code), ret);
}

static struct err *
rename_oneself(struct tx *tx, const struct joining *joining, struct uuid league)
{
	int64_t renamed;

	return q_league_standing_rename(tx,
		(struct league_standing_rename){ .actor = tx->ctx->actor.user_id,
			.league_id = league,
			.name = joining->display_name,
			.name_folded = joining->name_folded,
			.now = tx->ctx->now },
		&renamed);
}

static struct err *
join_in_tx(struct tx *tx, void *arg)
{
	struct joining *joining = arg;
	struct league_invited league;
	struct league_named named;
	bool is_member, found;

	TRY(look(tx, joining->code, &league));
	is_member = !str_is_none(league.display_name);
	if (!is_member && league.member_count >= LEAGUE_MEMBERS_MOST)
		return err_new(tx->ctx, ERR_CONFLICT,
			"this league is full: it has %d members", LEAGUE_MEMBERS_MOST);
	if (!is_member)
		TRY(check_room(tx));
	TRY(q_league_name_find(tx,
		(struct league_name_find){ .actor = tx->ctx->actor.user_id,
			.league_id = league.id,
			.name_folded = joining->name_folded },
		&named, &found));
	if (found && !named.is_you)
		return err_field(tx->ctx, "display_name",
			"a member of this league has that name already");
	TRY(is_member ? rename_oneself(tx, joining, league.id)
		      : come_in(tx, joining, league.id, league.season));
	return get(tx, league.id, &joining->league);
}

struct err *
league_join(
	struct ctx *ctx, struct str code, struct str display_name, struct league_row *ret)
{
	struct joining joining = { .code = code_of(ctx, code),
		.display_name = display_name };

	TRY(fold_name(ctx, &joining));
	TRY(db_transact(
		ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), join_in_tx, &joining));
	*ret = joining.league;
	return NULL;
}

/* --- What members see */

struct err *
league_places(struct ctx *ctx, struct uuid league, struct league_place_list *ret)
{
	struct tx tx = db_auto(ctx, db_shard_of(ctx->actor.user_id));

	TRY(q_league_places(&tx,
		(struct league_places){ .actor = ctx->actor.user_id,
			.league_id = league,
			.least_count = LEADER_PICKS_LEAST },
		ret));
	/* A member stands there himself. */
	return ret->count > 0 ? NULL : not_found(ctx);
}

struct err *
league_picks(
	struct ctx *ctx, struct uuid league, int32_t week, struct league_pick_list *ret)
{
	struct tx tx = db_auto(ctx, db_shard_of(ctx->actor.user_id));

	return q_league_picks(&tx,
		(struct league_picks){ .actor = ctx->actor.user_id,
			.league_id = league,
			.week = week,
			.now = ctx->now },
		ret);
}

/* --- Running it */

struct running {
	struct uuid id;
	struct uuid place;
	struct str code;
	struct league_row league;
};

static struct err *
put_code(struct tx *tx, const struct running *running)
{
	int64_t renewed;

	return q_league_code_renew(tx,
		(struct league_code_renew){ .actor = tx->ctx->actor.user_id,
			.league_id = running->id,
			.code = running->code,
			.now = tx->ctx->now },
		&renewed);
}

static struct err *
renew_in_tx(struct tx *tx, void *arg)
{
	struct running *running = arg;

	TRY(get(tx, running->id, &running->league));
	TRY(check_owner(tx->ctx, &running->league));
	TRY(put_code(tx, running));
	return get(tx, running->id, &running->league);
}

struct err *
league_renew_code(struct ctx *ctx, struct uuid league, struct league_row *ret)
{
	struct running running = { .id = league };

	TRY(code_new(ctx, &running.code));
	TRY(db_transact(
		ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), renew_in_tx, &running));
	*ret = running.league;
	return NULL;
}

static struct err *
end_in_tx(struct tx *tx, void *arg)
{
	struct running *running = arg;
	struct user_id actor = tx->ctx->actor.user_id;
	int64_t gone;

	TRY(get(tx, running->id, &running->league));
	TRY(check_owner(tx->ctx, &running->league));
	TRY(q_league_standings_delete(tx, running->id, &gone));
	TRY(q_league_members_delete(tx, running->id, &gone));
	return q_league_delete(tx, actor, running->id, &gone);
}

struct err *
league_end(struct ctx *ctx, struct uuid league)
{
	struct running running = { .id = league };

	return db_transact(
		ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), end_in_tx, &running);
}

static struct err *
remove_in_tx(struct tx *tx, void *arg)
{
	struct running *running = arg;
	struct user_id actor = tx->ctx->actor.user_id;
	struct league_member member;
	bool found, is_oneself;
	int64_t gone;

	TRY(get(tx, running->id, &running->league));
	TRY(q_league_member_find(tx,
		(struct league_member_find){ .actor = actor,
			.league_id = running->id,
			.place_id = running->place },
		&member, &found));
	if (!found)
		return err_new(tx->ctx, ERR_NOT_FOUND, "no such member");
	is_oneself = user_id_eq(member.user_id, actor);
	if (!is_oneself) {
		TRY(check_owner(tx->ctx, &running->league));
		TRY(put_code(tx, running));
	} else if (running->league.is_owner)
		return err_new(tx->ctx, ERR_CONFLICT,
			"you run this league: end it instead of leaving it");
	TRY(q_league_standing_delete(tx, running->id, member.user_id, &gone));
	return q_league_member_delete(tx, running->id, member.user_id, &gone);
}

struct err *
league_remove(struct ctx *ctx, struct uuid league, struct uuid place)
{
	struct running running = { .id = league, .place = place };

	TRY(code_new(ctx, &running.code));
	return db_transact(
		ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), remove_in_tx, &running);
}
