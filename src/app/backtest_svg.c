#include "app/backtest_svg.h"

#include <math.h>

enum {
	SVG_BYTES_MAX = 1 << 20,
	WIDTH = 1040,
	HEIGHT = 560,
	PANEL_TOP = 120,
	PANEL_BOTTOM = 470,
	CALIBRATION_LEFT = 70,
	CALIBRATION_RIGHT = 420,
	SEASONS_LEFT = 520,
	SEASONS_RIGHT = 1000,
	SEASON_LABELS_MOST = 13,
};

/* Two standard errors hold 95 in a hundred. */
static const double wide = 1.96;
static const double largest_dot = 11;

/* A panel's place on the page, and what its edges stand for. */
struct panel {
	double left, right, top, bottom;
	double x_min, x_max, y_min, y_max;
};

static double
at_x(const struct panel *panel, double x)
{
	return panel->left +
		(x - panel->x_min) / (panel->x_max - panel->x_min) *
		(panel->right - panel->left);
}

static double
at_y(const struct panel *panel, double y)
{
	return panel->bottom -
		(y - panel->y_min) / (panel->y_max - panel->y_min) *
		(panel->bottom - panel->top);
}

static void
put_text(struct buf *out, double x, double y, const char *kind, struct str text)
{
	buf_fmt(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">" STR_FMT "</text>\n", x,
		y, kind, STR_ARG(text));
}

static void
put_line(struct buf *out, const struct panel *panel, double x[2], double y[2],
	const char *kind)
{
	buf_fmt(out,
		"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n",
		at_x(panel, x[0]), at_y(panel, y[0]), at_x(panel, x[1]),
		at_y(panel, y[1]), kind);
}

/* A grid line across the panel with its number at the left. */
static void
put_level(struct arena *arena, struct buf *out, const struct panel *panel, double y,
	int decimals)
{
	put_line(out, panel, (double[]){ panel->x_min, panel->x_max }, (double[]){ y, y },
		"grid");
	put_text(out, panel->left - 8, at_y(panel, y) + 4, "number end",
		str_fmt(arena, "%.*f", decimals, y));
}

/* Four places; "unknown" of no games. */
static const char *
score_text(struct arena *arena, const struct score *score)
{
	return score->games ? str_cstr(arena, str_fmt(arena, "%.4f", score_brier(score)))
			    : "unknown";
}

static void
put_head(struct arena *arena, struct buf *out, const struct backtest_row *all,
	const char *tier)
{
	buf_fmt(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"role=\"img\" aria-labelledby=\"title about\">\n"
		"<title id=\"title\">Gridiron, tier %s, seasons %d to %d</title>\n"
		"<desc id=\"about\">%zu games. Brier score %s; Elo %s, closing line "
		"%s. Calibration slope %.2f.</desc>\n",
		WIDTH, HEIGHT, tier, all->from_season, all->through_season, all->games,
		score_text(arena, &all->scores[FORECASTER_MODEL]),
		score_text(arena, &all->scores[FORECASTER_ELO]),
		score_text(arena, &all->scores[FORECASTER_LINE]), all->calibration.slope);
	buf_put(out,
		STR("<style>\n"
		    "svg { --ground: #fbfaf7; --ink: #1a1c1a; --soft: #565b56; --rule: "
		    "#dcdcd4; --model: #15803d; --line: #1d4ed8; --elo: #a16207; }\n"
		    "@media (prefers-color-scheme: dark) { svg { --ground: #121412; "
		    "--ink: #eceeea; --soft: #a9afa8; --rule: #343934; --model: #4ade80; "
		    "--line: #60a5fa; --elo: #fbbf24; } }\n"
		    "text { font: 13px system-ui, sans-serif; fill: var(--soft); }\n"
		    ".head { font-size: 21px; font-weight: 700; fill: var(--ink); }\n"
		    ".panel { font-size: 15px; font-weight: 600; fill: var(--ink); }\n"
		    ".number { font-variant-numeric: tabular-nums; }\n"
		    ".end { text-anchor: end; } .middle { text-anchor: middle; }\n"
		    ".grid { stroke: var(--rule); }\n"
		    ".even { stroke: var(--soft); stroke-dasharray: 5 5; }\n"
		    ".bar { stroke: var(--model); stroke-width: 1.5; opacity: .55; }\n"
		    ".dot { fill: var(--model); stroke: var(--ground); }\n"
		    "polyline { fill: none; stroke-linejoin: round; stroke-linecap: "
		    "round; }\n"
		    ".model { stroke: var(--model); stroke-width: 3; }\n"
		    ".line { stroke: var(--line); stroke-width: 2; }\n"
		    ".elo { stroke: var(--elo); stroke-width: 2; stroke-dasharray: 2 5; "
		    "}\n"
		    ".of-model { fill: var(--model); } .of-line { fill: var(--line); } "
		    ".of-elo { fill: var(--elo); }\n"
		    "</style>\n"
		    "<rect width=\"100%\" height=\"100%\" rx=\"10\" "
		    "style=\"fill: var(--ground)\"/>\n"));
}

