/* What docs/forecast.md says of `gridiron fit`, found once more on the real file: a minute of
 * processor time, so it runs with `meson test --benchmark fit`. */
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

	fprintf(stderr, "# %-24s %9.5f %9.5f\n", row->name, found, in_code);
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

TEST(what_is_found_is_what_the_documentation_says)
{
	struct arena arena;
	struct games_csv csv;
	struct parameters start = parameters_published(TIER_L), found;
	struct fit_options options = { .tier = TIER_L,
		.from_season = FIRST_SEASON,
		.through_season = LAST_SEASON,
		.passes = PASSES,
		.start = &start };
	struct fit_measure before, after, in_code;
	struct model_game *past;
	size_t count;

	arena_init(&arena, 512 << 20);
	if (!games_csv_read(&arena, &csv))
		SKIP("no games file");
	OK_ERR(fit_past(&arena, &options, csv.games, csv.count, &past, &count));
	OK_ERR(fit_parameters(&arena, &options, past, count, &found));
	OK_ERR(fit_judge(&arena, &options, &start, past, count, &before));
	OK_ERR(fit_judge(&arena, &options, &found, past, count, &after));
	OK_ERR(fit_judge(&arena, &options, parameters_of(TIER_L), past, count, &in_code));
	fprintf(stderr, "# measures: %.5f, found %.5f, in code %.5f\n", before.sum,
		after.sum, in_code.sum);
	NEAR(after.sum, in_code.sum, 0.0005);
	NEAR(after.brier, in_code.brier, 0.0001);
	OK(before.sum - after.sum > 0.1);
	for (int i = 0; i < PARAMETER_COUNT; i++)
		if (parameter_rows()[i].is_fitted)
			check_parameter(&parameter_rows()[i], ((double *)&found)[i]);
	arena_release(&arena);
}
