#include "accounts/profile.h"

#include "audit/audit.h"
#include "codec/fold.h"

struct changing {
	const struct profile_change *change;
	struct profile profile;
};

struct err *
profile_get(struct ctx *ctx, struct profile *ret)
{
	struct tx tx = db_auto(ctx, db_shard_of(ctx->actor.user_id));

	return q_profile_get(&tx, ctx->actor.user_id, ret);
}

static void
apply(const struct profile_change *change, struct profile *profile)
{
	const struct profile *to = &change->to;

	if (change->members & PROFILE_FIRST_NAME)
		profile->first_name = to->first_name;
	if (change->members & PROFILE_LAST_NAME)
		profile->last_name = to->last_name;
	if (change->members & PROFILE_WANTS_EMAIL_ALERTS)
		profile->wants_email_alerts = to->wants_email_alerts;
	if (change->members & PROFILE_ALERT_MIN_CONFIDENCE)
		profile->alert_min_confidence = to->alert_min_confidence;
	if (change->members & PROFILE_LEADERBOARD_NAME)
		profile->leaderboard_name = to->leaderboard_name;
	if (change->members & PROFILE_IS_ON_LEADERBOARD)
		profile->is_on_leaderboard = to->is_on_leaderboard;
}

/* The name that the leaderboard shows is nobody else's there. */
static struct err *
take_name(struct tx *tx, struct profile *profile)
{
	struct leader_named other;
	bool found;

	profile->leaderboard_name_folded = STR_NONE;
	if (!profile->is_on_leaderboard)
		return NULL;
	if (str_is_none(profile->leaderboard_name))
		return err_field(tx->ctx, "leaderboard_name",
			"choose the name that the leaderboard shows");
	TRY(fold_text(tx->ctx->arena, profile->leaderboard_name,
		&profile->leaderboard_name_folded));
	if (profile->leaderboard_name_folded.len == 0)
		return err_field(tx->ctx, "leaderboard_name",
			"the name has nothing in it that can be seen");
	TRY(q_leaderboard_name_find(
		tx, profile->id, profile->leaderboard_name_folded, &other, &found));
	return found ? err_field(tx->ctx, "leaderboard_name",
			       "somebody on the leaderboard has that name, or one that "
			       "looks like it; choose another")
		     : NULL;
}

static struct err *
change_in_tx(struct tx *tx, void *arg)
{
	struct changing *changing = arg;
	struct profile *profile = &changing->profile;
	int64_t changed;

	TRY(q_profile_get(tx, tx->ctx->actor.user_id, profile));
	apply(changing->change, profile);
	/* Who had another's name before it was nobody else's keeps it until he changes
	 * it. */
	if (changing->change->members &
		(PROFILE_LEADERBOARD_NAME | PROFILE_IS_ON_LEADERBOARD))
		TRY(take_name(tx, profile));
	TRY(q_profile_put(tx,
		(struct profile_put){
			.actor = profile->id,
			.first_name = profile->first_name,
			.last_name = profile->last_name,
			.wants_email_alerts = profile->wants_email_alerts,
			.alert_min_confidence = profile->alert_min_confidence,
			.leaderboard_name = profile->leaderboard_name,
			.is_on_leaderboard = profile->is_on_leaderboard,
			.leaderboard_name_folded = profile->leaderboard_name_folded,
			.now = tx->ctx->now,
		},
		&changed));
	return audit_log(tx, &(struct audit_entry){ .action = AUDIT_PROFILE_CHANGE });
}

struct err *
profile_change(struct ctx *ctx, const struct profile_change *change, struct profile *ret)
{
	struct changing changing = { .change = change };

	if (!change->members)
		return profile_get(ctx, ret);
	TRY(db_transact(
		ctx, TX_WRITE, db_shard_of(ctx->actor.user_id), change_in_tx, &changing));
	*ret = changing.profile;
	return NULL;
}
