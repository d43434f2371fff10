/*
 * Whether a query touches only rows of the user it runs for.
 *
 * PostgreSQL has row security; SQLite has only this. For `as: actor`, every table that
 * users own must be held to the actor wherever it is named: by `user_id = :actor`, or by
 * `a.user_id = b.user_id` with another table that is. A condition counts only where no
 * row escapes it: by itself or joined by AND, in a WHERE, or in the ON of a join (of an
 * outer join: for the table it brings in). owner_write.c looks at what is written.
 */
#include "sqlgen/owner.h"

enum clause { CLAUSE_OTHER, CLAUSE_FROM };

static size_t walk(struct owner *owner, size_t at, size_t scope);

bool
owner_is(const struct owner *owner, size_t index, const char *word)
{
	return index < owner->tokens->count &&
		token_is(owner->tokens->items[index], word);
}

static bool
is_any(const struct owner *owner, size_t index, const char *const *words, size_t count)
{
	return index < owner->tokens->count &&
		token_is_any(owner->tokens->items[index], words, count);
}

struct place
owner_place(const struct owner *owner, struct token token)
{
	return (struct place){ .file = owner->query->at.file, .line = token.line };
}

/* CASE … END counts as a bracket: what stands in it is no plain condition. */
static int
bracket(const struct owner *owner, size_t index)
{
	if (owner_is(owner, index, "(") || owner_is(owner, index, "case"))
		return 1;
	return owner_is(owner, index, ")") || owner_is(owner, index, "end") ? -1 : 0;
}

size_t
owner_closing(const struct owner *owner, size_t index)
{
	int depth = 0;

	for (; index < owner->tokens->count; index++) {
		depth += bracket(owner, index);
		if (depth == 0)
			return index;
	}
	return index;
}

static bool
begins_select(const struct owner *owner, size_t index)
{
	static const char *const words[] = { "select", "with", "values", "insert",
		"update", "delete" };

	return is_any(owner, index, words, COUNT_OF(words));
}

static size_t
add_scope(struct owner *owner, size_t outer)
{
	struct scope scope = { .outer = outer };

	if (!VEC_PUSH(owner->program->arena, &owner->scopes, scope))
		owner->has_no_memory = true;
	return owner->scopes.count - 1;
}

/* Walk the statements in brackets between BEGIN and END. */
static void
walk_inner(struct owner *owner, size_t begin, size_t end, size_t scope)
{
	while (begin < end) {
		if (owner_is(owner, begin, "(") && begins_select(owner, begin + 1))
			begin = walk(owner, begin + 1, add_scope(owner, scope));
		begin++;
	}
}

/* --- Conditions --- */

/* Whether a column, maybe qualified, or :actor,
 * ends before END and begins behind BEGIN. */
static size_t
read_side(const struct owner *owner, size_t begin, size_t end, struct token *ret)
{
	const struct token *token = &owner->tokens->items[begin];

	if (begin + 2 < end && owner_is(owner, begin + 1, ".")) {
		ret[0] = token[0];
		ret[1] = token[1];
		ret[2] = token[2];
		return begin + 3;
	}
	ret[0] = ret[1] = (struct token){ .kind = TOKEN_END };
	ret[2] = token[0];
	return begin + 1;
}

/* Keep the condition from BEGIN to END if it is an equality of columns or arguments. */
static void
read_equality(struct owner *owner, size_t begin, size_t end, size_t scope, int only)
{
	struct equality equality = { .scope = scope, .only = only };
	size_t at;

	if (end - begin < 3)
		return;
	at = read_side(owner, begin, end, equality.left);
	if (!owner_is(owner, at, "=") || at + 1 >= end)
		return;
	at = read_side(owner, at + 1, end, equality.right);
	if (at == end && !VEC_PUSH(owner->program->arena, &owner->equalities, equality))
		owner->has_no_memory = true;
}

/* Where the conditions that begin at AT end; ret_has_or: they are alternatives. */
static size_t
conditions_end(const struct owner *owner, size_t at, bool *ret_has_or)
{
	static const char *const ends[] = { "group", "order", "limit", "having", "window",
		"returning", "union", "intersect", "except", "join", "left", "right",
		"inner", "full", "cross", "natural", "where", "for", "do", "offset",
		"fetch", "set", "on", "," };
	int depth = 0;

	*ret_has_or = false;
	for (; at < owner->tokens->count; at++) {
		bool is_function = owner_is(owner, at + 1, "(") &&
			(owner_is(owner, at, "left") || owner_is(owner, at, "right"));

		if (depth == 0 && is_any(owner, at, ends, COUNT_OF(ends)) && !is_function)
			break;
		if (depth == 0 && owner_is(owner, at, "or"))
			*ret_has_or = true;
		depth += bracket(owner, at);
		if (depth < 0)
			break;
	}
	return at;
}

