/* What would be if: other quarterbacks, results to come. Such answers are dear, may be
 * asked for in many ways that mean the same, and are kept by what is meant. */
#ifndef API_SUPPOSED_H
#define API_SUPPOSED_H

#include "api/route.h"

/* Whether RQ supposes anything. */
bool is_supposing(const struct params *params);
/* What RQ asks, alike for what means the same; absent without memory. */
struct str supposed_target(const struct request *rq);

#endif
