/* What docs/forecast.md says of `gridiron fit`, found once more on the real file: a minute of
 * processor time for each tier, so it runs with `meson test --benchmark fit`. */
#include "tests/tap.h"

#include <math.h>

#include "model/fit.h"
#include "tests/support/games_csv.h"

enum {
	FIRST_SEASON = 2002,
	LAST_SEASON = 2015,
	PASSES = 20,
};

/* Those that a common factor moves. */
static bool
is_variance(const char *name)
{
	static const char *const others[] = { "week_total", "season_quarterback",
		"season_total" };

	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (strcmp(name, others[i]) == 0)
			return false;
	return strncmp(name, "week_", 5) == 0 || strncmp(name, "season_", 7) == 0 ||
		strstr(name, "_variance");
}

static void
check_parameter(const struct parameter_row *row, double found)
{
	double in_code = row->value[TIER_L];

	if (is_variance(row->name))
		OK_OR(found / in_code > 0.88 && found / in_code < 0.93, "%s: %.5f",
			row->name, found);
	else if (strcmp(row->name, "clip") == 0)
		NEAR(found, 2.01, 0.02);
	else if (strcmp(row->name, "clip_total") == 0)
		NEAR(found, 7.50, 0.05);
	else
		OK_OR(fabs(found - in_code) < 0.03, "%s: %.5f", row->name, found);
}

struct fitted {
	struct parameters found;
	struct fit_measure before, after, in_code;
};

/* As `gridiron fit --through 2015` does. Without a games file RET_IS_THERE is false. */
static struct err *
fit(enum tier tier, struct fitted *ret, bool *ret_is_there)
{
	static struct arena arena = { .cap_bytes = 512 << 20 };
	struct games_csv csv;
	struct parameters start = parameters_published(tier);
	struct fit_options options = { .tier = tier,
		.from_season = FIRST_SEASON,
		.through_season = LAST_SEASON,
		.passes = PASSES,
		.start = &start };
	const struct parameters *in_code = parameters_of(tier);
	struct model_game *past;
	size_t count;

	*ret_is_there = games_csv_read(&arena, &csv);
	if (!*ret_is_there)
		return NULL;
	TRY(fit_past(&arena, &options, csv.games, csv.count, &past, &count));
	TRY(fit_parameters(&arena, &options, past, count, &ret->found));
	TRY(fit_judge(&arena, &options, &start, past, count, &ret->before));
	TRY(fit_judge(&arena, &options, &ret->found, past, count, &ret->after));
	TRY(fit_judge(&arena, &options, in_code, past, count, &ret->in_code));
	fprintf(stderr, "# measures: %.5f, found %.5f, in code %.5f\n", ret->before.sum,
		ret->after.sum, ret->in_code.sum);
	for (int i = 0; i < PARAMETER_COUNT; i++)
		if (parameter_rows()[i].is_fitted)
			fprintf(stderr, "# %-24s %9.5f %9.5f\n", parameter_rows()[i].name,
				((double *)&ret->found)[i],
				parameter_rows()[i].value[tier]);
	arena_release(&arena);
	return NULL;
}

TEST(what_is_found_is_what_the_documentation_says)
{
	struct fitted fitted;
	bool is_there;

	OK_ERR(fit(TIER_L, &fitted, &is_there));
	if (!is_there)
		SKIP("no games file");
	NEAR(fitted.after.sum, fitted.in_code.sum, 0.0005);
	NEAR(fitted.after.brier, fitted.in_code.brier, 0.0001);
	OK(fitted.before.sum - fitted.after.sum > 0.1);
	for (int i = 0; i < PARAMETER_COUNT; i++)
		if (parameter_rows()[i].is_fitted)
			check_parameter(
				&parameter_rows()[i], ((double *)&fitted.found)[i]);
}

/* The start is far off there. */
TEST(without_lines_as_good_a_place_is_found)
{
	struct fitted fitted;
	bool is_there;

	OK_ERR(fit(TIER_S, &fitted, &is_there));
	if (!is_there)
		SKIP("no games file");
	NEAR(fitted.before.sum, 4.72256, 0.00001);
	NEAR(fitted.in_code.sum, 3.27418, 0.00001);
	NEAR(fitted.after.sum, 3.27489, 0.0002);
	NEAR(fitted.after.brier, fitted.in_code.brier, 0.0001);
}