/* The end of the part of a conjunction that begins at AT. */
static size_t
part_end(const struct owner *owner, size_t at, size_t end)
{
	bool is_between = false;
	int depth = 0;

	for (; at < end; at++) {
		depth += bracket(owner, at);
		if (depth == 0 && owner_is(owner, at, "between"))
			is_between = true;
		else if (depth == 0 && owner_is(owner, at, "and") && is_between)
			is_between = false;
		else if (depth == 0 && owner_is(owner, at, "and"))
			return at;
	}
	return end;
}

/* Read the conditions that begin at AT; returns where they end. */
static size_t
read_conditions(struct owner *owner, size_t at, size_t scope, int only)
{
	bool has_or;
	size_t end = conditions_end(owner, at, &has_or);

	if (has_or) {
		walk_inner(owner, at, end, scope);
		return end;
	}
	while (at < end) {
		size_t part = part_end(owner, at, end);

		if (owner_is(owner, at, "(") && !begins_select(owner, at + 1) &&
			owner_closing(owner, at) + 1 == part) {
			read_conditions(owner, at + 1, scope, only);
		} else {
			read_equality(owner, at, part, scope, only);
			walk_inner(owner, at, part, scope);
		}
		at = part + 1;
	}
	return end;
}

/* --- Tables --- */

/* The other name of a table, if the token at AT is one. */
static struct str
read_alias(const struct owner *owner, size_t at, struct str table)
{
	static const char *const words[] = { "where", "on", "using", "set", "join",
		"left", "right", "inner", "full", "cross", "natural", "group", "order",
		"limit", "having", "union", "intersect", "except", "returning", "values",
		"select", "for", "window", "indexed", "not", "default", "offset", "fetch",
		"with", "tablesample" };

	if (owner_is(owner, at, "as"))
		at++;
	else if (is_any(owner, at, words, COUNT_OF(words)))
		return table;
	if (at >= owner->tokens->count ||
		(owner->tokens->items[at].kind != TOKEN_WORD &&
			owner->tokens->items[at].kind != TOKEN_QUOTED))
		return table;
	return token_name(owner->tokens->items[at]);
}

/* Note the table whose name stands at AT, if users own it; its number, or NO_REF. */
static int
read_table(struct owner *owner, size_t at, size_t scope, bool is_insert)
{
	struct ref ref = { .scope = scope, .is_insert = is_insert };

	if (owner_is(owner, at, "only"))
		at++;
	if (owner_is(owner, at + 1, "."))
		at += 2;
	if (at >= owner->tokens->count)
		return NO_REF;
	ref.token = owner->tokens->items[at];
	ref.table = schema_find(owner->program->schema, token_name(ref.token));
	if (!ref.table || !ref.table->is_user_owned)
		return NO_REF;
	ref.alias = read_alias(owner, at + 1, ref.table->name);
	if (!VEC_PUSH(owner->program->arena, &owner->refs, ref)) {
		owner->has_no_memory = true;
		return NO_REF;
	}
	if (is_insert && owner->query->audience == AUDIENCE_ACTOR)
		owner_check_insert(owner, &ref, at);
	return (int)owner->refs.count - 1;
}

/* Whether the JOIN at AT keeps rows for which its condition is false. */
static bool
is_outer_join(struct owner *owner, size_t at)
{
	size_t kind = at > 0 && owner_is(owner, at - 1, "outer") ? at - 2 : at - 1;

	if (owner->query->audience == AUDIENCE_ACTOR &&
		(owner_is(owner, kind, "right") || owner_is(owner, kind, "full")))
		fault_add(owner->program->faults,
			owner_place(owner, owner->tokens->items[at]),
			"RIGHT and FULL JOIN hide whose rows come; turn it into a LEFT "
			"JOIN");
	return owner_is(owner, kind, "left");
}

/* JOIN … USING (user_id): as if each table before were compared with this one. */
static void
read_using(struct owner *owner, size_t at, size_t scope, int joined)
{
	size_t end = owner_closing(owner, at);

	for (; joined != NO_REF && at < end; at++) {
		for (int i = 0; i < joined; i++) {
			const struct ref *ref = &owner->refs.items[i];
			struct equality equality = { .scope = scope, .only = joined };
			struct token dot = { .kind = TOKEN_SIGN, .text = STR(".") };
			struct token alias = { .kind = TOKEN_WORD };

			if (ref->scope != scope)
				continue;
			alias.text = ref->alias;
			equality.left[0] = alias;
			alias.text = owner->refs.items[joined].alias;
			equality.right[0] = alias;
			equality.left[1] = equality.right[1] = dot;
			equality.left[2] = equality.right[2] = owner->tokens->items[at];
			if (!VEC_PUSH(
				    owner->program->arena, &owner->equalities, equality))
				owner->has_no_memory = true;
		}
	}
}