/* Whole percent along the two edges of the square. */
static void
put_square(struct arena *arena, struct buf *out, const struct panel *panel)
{
	for (int tenth = 0; tenth <= 10; tenth += 2) {
		double share = tenth / 10.0;
		struct str label = str_fmt(arena, "%d %%", tenth * 10);

		put_line(out, panel, (double[]){ 0, 1 }, (double[]){ share, share },
			"grid");
		put_text(out, panel->left - 8, at_y(panel, share) + 4, "number end",
			label);
		put_text(out, at_x(panel, share), panel->bottom + 20, "number middle",
			label);
	}
	put_line(out, panel, (double[]){ 0, 1 }, (double[]){ 0, 1 }, "even");
}

static void
put_calibration(struct arena *arena, struct buf *out, const struct backtest_row *all)
{
	struct panel panel = { CALIBRATION_LEFT, CALIBRATION_RIGHT, PANEL_TOP,
		PANEL_BOTTOM, 0, 1, 0, 1 };
	double most = 1;

	put_text(out, panel.left, panel.top - 22, "panel",
		STR("Calibration: chance given, and what came"));
	put_square(arena, out, &panel);
	for (int i = 0; i < CALIBRATION_BINS; i++)
		most = fmax(most, (double)all->curve.bins[i].games);
	for (int i = 0; i < CALIBRATION_BINS; i++) {
		const struct calibration_bin *bin = &all->curve.bins[i];
		double games = (double)bin->games, said, won, error;

		if (bin->games == 0)
			continue;
		said = bin->chance_sum / games;
		won = bin->outcome_sum / games;
		error = wide * sqrt(said * (1 - said) / games);
		put_line(out, &panel, (double[]){ said, said },
			(double[]){ fmax(won - error, 0), fmin(won + error, 1) }, "bar");
		buf_fmt(out,
			"<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" "
			"class=\"dot\"><title>%zu games: said %.1f %%, happened %.1f "
			"%%</title></circle>\n",
			at_x(&panel, said), at_y(&panel, won),
			2.5 + (largest_dot - 2.5) * sqrt(games / most), bin->games,
			said * 100, won * 100);
	}
	put_text(out, panel.left, panel.bottom + 46, "number",
		str_fmt(arena, "Off by %.3f (luck alone: .02 at 2,000 games); slope %.2f",
			all->calibration_error, all->calibration.slope));
}

static void
put_curve(struct buf *out, const struct backtest *table, const struct panel *panel,
	enum forecaster who, const char *kind)
{
	buf_fmt(out, "<polyline class=\"%s\" points=\"", kind);
	for (size_t i = 0; i < table->row_count; i++) {
		const struct backtest_row *row = &table->rows[i];

		if (row->is_season && row->scores[who].games > 0)
			buf_fmt(out, "%.1f,%.1f ", at_x(panel, row->from_season),
				at_y(panel, score_brier(&row->scores[who])));
	}
	buf_put(out, STR("\"/>\n"));
}

/* The range of the seasons' scores, widened to whole hundredths. */
static struct panel
seasons_panel(const struct backtest *table)
{
	struct panel ret = { SEASONS_LEFT, SEASONS_RIGHT, PANEL_TOP, PANEL_BOTTOM,
		table->rows[0].from_season - 0.5, table->rows[0].through_season + 0.5,
		0.2, 0.25 };

	for (size_t i = 0; i < table->row_count; i++)
		for (int who = 0; who < FORECASTERS; who++) {
			double brier = score_brier(&table->rows[i].scores[who]);

			if (table->rows[i].is_season &&
				table->rows[i].scores[who].games > 0 &&
				who != FORECASTER_HOME_RATE) {
				ret.y_min = fmin(ret.y_min, brier);
				ret.y_max = fmax(ret.y_max, brier);
			}
		}
	ret.y_min = floor(ret.y_min * 100) / 100;
	ret.y_max = ceil(ret.y_max * 100) / 100;
	return ret;
}

