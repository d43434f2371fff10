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

const char *
tier_name(enum tier tier)
{
	static const char *const names[TIERS] = { "S", "L", "B" };

	return names[tier];
}
