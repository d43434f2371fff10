#include "predictions/lines.h"

#include <assert.h>
#include <math.h>

#include "model/odds.h"
#include "predictions/key_weight.h"
#include "predictions/models_q.h"

/* What bounds a distribution that somebody else may have published. */
static const double least_sd = 0.5;
static const double most_sd = 60;
static const double most_fair_odds = 1e6;

struct asking {
	struct tx *tx;
	const struct forecast_shape *shape;
	const struct lines_terms *terms;
	struct key_weights margin_keys, total_keys;
	struct line_list *list;
};

static bool
number_of(const struct json_node *object, const char *key, double *ret)
{
	const struct json_node *node = json_node_find(object, str_from(key));

	if (!node || (node->kind != JSON_IS_F64 && node->kind != JSON_IS_I64))
		return false;
	*ret = node->f64;
	return true;
}

/* Location and standard deviation out of OBJECT; false where it does not have them. */
static bool
shape_read(const struct json_node *object, struct distribution *distribution)
{
	return number_of(object, "location", &distribution->location) &&
		number_of(object, "sd", &distribution->sd) &&
		distribution->sd >= least_sd && distribution->sd <= most_sd &&
		distribution->location >= distribution->first &&
		distribution->location <= distribution->last;
}

/* What a margin can be by what OBJECT says, which location and deviation are yet to come
 * of. */
static struct distribution
margin_blank(const struct json_node *object)
{
	const struct json_node *can_tie = json_node_find(object, STR("can_tie"));

	return distribution_at(0, 1, NULL, !can_tie || can_tie->boolean);
}

/* These and weights; false where there are none. */
static struct err *
distribution_read(struct tx *tx, const struct json_node *object, struct key_weights *keys,
	struct distribution *distribution, bool *ret_found)
{
	const struct json_node *weights = json_node_find(object, STR("weights"));
	struct weights_row row;
	struct err *err;

	*ret_found = shape_read(object, distribution);
	if (!*ret_found || !weights || weights->kind != JSON_IS_TEXT)
		return NULL;
	TRY(q_key_weights_get(tx, weights->text, &row));
	err = key_weights_parse(tx->ctx->arena, row.weights, keys);
	if (err) {
		/* Whoever asks is not to blame. */
		err->code = ERR_INTERNAL;
		return err_note(err, "key_weights '" STR_FMT "' in the database",
			STR_ARG(weights->text));
	}
	distribution->keys = keys;
	return NULL;
}

static bool
is_between(const struct json_node *object, const char *key, double least, double most)
{
	double value = least;

	return !json_node_find(object, str_from(key)) ||
		(number_of(object, key, &value) && value >= least && value <= most);
}

struct str
lines_fault(struct arena *arena, const struct json_node *data)
{
	static const struct {
		const char *name;
		int first, last;
	} kinds[] = { { "margins", -MOST_MARGIN, MOST_MARGIN },
		{ "totals", 0, MOST_TOTAL } };
	const struct json_node *can_tie;

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		const struct json_node *shape = json_node_find(
			data, str_from(kinds[i].name));

		if (!shape)
			continue;
		if (json_node_find(shape, STR("weights")))
			return str_fmt(arena,
				"%s: weights are of the house's own models; leave them "
				"out",
				kinds[i].name);
		if (!is_between(shape, "location", kinds[i].first, kinds[i].last))
			return str_fmt(arena,
				"%s: location must be a number from %d to %d",
				kinds[i].name, kinds[i].first, kinds[i].last);
		if (!is_between(shape, "sd", least_sd, most_sd))
			return str_fmt(arena, "%s: sd must be a number from %g to %g",
				kinds[i].name, least_sd, most_sd);
		if (!json_node_find(shape, STR("location")) ||
			!json_node_find(shape, STR("sd")))
			return str_fmt(arena,
				"%s: must be an object with location and sd, both",
				kinds[i].name);
	}
	can_tie = json_node_find(json_node_find(data, STR("margins")), STR("can_tie"));
	if (can_tie && can_tie->kind != JSON_IS_BOOL)
		return STR("margins: can_tie must be true or false");
	return STR_NONE;
}

struct str
lines_disagreement(struct arena *arena, const struct json_node *data, enum bet bet,
	double line, double probability)
{
	const char *kind = bet < BET_OVER ? "margins" : "totals";
	const struct json_node *object = json_node_find(data, str_from(kind));
	struct distribution distribution = bet < BET_OVER
		? margin_blank(object)
		: distribution_of_total(0, 1, NULL);
	const double off = LINES_CHANCE_OFF_PERCENT / 100.0;
	struct chances chances;
	double chance, least, most;

	if (!shape_read(object, &distribution))
		return STR_NONE;
	chances = distribution_against(&distribution, line);
	least = bet % 2 == 0 ? chances.win : chances.loss;
	chance = least + chances.push / 2;
	most = fmax(chance, least / (1 - chances.push));
	if (probability >= least - off && probability <= most + off)
		return STR_NONE;
	return str_fmt(arena, "is %.4g where its %s give %.4f, more than %.2g off",
		probability, kind, chance, off);
}

static struct opt_i32
fair_odds_of(struct chances chances)
{
	double odds = chances_won(chances) > 0 && chances_lost(chances) > 0
		? odds_fair(chances)
		: NAN;

	if (!isfinite(odds) || fabs(odds) > most_fair_odds)
		return (struct opt_i32){ .is_set = false };
	return (struct opt_i32)OPT((int32_t)lround(odds));
}

