#include "tests/db/plan.h"

#include "db/migration_data.h"

/* Tables that stay small by their nature. */
static const char *const small_tables[] = { "teams", "subscription_tiers", "publications",
	"shard_map", "schema_migrations", "migration_journal" };

static bool
has(struct str text, const char *part)
{
	return str_find(text, str_from(part)) >= 0;
}

static bool
is_table(struct str name)
{
	for (size_t i = 0; i < table_residencies_count; i++)
		if (str_eq(table_residencies[i].table, name))
			return true;
	return false;
}

static bool
grows(struct str table)
{
	for (size_t i = 0; i < COUNT_OF(small_tables); i++)
		if (str_eq(table, str_from(small_tables[i])))
			return false;
	return is_table(table);
}

/* The word that TEXT begins with. */
static struct str
word(struct str text)
{
	size_t len = 0;

	while (len < text.len && text.ptr[len] != ' ' && text.ptr[len] != ',' &&
		text.ptr[len] != ')' && text.ptr[len] != '(')
		len++;
	return str_slice(text, 0, len);
}

/* The word behind MARK in TEXT; empty where there is none. */
static struct str
word_behind(struct str text, const char *mark)
{
	ptrdiff_t at = str_find(text, str_from(mark));

	if (at < 0)
		return STR("");
	return word(str_slice(text, (size_t)at + strlen(mark), text.len));
}

/* Whether the index NAME has only the rows that a condition chooses: then to walk all of
 * it is what it is for. */
static bool
is_partial(struct arena *arena, enum dialect dialect, struct str name)
{
	struct str head = str_fmt(arena, "INDEX " STR_FMT " ON ", STR_ARG(name));

	for (size_t i = 0; name.len && i < migrations_count; i++) {
		const struct migration_script *up = &migrations[i].up[dialect];

		for (size_t j = 0; j < up->count; j++)
			if (str_find(up->statements[j], head) >= 0)
				return has(up->statements[j], "WHERE ");
	}
	return false;
}

/* --- PostgreSQL --------------------------------------------------------------------- */

/* A node, with the lines below it that tell its details. */
struct node {
	struct str line;
	struct str details;
};

/* The nodes begin with an arrow, but for the first;
 * SubPlan and the like stand between. */
static bool
is_node(struct str line)
{
	struct str trimmed = str_trim(line);

	return str_starts_with(trimmed, STR("->")) || (trimmed.len && line.ptr[0] != ' ');
}

static bool
next_node(struct str *rest, struct node *ret)
{
	struct str line;
	const char *begin;

	if (!str_next(rest, '\n', &ret->line))
		return false;
	begin = rest->ptr;
	ret->details = STR("");
	while (!str_is_none(*rest)) {
		struct str before = *rest;

		if (!str_next(rest, '\n', &line) || is_node(line)) {
			*rest = before;
			break;
		}
		ret->details = (struct str){ .ptr = begin,
			.len = (size_t)(line.ptr + line.len - begin) };
	}
	return true;
}

/* Whether something between the LIMIT and the rows wants all of them first. */
static bool
limit_ends(struct str plan)
{
	static const char *const greedy[] = { "Sort  ", "Sort\n", "Aggregate", "Hash",
		"Unique", "WindowAgg" };
	bool is_limited = has(plan, "Limit");

	for (size_t i = 0; i < COUNT_OF(greedy); i++)
		is_limited = is_limited && !has(plan, greedy[i]);
	return is_limited;
}

static bool
postgres_scans(struct arena *arena, struct str plan, struct str *ret_table)
{
	struct str rest = plan;
	struct node node;

	while (next_node(&rest, &node)) {
		bool is_seq = has(node.line, "Seq Scan on ");
		bool is_walk = has(node.line, "Index ") && has(node.line, " using ") &&
			!has(node.details, "Index Cond:") &&
			!is_partial(arena, DIALECT_POSTGRES,
				word_behind(node.line, " using ")) &&
			(!limit_ends(plan) || has(node.details, "Filter:"));
		struct str table = word_behind(
			node.line, is_seq ? "Seq Scan on " : " on ");

		if ((is_seq || is_walk) && grows(table)) {
			*ret_table = table;
			return true;
		}
	}
	return false;
}

/* --- SQLite ------------------------------------------------------------------------- */

/* The table that SQL calls ALIAS: the plan tells only the alias. */
static struct str
table_of(struct str sql, struct str alias)
{
	struct str before = STR(""), rest = sql, part;

	while (str_next(&rest, ' ', &part)) {
		struct str name = word(part);

		if (str_eq(name, alias) && is_table(before))
			return before;
		if (!str_eq_nocase(name, STR("AS")))
			before = name;
	}
	return alias;
}

/* Whether LIMIT ends a walk along an index: nothing is passed over, sorted or summed up.
 * The plan does not tell, so the words of SQL must. */
static bool
limit_ends_walk(struct str sql, struct str plan)
{
	static const char *const greedy[] = { " WHERE ", " GROUP BY ", " DISTINCT ",
		"count(", "sum(", "avg(", "min(", "max(", "total(" };
	bool is_limited = has(sql, " LIMIT ") && !has(plan, "TEMP B-TREE");

	for (size_t i = 0; i < COUNT_OF(greedy); i++)
		is_limited = is_limited && !has(sql, greedy[i]);
	return is_limited;
}

static bool
sqlite_scans(struct arena *arena, struct str sql, struct str plan, struct str *ret_table)
{
	bool is_bounded = limit_ends_walk(sql, plan);
	struct str rest = plan, line;

	while (str_next(&rest, '\n', &line)) {
		struct str step = str_trim(line);
		bool is_scan = str_starts_with(step, STR("SCAN ")) && !is_bounded &&
			!is_partial(arena, DIALECT_SQLITE, word_behind(step, " INDEX "));
		bool is_automatic = str_starts_with(step, STR("SEARCH ")) &&
			has(step, " AUTOMATIC ");
		struct str table = table_of(
			sql, word_behind(step, is_scan ? "SCAN " : "SEARCH "));

		if ((is_scan || is_automatic) && grows(table)) {
			*ret_table = table;
			return true;
		}
	}
	return false;
}

bool
plan_finds_scan(struct arena *arena, enum dialect dialect, struct str sql,
	struct str plan, struct str *ret_table)
{
	bool found = dialect == DIALECT_POSTGRES
		? postgres_scans(arena, plan, ret_table)
		: sqlite_scans(arena, sql, plan, ret_table);

	if (found)
		*ret_table = str_dup(arena, *ret_table);
	return found;
}
