#include "model/parameters.h"

static const struct parameter_row rows[PARAMETER_COUNT] = {
#define X(name, s, l, least, most, fitted, origin) \
	{ #name, { s, l, l }, least, most, origin, fitted },
	PARAMETERS(X)
#undef X
};

static const struct parameters of_tier[TIERS] = {
#define X(name, s, l, least, most, fitted, origin) .name = (s),
	[TIER_S] = { PARAMETERS(X) },
#undef X
#define X(name, s, l, least, most, fitted, origin) .name = (l),
	[TIER_L] = { PARAMETERS(X) },
	[TIER_B] = { PARAMETERS(X) },
#undef X
};

const struct parameter_row *
parameter_rows(void)
{
	return rows;
}

const struct parameters *
parameters_of(enum tier tier)
{
	return &of_tier[tier];
}

struct parameters
parameters_published(enum tier tier)
{
	struct parameters ret = *parameters_of(tier);

	ret.week_offence = .462;
	ret.week_defence = .383;
	ret.week_quarterback = .187;
	ret.week_total = .040;
	ret.keep_offence = .594;
	ret.keep_defence = .591;
	ret.keep_quarterback = .86;
	ret.season_offence = 2.14;
	ret.season_defence = 2.17;
	ret.season_quarterback = 1.12;
	ret.season_total = .99;
	ret.debut_mean = -2.19;
	ret.debut_opener_mean = -1.31;
	ret.debut_variance = 4.89;
	ret.quarterback_total = .706;
	ret.margin_variance = tier == TIER_S ? 175.6 : 32.2;
	ret.total_variance = 62.6;
	ret.spread_variance = 10.7;
	ret.total_line_variance = 15.2;
	ret.clip = 2.23;
	ret.clip_total = 4.58;
	ret.clip_keep = .39;
	ret.margin_effect_variance = .25;
	ret.total_effect_variance = 4.65;
	ret.change_effect = ret.new_here_effect = ret.novice_effect = 0;
	ret.resting_effect = ret.resting_early_effect = 0;
	ret.eliminated_effect = ret.urgency_effect = 0;
	ret.idle_noise = 0;
	return ret;
}

const char *
tier_name(enum tier tier)
{
	static const char *const names[TIERS] = { "S", "L", "B" };

	return names[tier];
}