/* --- The walk --- */

/* Where a walk is within its statement. */
struct position {
	size_t at;
	size_t scope;
	int depth;
	enum clause clause;
	int joined; /* what the last JOIN brought in */
	bool is_outer;
};

/* FROM, JOIN, INTO, UPDATE, USING and the commas of FROM name tables. */
static bool
walk_table(struct owner *owner, struct position *p)
{
	size_t at = p->at;
	bool is_top = p->depth == 0 || p->clause == CLAUSE_FROM;

	if (is_top && owner_is(owner, at, "from")) {
		p->clause = CLAUSE_FROM;
		read_table(owner, at + 1, p->scope, false);
	} else if (p->clause == CLAUSE_FROM && owner_is(owner, at, "join")) {
		p->is_outer = is_outer_join(owner, at);
		p->joined = read_table(owner, at + 1, p->scope, false);
	} else if (p->clause == CLAUSE_FROM && owner_is(owner, at, ",")) {
		read_table(owner, at + 1, p->scope, false);
	} else if (is_top && owner_is(owner, at, "into")) {
		read_table(owner, at + 1, p->scope, true);
	} else if (is_top && owner_is(owner, at, "update") && at > 0 &&
		(owner_is(owner, at - 1, "for") || owner_is(owner, at - 1, "do"))) {
		p->clause = CLAUSE_OTHER;
	} else if (is_top && owner_is(owner, at, "update")) {
		read_table(owner, at + 1, p->scope, false);
	} else if (is_top && owner_is(owner, at, "using") &&
		owner_is(owner, at + 1, "(")) {
		read_using(owner, at + 1, p->scope, p->joined);
		p->at = owner_closing(owner, at + 1);
	} else if (is_top && owner_is(owner, at, "using")) {
		p->clause = CLAUSE_FROM;
		read_table(owner, at + 1, p->scope, false);
	} else {
		return false;
	}
	return true;
}

/* Clauses that hold conditions or end a FROM. */
static void
walk_clause(struct owner *owner, struct position *p)
{
	static const char *const others[] = { "group", "order", "limit", "having",
		"window", "returning", "select", "values", "for" };
	static const char *const sets[] = { "union", "intersect", "except" };
	bool is_top = p->depth == 0 || p->clause == CLAUSE_FROM;

	if (!is_top)
		return;
	if (is_any(owner, p->at, sets, COUNT_OF(sets))) {
		p->scope = add_scope(owner, owner->scopes.items[p->scope].outer);
		p->clause = CLAUSE_OTHER;
	} else if (owner_is(owner, p->at, "on") &&
		owner_is(owner, p->at + 1, "conflict")) {
		while (p->at + 1 < owner->tokens->count &&
			!owner_is(owner, p->at + 1, "do"))
			p->at++;
	} else if (owner_is(owner, p->at, "on") && p->clause == CLAUSE_FROM) {
		int only = p->is_outer ? p->joined : NO_REF;

		/* An outer join to a table that no user owns binds nothing. */
		if (p->is_outer && p->joined == NO_REF)
			only = BINDS_NONE;
		p->at = read_conditions(owner, p->at + 1, p->scope, only) - 1;
	} else if (owner_is(owner, p->at, "where")) {
		p->clause = CLAUSE_OTHER;
		p->at = read_conditions(owner, p->at + 1, p->scope, NO_REF) - 1;
	} else if (owner_is(owner, p->at, "set")) {
		p->clause = CLAUSE_OTHER;
		if (owner->query->audience == AUDIENCE_ACTOR)
			owner_check_set(owner, p->at);
	} else if (is_any(owner, p->at, others, COUNT_OF(others))) {
		p->clause = CLAUSE_OTHER;
	}
}

/* Walk the statement that begins at AT, to the bracket that closes it or the end. */
static size_t
walk(struct owner *owner, size_t at, size_t scope)
{
	struct position p = { .at = at, .scope = scope, .joined = NO_REF };

	for (; p.at < owner->tokens->count; p.at++) {
		if (owner_is(owner, p.at, "(") && begins_select(owner, p.at + 1)) {
			p.at = walk(owner, p.at + 1, add_scope(owner, p.scope));
			continue;
		}
		if (owner_is(owner, p.at, ")") && p.depth == 0)
			return p.at;
		p.depth += owner_is(owner, p.at, "(");
		p.depth -= owner_is(owner, p.at, ")");
		if (!walk_table(owner, &p))
			walk_clause(owner, &p);
	}
	return p.at;
}

