/* Whether the columns that a query yields are those of the row it declares. */
#include "sqlgen/query.h"

/* Columns are separated by commas outside all brackets; each is tokens BEGIN to END. */
struct item {
	size_t begin;
	size_t end;
};

static const char *const list_ends[] = { "from", "where", "group", "order", "limit",
	"union", "intersect", "except", "having", "window", "for", "offset" };

/*
 * Where the list of result columns begins, and in what sort of statement: behind the
 * RETURNING of a write, or the SELECT of a query; 0 where there is none.
 */
static size_t
list_begin(const struct tokens *tokens)
{
	static const char *const writes[] = { "insert", "update", "delete", "merge" };
	size_t returning = tokens_find(tokens, "returning");
	size_t select = tokens_find(tokens, "select");

	for (size_t i = 0; i < COUNT_OF(writes); i++) {
		size_t write = tokens_find(tokens, writes[i]);

		/* The UPDATE of FOR UPDATE comes behind the SELECT. */
		if (write < select ||
			(write < tokens->count && returning < tokens->count))
			return returning < tokens->count ? returning + 1 : 0;
	}
	if (select == tokens->count)
		return 0;
	select++;
	if (select < tokens->count &&
		(token_is(tokens->items[select], "distinct") ||
			token_is(tokens->items[select], "all")))
		select++;
	return select;
}

/* Step over DISTINCT's ON (…). */
static size_t
skip_distinct_on(const struct tokens *tokens, size_t at)
{
	int depth = 0;

	if (at >= tokens->count || !token_is(tokens->items[at], "on"))
		return at;
	for (at++; at < tokens->count; at++) {
		depth += token_is(tokens->items[at], "(");
		depth -= token_is(tokens->items[at], ")");
		if (depth == 0)
			return at + 1;
	}
	return at;
}

/* The column that begins at AT. */
static struct item
next_item(const struct tokens *tokens, size_t at)
{
	struct item item = { .begin = at };
	int depth = 0;

	for (; at < tokens->count; at++) {
		struct token token = tokens->items[at];

		bool is_comparison = at > item.begin && token_is(token, "from") &&
			token_is(tokens->items[at - 1], "distinct");

		if (depth == 0 && !is_comparison &&
			(token_is(token, ",") ||
				token_is_any(token, list_ends, COUNT_OF(list_ends))))
			break;
		depth += token_is(token, "(") || token_is(token, "case");
		depth -= token_is(token, ")") || token_is(token, "end");
	}
	item.end = at;
	return item;
}

/* The name of a column: behind its AS, or the column itself; absent for an expression. */
static struct str
item_name(const struct tokens *tokens, struct item item)
{
	size_t count = item.end - item.begin;
	const struct token *token = &tokens->items[item.begin];
	struct token last;

	if (!count)
		return STR_NONE;
	last = token[count - 1];
	if (last.kind != TOKEN_WORD && last.kind != TOKEN_QUOTED)
		return STR_NONE;
	if (count == 1 || (count > 2 && token_is(token[count - 2], "as")) ||
		(count == 3 && token_is(token[1], ".")))
		return token_name(last);
	return STR_NONE;
}

static void
check_item(const struct program *program, const struct query *query,
	const struct tokens *tokens, struct item item, const struct column *column)
{
	struct str name = item_name(tokens, item);
	struct token token =
		tokens->items[item.begin < tokens->count ? item.begin
							 : tokens->count - 1];
	struct place at = { .file = query->at.file, .line = token.line };

	/* A * is told by query_check.c. */
	if (item.end > item.begin && token_is(tokens->items[item.end - 1], "*"))
		return;
	if (str_is_none(name))
		fault_add(program->faults, at,
			"this column has no name: add 'AS " STR_FMT
			"', the next of row " STR_FMT,
			STR_ARG(column->name), STR_ARG(query->row_name));
	else if (!str_eq(name, column->name))
		fault_add(program->faults, at,
			"column '" STR_FMT "' stands where row " STR_FMT " has '" STR_FMT
			"': put them in one order, or rename it by AS",
			STR_ARG(name), STR_ARG(query->row_name), STR_ARG(column->name));
}

/* No row is declared: then no columns may come. */
static void
check_no_columns(const struct program *program, const struct query *query, size_t begin)
{
	if (begin && str_is_none(query->row_name) && query->shape > SHAPE_EACH)
		fault_add(program->faults, query->at,
			"%s drops the rows that this statement yields; use :one or :opt, "
			"or take RETURNING away",
			shape_names[query->shape]);
}

void
check_columns(const struct program *program, const struct query *query, int dialect)
{
	const struct tokens *tokens = &query->sql[dialect];
	size_t at = list_begin(tokens);
	size_t count = 0;
	struct item item;

	if (!query->row) {
		check_no_columns(program, query, at);
		return;
	}
	if (!at) {
		fault_add(program->faults, query->at,
			"row " STR_FMT
			" is declared, but the statement yields none; add RETURNING",
			STR_ARG(query->row_name));
		return;
	}
	at = skip_distinct_on(tokens, at);
	do {
		item = next_item(tokens, at);
		if (count < query->row->columns.count)
			check_item(program, query, tokens, item,
				&query->row->columns.items[count]);
		count++;
		at = item.end + 1;
	} while (item.end < tokens->count && token_is(tokens->items[item.end], ","));
	if (count != query->row->columns.count)
		fault_add(program->faults, query->at,
			"the statement yields %zu columns, row " STR_FMT " has %zu",
			count, STR_ARG(query->row_name), query->row->columns.count);
}
