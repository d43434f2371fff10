#include "predictions/team_code.h"

#include "base/buf.h"
#include "model/team.h"

enum {
	CODE_BYTES_MAX = 3,
	NAME_BYTES_MAX = 60,
	NEAR = 2, /* edits: one letter is another, missing or too many */
};

static bool
is_name_of(struct str text, const struct team *team)
{
	return str_eq_nocase(text, team->nickname) || str_eq_nocase(text, team->name);
}

/* The team whose name TEXT is, else the one whose code is nearest to CODE. */
static const struct team *
nearest(struct str text, struct str code)
{
	const struct team *best = NULL;
	size_t best_distance = NEAR;

	for (int i = 0; i < FRANCHISES; i++) {
		const struct team *team = team_at(i);
		size_t distance = str_distance(code, team->code);

		if (is_name_of(text, team))
			return team;
		if (distance < best_distance) {
			best = team;
			best_distance = distance;
		}
	}
	return best;
}

struct err *
team_code_parse(struct ctx *ctx, const char *field, struct str text, struct str *ret)
{
	char upper[CODE_BYTES_MAX];
	struct str code = { .ptr = upper,
		.len = text.len < CODE_BYTES_MAX ? text.len : CODE_BYTES_MAX };
	const struct team *near;
	char storage[FRANCHISES * (CODE_BYTES_MAX + 1)];
	struct buf codes;
	int franchise;

	for (size_t i = 0; i < code.len; i++)
		upper[i] = text.ptr[i] >= 'a' && text.ptr[i] <= 'z'
			? (char)(text.ptr[i] - 'a' + 'A')
			: text.ptr[i];
	franchise = text.len == code.len ? team_find(code) : FRANCHISE_UNKNOWN;
	if (franchise != FRANCHISE_UNKNOWN) {
		*ret = team_at(franchise)->code;
		return NULL;
	}
	if (text.len > NAME_BYTES_MAX)
		return err_field(ctx, field,
			"%s must be the code of a team, such as KC, not text of %zu "
			"bytes; /v1/teams lists them",
			field, text.len);
	near = nearest(text, code);
	if (near)
		return err_field(ctx, field,
			"no team has the code '" STR_FMT "'; did you mean '" STR_FMT
			"', the " STR_FMT "? /v1/teams lists them",
			STR_ARG(text), STR_ARG(near->code), STR_ARG(near->name));
	buf_init_fixed(&codes, storage, sizeof(storage));
	for (int i = 0; i < FRANCHISES; i++)
		buf_fmt(&codes, " " STR_FMT, STR_ARG(team_at(i)->code));
	return err_field(ctx, field,
		"no team has the code '" STR_FMT "'; there are" STR_FMT, STR_ARG(text),
		STR_ARG(buf_str(&codes)));
}

struct str
team_code_of_season(struct str code, int32_t season)
{
	int franchise = str_is_none(code) ? FRANCHISE_UNKNOWN : team_find(code);

	return franchise == FRANCHISE_UNKNOWN ? code : team_code_in(franchise, season);
}
