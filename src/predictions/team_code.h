/* Teams as readers name them. */
#ifndef PREDICTIONS_TEAM_CODE_H
#define PREDICTIONS_TEAM_CODE_H

#include "base/ctx.h"
#include "base/err.h"

/* Today's code of the team that TEXT stands for: a code of any time, in any case. INVALID
 * with the nearest else. FIELD: of the input that TEXT came in. */
struct err *team_code_parse(
	struct ctx *ctx, const char *field, struct str text, struct str *ret) MUST_USE;

/* The code that the team with today's CODE had in SEASON; absent for an absent one. */
struct str team_code_of_season(struct str code, int32_t season);

#endif
