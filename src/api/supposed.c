#include "api/supposed.h"

#include "base/buf.h"
#include "predictions/outlook.h"

enum {
	TARGET_BYTES_MAX = 4096,
};

/* Names of quarterbacks are found in any case. */
static struct str
lowered(struct arena *arena, struct str text)
{
	char *at = str_is_none(text) ? NULL : arena_alloc_text(arena, text.len);

	if (!at)
		return text;
	for (size_t i = 0; i < text.len; i++)
		at[i] = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z'
			? (char)(text.ptr[i] + ('a' - 'A'))
			: text.ptr[i];
	return (struct str){ at, text.len };
}

/* The parts of a LIST in their order; one that is too long is refused anyway. */
static struct str
sorted(struct arena *arena, struct str list)
{
	struct str parts[OUTLOOK_RESULTS_MOST], rest = list, part;
	size_t count = 0;
	struct buf text;

	while (str_next(&rest, ',', &part)) {
		size_t at = count;

		if (count == OUTLOOK_RESULTS_MOST)
			return list;
		for (; at > 0 && str_cmp(parts[at - 1], part) > 0; at--)
			parts[at] = parts[at - 1];
		parts[at] = part;
		count++;
	}
	buf_init(&text, arena, TARGET_BYTES_MAX);
	for (size_t i = 0; i < count; i++)
		buf_fmt(&text, "%s" STR_FMT, i ? "," : "", STR_ARG(parts[i]));
	return buf_is_cut(&text) || count == 0 ? list : buf_str(&text);
}

bool
is_supposing(const struct params *params)
{
	return !str_is_none(params->result) || !str_is_none(params->home_qb) ||
		!str_is_none(params->away_qb);
}

struct str
supposed_target(const struct request *rq)
{
	struct arena *arena = rq->ctx->arena;
	struct params params = rq->params;
	struct buf text;

	params.home_qb = lowered(arena, params.home_qb);
	params.away_qb = lowered(arena, params.away_qb);
	params.result = sorted(arena, params.result);
	buf_init(&text, arena, TARGET_BYTES_MAX);
	buf_fmt(&text, "%s\n" STR_FMT "\n", rq->route->label,
		STR_ARG(rq->path_params[0]));
	params_put(&text, rq->route->params, &params);
	return buf_is_cut(&text) ? STR_NONE : buf_str(&text);
}