static void
value_bet(const struct asking *asking, struct chances chances, struct line_row *row)
{
	struct stake_limits limits = { .fraction = asking->terms->kelly_share,
		.cap = KELLY_CAP_PERCENT / 100.0 };
	double odds = row->odds.value;

	row->break_even = (struct opt_f64)OPT(odds_break_even(odds));
	row->expected_value = (struct opt_f64)OPT(odds_value(chances, odds));
	row->stake = (struct opt_f64)OPT(odds_kelly(chances, odds, limits));
}

/* "KC -3.5", "BUF +3.5", "over 44", "KC". */
static struct str
slip_of(struct arena *arena, enum bet bet, struct str team, double line)
{
	switch (bet) {
	case BET_HOME:
	case BET_AWAY:
		return team;
	case BET_HOME_SPREAD:
	case BET_AWAY_SPREAD:
		return str_fmt(arena, STR_FMT " %+.9g", STR_ARG(team),
			bet == BET_HOME_SPREAD ? 0 - line : 0 + line);
	case BET_OVER:
	case BET_UNDER:
		break;
	case BETS:
		return STR_NONE;
	}
	return str_fmt(arena, "%s %.9g", bet == BET_OVER ? "over" : "under", line);
}

static struct err *
put_bet(struct asking *asking, enum bet bet, struct opt_f64 line, struct chances chances)
{
	static const char *const markets[BETS] = { "moneyline", "moneyline", "spread",
		"spread", "total", "total" };
	static const char *const sides[BETS] = { "home", "away", "home", "away", "over",
		"under" };
	const struct forecast_shape *shape = asking->shape;
	bool is_home = bet == BET_HOME || bet == BET_HOME_SPREAD;
	struct line_row *row = &asking->list->rows[asking->list->count++];

	assert(bet < BETS);
	*row = (struct line_row){
		.prediction_id = shape->id,
		.game_id = shape->game_id,
		.model = shape->model,
		.tier = shape->tier,
		.saw_line = shape->sees_line,
		.market = str_from(markets[bet]),
		.side = str_from(sides[bet]),
		.bet = slip_of(asking->tx->ctx->arena, bet,
			is_home ? shape->home_team : shape->away_team, line.value),
		.line = line,
		.win = chances.win,
		.push = chances.push,
		.loss = chances.loss,
		.half_win = chances.half_win,
		.half_loss = chances.half_loss,
		.fair_odds = fair_odds_of(chances),
		.odds = asking->terms->odds[bet],
	};
	if (row->odds.is_set)
		value_bet(asking, chances, row);
	return str_is_none(row->bet) ? err_no_memory() : NULL;
}

/* A bet and the one against it. */
static struct err *
put_bets(struct asking *asking, enum bet bet, struct opt_f64 line,
	const struct distribution *distribution)
{
	struct chances chances = distribution_against(distribution, line.value);

	TRY(put_bet(asking, bet, line, chances));
	return put_bet(asking, (enum bet)(bet + 1), line, chances_turned(chances));
}

/* The line asked for, else the game's, else the fair one, on a half point. */
static struct opt_f64
line_or(struct opt_f64 asked, struct opt_f64 own, const struct distribution *distribution)
{
	if (asked.is_set)
		return asked;
	if (own.is_set)
		return own;
	return (struct opt_f64)OPT(floor(distribution_mean(distribution)) + 0.5);
}

static struct err *
lines_of(struct asking *asking, const struct json_node *data)
{
	const struct json_node *margins = json_node_find(data, STR("margins"));
	struct distribution margin = margin_blank(margins);
	struct distribution total = distribution_of_total(0, 1, NULL);
	const struct lines_terms *terms = asking->terms;
	bool has_margin, has_total;

	TRY(distribution_read(
		asking->tx, margins, &asking->margin_keys, &margin, &has_margin));
	TRY(distribution_read(asking->tx, json_node_find(data, STR("totals")),
		&asking->total_keys, &total, &has_total));
	if (!has_margin && !has_total)
		return err_new(asking->tx->ctx, ERR_NOT_FOUND,
			"this forecast does not say how margins and totals are "
			"distributed");
	if (has_margin) {
		TRY(put_bets(
			asking, BET_HOME, (struct opt_f64){ .is_set = false }, &margin));
		TRY(put_bets(asking, BET_HOME_SPREAD,
			line_or(terms->spread, asking->shape->spread_line, &margin),
			&margin));
	}
	if (!has_total)
		return NULL;
	return put_bets(asking, BET_OVER,
		line_or(terms->total, asking->shape->total_line, &total), &total);
}

struct err *
lines_list(struct tx *tx, struct prediction_id id, const struct lines_terms *terms,
	struct line_list *ret)
{
	struct forecast_shape shape;
	struct json_node data = { .kind = JSON_IS_NULL };
	struct asking asking = { .tx = tx, .shape = &shape, .terms = terms, .list = ret };
	bool found;

	TRY(q_forecast_shape(tx, id, &shape, &found));
	if (!found)
		return err_new(tx->ctx, ERR_NOT_FOUND, "no such forecast");
	TRY(json_read(tx->ctx->arena, shape.prediction_data, &data));
	ret->count = 0;
	return lines_of(&asking, &data);
}