static void
put_legend(struct arena *arena, struct buf *out, const struct backtest_row *all)
{
	static const struct {
		const char *name, *kind;
		enum forecaster who;
	} entries[] = { { "Gridiron", "number of-model", FORECASTER_MODEL },
		{ "Closing line", "number of-line", FORECASTER_LINE },
		{ "Elo", "number of-elo", FORECASTER_ELO } };

	for (size_t i = 0; i < COUNT_OF(entries); i++)
		put_text(out, SEASONS_LEFT + 160 * (double)i, PANEL_BOTTOM + 46,
			entries[i].kind,
			str_fmt(arena, "● %s %s", entries[i].name,
				score_text(arena, &all->scores[entries[i].who])));
}

static void
put_seasons(struct arena *arena, struct buf *out, const struct backtest *table)
{
	struct panel panel = seasons_panel(table);
	int seasons = table->rows[0].through_season - table->rows[0].from_season + 1;
	int step = (seasons + SEASON_LABELS_MOST - 1) / SEASON_LABELS_MOST;
	int levels = (int)lround((panel.y_max - panel.y_min) * 100);

	put_text(out, panel.left, panel.top - 22, "panel",
		STR("Brier score by season, less is better; 0.25 is a coin"));
	for (int i = 0; i <= levels; i++)
		put_level(arena, out, &panel, panel.y_min + i / 100.0, 2);
	for (int i = 0; i < seasons; i += step) {
		int season = table->rows[0].from_season + i;

		put_text(out, at_x(&panel, season), panel.bottom + 20, "number middle",
			str_fmt(arena, step > 1 ? "’%02d" : "%d",
				step > 1 ? season % 100 : season));
	}
	put_line(out, &panel, (double[]){ panel.x_min, panel.x_max },
		(double[]){ 0.25, 0.25 }, "even");
	put_curve(out, table, &panel, FORECASTER_ELO, "elo");
	put_curve(out, table, &panel, FORECASTER_LINE, "line");
	put_curve(out, table, &panel, FORECASTER_MODEL, "model");
	for (size_t i = 0; i < table->row_count; i++) {
		const struct backtest_row *row = &table->rows[i];

		if (row->is_season)
			buf_fmt(out,
				"<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" "
				"class=\"dot\"><title>%d: Gridiron %s, line %s, Elo "
				"%s</title></circle>\n",
				at_x(&panel, row->from_season),
				at_y(&panel, score_brier(&row->scores[FORECASTER_MODEL])),
				row->from_season,
				score_text(arena, &row->scores[FORECASTER_MODEL]),
				score_text(arena, &row->scores[FORECASTER_LINE]),
				score_text(arena, &row->scores[FORECASTER_ELO]));
	}
	put_legend(arena, out, &table->rows[0]);
}

/* How far the Brier score is from the closing line's, as far as that is known. */
static struct str
edge_text(struct arena *arena, const struct interval *less)
{
	if (!isfinite(less->mean))
		return STR("no closing line is known");
	if (!isfinite(less->low))
		return str_fmt(arena, "%+.4f, of one game", less->mean);
	return str_fmt(arena, "%+.4f [%+.4f, %+.4f]", less->mean, less->low, less->high);
}

struct err *
backtest_svg(struct arena *arena, const struct backtest *table, struct str *ret)
{
	const struct backtest_row *all = &table->rows[0];
	const char *tier = tier_name(table->options.tier);
	struct buf out;

	buf_init(&out, arena, SVG_BYTES_MAX);
	put_head(arena, &out, all, tier);
	put_text(&out, 40, 44, "head",
		str_fmt(arena, "Gridiron, tier %s: %zu games, %d–%d", tier, all->games,
			all->from_season, all->through_season));
	put_text(&out, 40, 68, "number",
		str_fmt(arena,
			"Each game forecast from what was known before its week. Brier "
			"score less the closing line's: " STR_FMT ". No edge is claimed.",
			STR_ARG(edge_text(arena, &all->less_line))));
	put_calibration(arena, &out, all);
	put_seasons(arena, &out, table);
	put_text(&out, 40, HEIGHT - 14, "number",
		STR("Bars: where 95 in 100 would lie by luck alone. Dots: larger for "
		    "more "
		    "games."));
	buf_put(&out, STR("</svg>\n"));
	if (buf_is_cut(&out))
		return err_in(arena, ERR_TOO_LARGE, "the picture is too large");
	*ret = buf_str(&out);
	return NULL;
}
