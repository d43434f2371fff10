#include "predictions/tally.h"

#include <math.h>

#include "codec/json_canonical.h"
#include "codec/json_write.h"
#include "model/calibration.h"
#include "model/score.h"
#include "predictions/rounded.h"

enum {
	DETAILS_BYTES_MAX = 8192,
	DECIMALS = 6,
};

#define CHANCE_LEAST 1e-6

static double
log_loss_of(double chance, double happened)
{
	double p = fmin(fmax(chance, CHANCE_LEAST), 1 - CHANCE_LEAST);

	return -(happened * log(p) + (1 - happened) * log(1 - p));
}

/* Lines of one game at one time. */
struct quote {
	struct opt_f64 spread_line;
	struct opt_i32 home_moneyline, away_moneyline;
};

/* The home team's chance by QUOTE; false where it has no line. */
static bool
chance_of(const struct quote *quote, double *ret)
{
	struct model_game game = MODEL_GAME_INIT;

	game.spread_line = quote->spread_line;
	game.home_moneyline = (struct opt_f64){ .is_set = quote->home_moneyline.is_set,
		.value = quote->home_moneyline.value };
	game.away_moneyline = (struct opt_f64){ .is_set = quote->away_moneyline.is_set,
		.value = quote->away_moneyline.value };
	return line_chance(&game, ret);
}

static double
squared(double x)
{
	return x * x;
}

static void
scores_add(struct tally_scores *scores, double chance, double happened)
{
	scores->count++;
	scores->brier += squared(chance - happened);
	scores->log_loss += log_loss_of(chance, happened);
	if (happened == 0.5)
		return;
	scores->decided++;
	scores->correct += (chance >= 0.5) == (happened == 1);
}

/* The line that the feed itself calls the opening line; where it tells none, the first
 * that was seen, which is as early as somebody looked. */
static void
add_opening(struct tally *tally, const struct prediction_graded *row, double closing,
	double happened)
{
	const struct quote told = { .spread_line = row->spread_line_open,
		.home_moneyline = row->home_moneyline_open,
		.away_moneyline = row->away_moneyline_open };
	const struct quote seen = { .spread_line = row->opening_spread_line,
		.home_moneyline = row->opening_home_moneyline,
		.away_moneyline = row->opening_away_moneyline };
	bool is_told;
	double chance;

	is_told = chance_of(&told, &chance);
	if (!is_told && (!row->opening_seen_at.is_set || !chance_of(&seen, &chance)))
		return;
	scores_add(&tally->opening, chance, happened);
	tally->opening_closing_brier += squared(closing - happened);
	if (is_told)
		return;
	tally->opening_seen++;
	tally->opening_hours += (double)(row->kickoff_at.value -
					row->opening_seen_at.value) /
		(3600.0 * MICROSECONDS_PER_SECOND);
}

static void
gain_add(struct tally_gain *gain, double chance, double brier, double happened)
{
	double difference = squared(chance - happened) - brier;

	gain->count++;
	gain->sum += difference;
	gain->squares += squared(difference);
}

static void
add_line(struct tally *tally, const struct prediction_graded *row, double happened)
{
	const struct quote closing = { .spread_line = row->spread_line,
		.home_moneyline = row->home_moneyline,
		.away_moneyline = row->away_moneyline };
	double chance;

	if (!chance_of(&closing, &chance))
		return;
	scores_add(&tally->line, chance, happened);
	gain_add(&tally->line_gain, chance, row->brier.value, happened);
	add_opening(tally, row, chance, happened);
}

static void
add_rivals(struct tally *tally, const struct prediction_graded *row, struct opt_f64 elo,
	double happened)
{
	if (!row->brier.is_set)
		return;
	scores_add(&tally->coin, 0.5, happened);
	if (elo.is_set) {
		scores_add(&tally->elo, elo.value, happened);
		gain_add(&tally->elo_gain, elo.value, row->brier.value, happened);
	}
	add_line(tally, row, happened);
}

static void
add_game(struct tally *tally, const struct prediction_graded *row, struct opt_f64 elo)
{
	int margin = row->home_score.value - row->away_score.value;
	double happened = margin > 0 ? 1 : margin < 0 ? 0 : 0.5;
	bool is_home = str_eq(row->pick, STR("home"));
	double chance = is_home ? row->probability.value : 1 - row->probability.value;
	int bin = (int)(chance * TALLY_BINS);
	struct tally_bin *place = &tally->bins[bin < TALLY_BINS ? bin : TALLY_BINS - 1];

	if (!row->home_score.is_set || !row->probability.is_set)
		return;
	place->count++;
	place->chances += chance;
	place->won += happened;
	add_rivals(tally, row, elo, happened);
}

void
tally_add(struct tally *tally, const struct prediction_graded *row, struct opt_f64 elo)
{
	bool is_push = str_eq(row->outcome, STR("push"));
	bool is_correct = str_eq(row->outcome, STR("win"));

	tally->total++;
	if (row->graded_at > tally->graded_at)
		tally->graded_at = row->graded_at;
	tally->pushed += is_push;
	tally->correct += is_correct;
	if (!is_push && row->confidence.is_set) {
		tally->confidence += row->confidence.value;
		tally->confidence_correct += is_correct ? row->confidence.value : 0;
	}
	if (row->brier.is_set && row->log_loss.is_set) {
		tally->scored++;
		tally->brier += row->brier.value;
		tally->log_loss += row->log_loss.value;
	}
	if (row->units.is_set) {
		tally->staked++;
		tally->units += row->units.value;
	}
	if (str_eq(row->prediction_type, STR("game")))
		add_game(tally, row, elo);
	else if (row->brier.is_set)
		scores_add(&tally->coin, 0.5, is_correct ? 1 : 0);
}