/* --- The judgement --- */

static bool
is_actor(const struct token *side)
{
	return side[2].kind == TOKEN_PARAM && str_eq(token_name(side[2]), STR("actor"));
}

/* The only table of SCOPE whose owner SIDE names; NULL where it is none or unclear. */
static struct ref *
find_in_scope(struct owner *owner, const struct token *side, size_t scope, bool is_insert)
{
	struct ref *found = NULL;

	for (size_t i = 0; i < owner->refs.count; i++) {
		struct ref *ref = &owner->refs.items[i];

		if (ref->scope != scope || ref->is_insert != is_insert ||
			!str_eq_nocase(ref->table->owner_column, token_name(side[2])))
			continue;
		if (side[0].kind != TOKEN_END &&
			!str_eq_nocase(ref->alias, token_name(side[0])))
			continue;
		if (found)
			return NULL;
		found = ref;
	}
	return found;
}

/* The table whose owner SIDE names, seen from SCOPE. That of an INSERT is only meant
 * where its name is said, in DO UPDATE. */
static struct ref *
find_ref(struct owner *owner, const struct token *side, size_t scope)
{
	bool is_qualified = side[0].kind != TOKEN_END;

	for (;; scope = owner->scopes.items[scope].outer) {
		struct ref *found = find_in_scope(owner, side, scope, false);

		if (!found && is_qualified)
			found = find_in_scope(owner, side, scope, true);
		if (found || scope == 0 || !is_qualified)
			return found;
	}
}

/* Bind REF through EQUALITY, if it may; whether that is news. */
static bool
bind(const struct owner *owner, struct ref *ref, const struct equality *equality)
{
	if (!ref || ref->is_bound ||
		(equality->only != NO_REF && ref != &owner->refs.items[equality->only]))
		return false;
	ref->is_bound = true;
	return true;
}

static bool
bind_both(struct owner *owner, const struct equality *equality)
{
	struct ref *left = find_ref(owner, equality->left, equality->scope);
	struct ref *right = find_ref(owner, equality->right, equality->scope);

	if (is_actor(equality->left) || (left && left->is_bound))
		return bind(owner, right, equality);
	if (is_actor(equality->right) || (right && right->is_bound))
		return bind(owner, left, equality);
	return false;
}

static void
check_actor(struct owner *owner)
{
	bool has_news = true;

	while (has_news) {
		has_news = false;
		for (size_t i = 0; i < owner->equalities.count; i++)
			has_news = bind_both(owner, &owner->equalities.items[i]) ||
				has_news;
	}
	for (size_t i = 0; i < owner->refs.count; i++) {
		const struct ref *ref = &owner->refs.items[i];
		bool is_safe = ref->is_insert && owner_conflict_is_safe(owner, ref);

		if (!ref->is_bound && !is_safe)
			fault_add(owner->program->faults, owner_place(owner, ref->token),
				"as: actor, but nothing holds " STR_FMT
				" to the actor: add '" STR_FMT "." STR_FMT
				" = :actor', joined by AND, or run it '-- as: system, "
				"why'",
				STR_ARG(ref->table->name), STR_ARG(ref->alias),
				STR_ARG(ref->table->owner_column));
	}
}

struct err *
check_owner(const struct program *program, const struct query *query, int dialect)
{
	struct owner owner = {
		.program = program, .query = query, .tokens = &query->sql[dialect]
	};

	walk(&owner, 0, add_scope(&owner, 0));
	if (owner.has_no_memory)
		return err_no_memory();
	if (query->audience == AUDIENCE_ACTOR && !query_arg(query, STR("actor")))
		fault_add(program->faults, query->at,
			"as: actor, but :actor is no argument; declare 'actor user_id', "
			"or run it '-- as: anyone' if it touches no table that users "
			"own");
	else if (query->audience == AUDIENCE_ACTOR)
		check_actor(&owner);
	if (query->audience == AUDIENCE_ANYONE && owner.refs.count)
		fault_add(program->faults, owner_place(&owner, owner.refs.items[0].token),
			"as: anyone, but users own " STR_FMT
			": run it '-- as: actor' or '-- as: system, why'",
			STR_ARG(owner.refs.items[0].table->name));
	return NULL;
}
