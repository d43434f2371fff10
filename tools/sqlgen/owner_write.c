/* Whether what a query writes stays with the user it runs for; see owner.c. */
#include "sqlgen/owner.h"

static bool
is_column(const struct owner *owner, size_t index, struct str name)
{
	return index < owner->tokens->count &&
		(owner->tokens->items[index].kind == TOKEN_WORD ||
			owner->tokens->items[index].kind == TOKEN_QUOTED) &&
		str_eq_nocase(token_name(owner->tokens->items[index]), name);
}

/* The end of the item of a list that begins at AT: a comma, a bracket, or FROM. */
static size_t
item_end(const struct owner *owner, size_t at)
{
	while (at < owner->tokens->count) {
		if (owner_is(owner, at, "(") || owner_is(owner, at, "case"))
			at = owner_closing(owner, at);
		else if (owner_is(owner, at, ",") || owner_is(owner, at, ")") ||
			owner_is(owner, at, "from") || owner_is(owner, at, "on"))
			break;
		at++;
	}
	return at;
}

/* Whether item NUMBER (from 0) of the list that begins at AT is :actor and no more. */
static bool
item_is_actor(const struct owner *owner, size_t at, size_t number)
{
	for (; number > 0; number--) {
		at = item_end(owner, at);
		if (!owner_is(owner, at, ","))
			return false;
		at++;
	}
	return at < owner->tokens->count &&
		owner->tokens->items[at].kind == TOKEN_PARAM &&
		str_eq(token_name(owner->tokens->items[at]), STR("actor")) &&
		item_end(owner, at) == at + 1;
}

/* Whether each of VALUES (…), (…), the first at AT, has :actor as item NUMBER. */
static bool
values_are_actor(const struct owner *owner, size_t at, size_t number)
{
	for (;;) {
		if (!owner_is(owner, at, "(") || !item_is_actor(owner, at + 1, number))
			return false;
		at = owner_closing(owner, at) + 1;
		if (!owner_is(owner, at, ","))
			return true;
		at++;
	}
}

/* Whether the SELECT at AT, and each part of its UNION, has :actor as item NUMBER. */
static bool
selects_are_actor(const struct owner *owner, size_t at, size_t number)
{
	while (owner_is(owner, at, "select")) {
		if (!item_is_actor(owner, at + 1, number))
			return false;
		while (at < owner->tokens->count && !owner_is(owner, at, "union") &&
			!owner_is(owner, at, "except") &&
			!owner_is(owner, at, "intersect")) {
			if (owner_is(owner, at, "("))
				at = owner_closing(owner, at);
			at++;
		}
		if (at >= owner->tokens->count)
			return true;
		at++;
		if (owner_is(owner, at, "all"))
			at++;
	}
	return false;
}

void
owner_check_insert(struct owner *owner, const struct ref *ref, size_t index)
{
	struct str column = ref->table->owner_column;
	size_t at = index + 1, number = 0;
	bool has_column = false, is_actor = false;

	while (at < owner->tokens->count && !owner_is(owner, at, "("))
		at++;
	for (at++; at < owner->tokens->count && !owner_is(owner, at, ")"); at++) {
		has_column = has_column || is_column(owner, at, column);
		number += !has_column && owner_is(owner, at, ",");
	}
	at++;
	if (has_column && owner_is(owner, at, "values"))
		is_actor = values_are_actor(owner, at + 1, number);
	else if (has_column && owner_is(owner, at, "select"))
		is_actor = selects_are_actor(owner, at, number);
	if (!is_actor)
		fault_add(owner->program->faults, owner_place(owner, ref->token),
			"as: actor, so write :actor itself as " STR_FMT " of " STR_FMT
			" in every row, or run it '-- as: system, why'",
			STR_ARG(column), STR_ARG(ref->table->name));
}

void
owner_check_set(struct owner *owner, size_t index)
{
	size_t at = index + 1;

	while (at < owner->tokens->count && !owner_is(owner, at, "where")) {
		if (owner_is(owner, at, "("))
			at++;
		if (is_column(owner, at, STR("user_id")))
			fault_add(owner->program->faults,
				owner_place(owner, owner->tokens->items[at]),
				"as: actor, so a row keeps its owner: do not set "
				"user_id");
		at = item_end(owner, at) + 1;
	}
}

bool
owner_conflict_is_safe(const struct owner *owner, const struct ref *ref)
{
	size_t at = tokens_find(owner->tokens, "conflict");
	size_t set = tokens_find(owner->tokens, "do") + 1;

	if (!owner_is(owner, set, "update"))
		return true;
	for (; at < set; at++)
		if (is_column(owner, at, ref->table->owner_column))
			return true;
	return false;
}