static struct opt_f64
ratio(double numerator, double denominator)
{
	struct opt_f64 ret = { .is_set = denominator > 0 };

	if (ret.is_set)
		ret.value = rounded(numerator / denominator);
	return ret;
}

static void
put(struct json *json, struct str key, double value)
{
	json_put_key(json, key);
	json_put_fixed(json, value, DECIMALS);
}

/* The interval of a share, E. B. Wilson, "Probable Inference", JASA 22, 1927. */
static void
put_interval(struct json *json, int hits, int count)
{
	double n = count, share = hits / n, z2 = SCORE_SIGMA_95 * SCORE_SIGMA_95;
	double centre = (share + z2 / (2 * n)) / (1 + z2 / n);
	double half = SCORE_SIGMA_95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) /
		(1 + z2 / n);

	json_put_key(json, STR("interval"));
	json_put_array(json);
	json_put_fixed(json, centre - half, DECIMALS);
	json_put_fixed(json, centre + half, DECIMALS);
	json_put_array_end(json);
}

/* Left open: the caller may have more to say. */
static void
put_scores(struct json *json, struct str key, const struct tally_scores *scores)
{
	double n = scores->count;

	json_put_key(json, key);
	json_put_object(json);
	json_put_key(json, STR("games"));
	json_put_i64(json, scores->count);
	put(json, STR("brier"), scores->brier / n);
	put(json, STR("log_loss"), scores->log_loss / n);
}

static void
put_right(struct json *json, const struct tally_scores *scores)
{
	json_put_key(json, STR("correct"));
	json_put_i64(json, scores->correct);
	json_put_key(json, STR("decided"));
	json_put_i64(json, scores->decided);
}

static void
put_gain(struct json *json, struct str key, const struct tally_gain *gain)
{
	double n = gain->count, mean = gain->sum / n;
	double variance = n > 1 ? (gain->squares - n * mean * mean) / (n - 1) : 0;
	double half = SCORE_SIGMA_95 * sqrt(fmax(variance, 0) / n);

	json_put_key(json, key);
	json_put_object(json);
	put(json, STR("brier"), mean);
	if (n > 1) {
		put(json, STR("low"), mean - half);
		put(json, STR("high"), mean + half);
	}
	json_put_object_end(json);
}

/* A coin is neither right nor wrong. */
static void
put_rivals(struct json *json, const struct tally *tally)
{
	if (tally->coin.count) {
		put_scores(json, STR("coin"), &tally->coin);
		json_put_object_end(json);
	}
	if (tally->elo.count) {
		put_scores(json, STR("elo"), &tally->elo);
		put_right(json, &tally->elo);
		json_put_object_end(json);
		put_gain(json, STR("gain_on_elo"), &tally->elo_gain);
	}
	if (tally->line.count) {
		put_scores(json, STR("line"), &tally->line);
		put_right(json, &tally->line);
		json_put_object_end(json);
		put_gain(json, STR("gain_on_line"), &tally->line_gain);
	}
}

/* What a line began as stands beside what it became, and says how early it was seen. */
static void
put_opening(struct json *json, const struct tally *tally)
{
	double n = tally->opening.count;

	put_scores(json, STR("opening_line"), &tally->opening);
	put_right(json, &tally->opening);
	put(json, STR("closing_brier"), tally->opening_closing_brier / n);
	if (tally->opening_seen)
		put(json, STR("hours_before"),
			tally->opening_hours / tally->opening_seen);
	json_put_object_end(json);
}

static void
put_bins(struct json *json, const struct tally *tally)
{
	json_put_key(json, STR("calibration"));
	json_put_array(json);
	for (int i = 0; i < TALLY_BINS; i++) {
		const struct tally_bin *bin = &tally->bins[i];

		if (!bin->count)
			continue;
		json_put_object(json);
		put(json, STR("from"), (double)i / TALLY_BINS);
		json_put_key(json, STR("games"));
		json_put_i64(json, bin->count);
		put(json, STR("chance"), bin->chances / bin->count);
		put(json, STR("won"), bin->won / bin->count);
		json_put_object_end(json);
	}
	json_put_array_end(json);
}

struct err *
tally_metric(struct arena *arena, const struct tally *tally, bool is_season,
	struct accuracy_metric *ret)
{
	int decided = tally->total - tally->pushed;
	struct accuracy_metric metric = *ret;
	struct buf out;
	struct json json = json_begin(&out);
	struct str details = STR_NONE;

	buf_init(&out, arena, DETAILS_BYTES_MAX);
	json_put_object(&json);
	if (decided)
		put_interval(&json, tally->correct, decided);
	put_rivals(&json, tally);
	if (tally->opening.count)
		put_opening(&json, tally);
	if (is_season && str_eq(metric.prediction_type, STR("game")))
		put_bins(&json, tally);
	json_put_object_end(&json);
	TRY(json_canonical(arena, buf_str(&out), DETAILS_BYTES_MAX, &details));
	metric.calculated_at = tally->graded_at;
	metric.total_predictions = tally->total;
	metric.correct_predictions = tally->correct;
	metric.push_count = tally->pushed;
	metric.accuracy_percentage = ratio(100.0 * tally->correct, decided);
	metric.confidence_weighted_accuracy = ratio(
		100 * tally->confidence_correct, tally->confidence);
	metric.brier = ratio(tally->brier, tally->scored);
	metric.log_loss = ratio(tally->log_loss, tally->scored);
	metric.units = (struct opt_f64){ .is_set = tally->staked > 0,
		.value = rounded(tally->units) };
	metric.roi = ratio(tally->units, tally->staked);
	metric.details = details;
	*ret = metric;
	return NULL;
}
