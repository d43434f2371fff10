#include "tests/api/matrix_objects.h"

static const struct object_rule object_rules[] = {
	{ "/v1/games/{id}", { 0 }, "game", "1898_01_NO_BODY" },
	{ "/v1/games/{id}/lines", { 0 }, "game", "1898_01_NO_BODY" },
	{ "/v1/games/{id}/changes", { 0 }, "game", "1898_01_NO_BODY" },
	{ "/v1/games/{id}/predictions", { 0 }, "game", "1898_01_NO_BODY" },
	{ "/v1/games/{id}/forecast", { 0 }, "game", "1898_01_NO_BODY" },
	{ "/v1/ratings/{team}/history", { 0 }, "team", "XXX" },
	{ "/v1/season/{season}/outlook", { 0 }, "2021", "1950" },
	/* Everybody's are those without an owner; another's is there for nobody. */
	{ "/v1/predictions/{id}", { OBJECT_PREDICTION }, NULL, NULL },
	{ "/v1/predictions/{id}/lines", { OBJECT_PREDICTION }, NULL, NULL },
	{ "/v1/picks/{id}", { OBJECT_PICK }, NULL, NULL },
	{ "/v1/me/sessions/{id}", { OBJECT_SESSION }, NULL, NULL },
	{ "/v1/me/api-keys/{id}", { OBJECT_KEY }, NULL, NULL },
	{ "/v1/subscriptions/{id}/cancel", { OBJECT_SUBSCRIPTION }, NULL, NULL },
	{ "/v1/subscriptions/{id}/change", { OBJECT_SUBSCRIPTION }, NULL, NULL },
	{ "/v1/leagues/{id}", { OBJECT_LEAGUE }, NULL, NULL },
	{ "/v1/leagues/{id}/standing", { OBJECT_LEAGUE }, NULL, NULL },
	{ "/v1/leagues/{id}/picks", { OBJECT_LEAGUE }, NULL, NULL },
	{ "/v1/leagues/{id}/code", { OBJECT_LEAGUE }, NULL, NULL },
	{ "/v1/leagues/{id}/members/{member}", { OBJECT_LEAGUE, OBJECT_PLACE }, NULL,
		NULL },
	/* What administrators see and change of others. */
	{ "/v1/admin/users/{id}", { OBJECT_USER }, NULL, NULL },
	{ "/v1/admin/users/{id}/deactivate", { OBJECT_USER }, NULL, NULL },
	{ "/v1/admin/users/{id}/reactivate", { OBJECT_USER }, NULL, NULL },
	{ "/v1/admin/users/{id}/reset", { OBJECT_USER }, NULL, NULL },
	{ "/v1/admin/users/{id}/remove-mfa", { OBJECT_USER }, NULL, NULL },
	{ "/v1/admin/users/{id}/grants", { OBJECT_USER }, NULL, NULL },
	{ "/v1/admin/users/{id}/grants/{grant}", { OBJECT_USER, OBJECT_GRANT }, NULL,
		NULL },
	{ "/v1/admin/invitations/{id}", { OBJECT_INVITATION }, NULL, NULL },
	{ "/v1/admin/administrators/{id}", { OBJECT_ADMIN }, NULL, NULL },
};

const struct object_rule *
object_rule_find(const struct route *route)
{
	for (size_t i = 0; i < COUNT_OF(object_rules); i++)
		if (str_eq(str_from(object_rules[i].path), route->path))
			return &object_rules[i];
	return NULL;
}

size_t
path_part_count(const struct route *route)
{
	size_t count = 0;

	for (size_t i = 0; i < route->path.len; i++)
		count += route->path.ptr[i] == '{';
	return count;
}

static int
number_of(enum whose whose, size_t part, const struct named *named)
{
	switch (whose) {
	case OWN:
		return named->own->number;
	case FOREIGN:
		return named->foreign->number;
	case MIXED:
		return part == 0 ? named->foreign->number : named->own->number;
	case ABSENT:
	case WHOSE_COUNT:
		break;
	}
	return ABSENT_NUMBER;
}

static struct str
public_of(const struct object_rule *rule, enum whose whose, const struct named *named)
{
	struct str present = str_from(rule->present);

	if (whose == ABSENT)
		return str_from(rule->absent);
	if (str_eq(present, STR("game")))
		return named->public.game;
	return str_eq(present, STR("team")) ? named->public.team : present;
}

struct str
path_of(struct arena *arena, const struct route *route, enum whose whose,
	const struct named *named)
{
	const struct object_rule *rule = object_rule_find(route);
	struct str rest = route->path;
	struct buf path;

	buf_init(&path, arena, 512);
	for (size_t part = 0;; part++) {
		ptrdiff_t begin = str_find_char(rest, '{');
		ptrdiff_t end = str_find_char(rest, '}');

		if (begin < 0 || !rule || part >= PATH_PARTS_MAX)
			break;
		buf_put(&path, str_slice(rest, 0, (size_t)begin));
		buf_put(&path,
			rule->present ? public_of(rule, whose, named)
				      : object_text(arena, number_of(whose, part, named),
						rule->parts[part]));
		rest = str_slice(rest, (size_t)end + 1, rest.len);
	}
	buf_put(&path, rest);
	return buf_str(&path);
}
