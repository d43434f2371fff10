/*
 * A schema as sorted lines of text, so that two can be compared: tables, columns,
 * constraints, indexes with their predicates, triggers, and on PostgreSQL row security
 * and rights.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "db/migrator.h"

struct snapshot {
	struct arena *arena;
	struct migrate_report lines;
};

/* The record of the engine itself is none of a migration's doing. */
#define NOT_OURS "('schema_migrations', 'migration_journal')"

/* Each yields one column: the line. Names are unqualified as long as the search path is
 * the schema alone. */
static const char *const postgres_queries[] = {
	"SELECT format('column %s.%s %s%s%s', c.relname, a.attname, "
	"format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' NOT NULL' "
	"ELSE '' END, coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')) FROM "
	"pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT "
	"a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = "
	"a.attnum WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN "
	"('r', 'p', 'v', 'm') AND c.relname NOT IN " NOT_OURS,

	"SELECT format('table %s%s%s', c.relname, CASE WHEN c.relrowsecurity THEN ' ROW "
	"SECURITY' ELSE '' END, CASE WHEN c.relforcerowsecurity THEN ' FORCED' ELSE '' "
	"END) FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND "
	"c.relkind IN ('r', 'p', 'v', 'm') AND c.relname NOT IN " NOT_OURS,

	"SELECT format('constraint %s.%s %s%s', c.relname, o.conname, "
	"pg_get_constraintdef(o.oid), CASE WHEN o.convalidated THEN '' ELSE ' NOT VALID' "
	"END) FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid WHERE "
	"o.connamespace = current_schema()::regnamespace AND c.relname NOT IN " NOT_OURS,

	"SELECT format('index %s.%s %s%s', t.relname, c.relname, "
	"regexp_replace(pg_get_indexdef(c.oid), ' ON [^ ]+ ', ' '), CASE WHEN "
	"i.indisvalid THEN '' ELSE ' INVALID' END) FROM pg_index i JOIN pg_class c ON "
	"c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid WHERE c.relnamespace "
	"= current_schema()::regnamespace AND t.relname NOT IN " NOT_OURS,

	"SELECT format('policy %s.%s %s %s TO %s USING %s CHECK %s', tablename, "
	"policyname, permissive, cmd, array_to_string(roles, ','), qual, with_check) "
	"FROM pg_policies WHERE schemaname = current_schema()",

	"SELECT format('trigger %s.%s %s', c.relname, t.tgname, "
	"regexp_replace(pg_get_triggerdef(t.oid), ' ON [^ ]+ ', ' ')) FROM pg_trigger t "
	"JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND "
	"c.relnamespace = current_schema()::regnamespace",

	"SELECT format('function %s(%s) %s', p.proname, "
	"pg_get_function_identity_arguments(p.oid), md5(p.prosrc)) FROM pg_proc p WHERE "
	"p.pronamespace = current_schema()::regnamespace AND NOT EXISTS (SELECT FROM "
	"pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')",

	"SELECT format('right %s %s %s', c.relname, r.rolname, a.privilege_type) FROM "
	"pg_class c CROSS JOIN aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = "
	"a.grantee WHERE c.relnamespace = current_schema()::regnamespace AND r.rolname "
	"IN ('gridiron_app', 'gridiron_system', 'gridiron_readonly', 'gridiron_metrics') "
	"AND c.relname NOT IN " NOT_OURS,
};

static struct err *
add_line(struct snapshot *snapshot, struct str line)
{
	if (str_is_none(line) || !VEC_PUSH(snapshot->arena, &snapshot->lines, line))
		return err_no_memory();
	return NULL;
}

static struct err *
keep_line(void *arg, const struct str *columns, size_t count)
{
	struct snapshot *snapshot = arg;

	(void)count;
	return add_line(snapshot, str_dup(snapshot->arena, columns[0]));
}

/* --- SQLite ------------------------------------------------------------------------- */

/*
 * TEXT with one space for any white space and none inside brackets, and without
 * comments: the same statement however it was laid out. Quoted parts stay as they are.
 */
static struct str
normalised(struct arena *arena, struct str text)
{
	struct buf out;
	char quote = 0;
	bool is_space = false;

	buf_init(&out, arena, text.len + 1);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (!quote && c == '-' && i + 1 < text.len && text.ptr[i + 1] == '-') {
			while (i < text.len && text.ptr[i] != '\n')
				i++;
			is_space = true;
			continue;
		}
		if (!quote && (c == ' ' || c == '\n' || c == '\t')) {
			is_space = true;
			continue;
		}
		if (is_space && out.len && c != ')' && c != ',' &&
			out.ptr[out.len - 1] != '(')
			buf_put_char(&out, ' ');
		is_space = false;
		if (c == quote)
			quote = 0;
		else if (!quote && (c == '\'' || c == '"'))
			quote = c;
		buf_put_char(&out, c);
	}
	return buf_str(&out);
}

/* A line for each item between the brackets of CREATE TABLE, and one for what follows. */
static struct err *
add_items(struct snapshot *snapshot, struct str table, struct str sql)
{
	ptrdiff_t open = str_find_char(sql, '(');
	size_t begin = open < 0 ? sql.len : (size_t)open + 1;
	int depth = 1;
	char quote = 0;

	for (size_t i = begin; i < sql.len && depth > 0; i++) {
		char c = sql.ptr[i];

		if (quote) {
			quote = c == quote ? 0 : quote;
			continue;
		}
		quote = c == '\'' || c == '"' ? c : 0;
		depth += c == '(' ? 1 : c == ')' ? -1 : 0;
		if (depth > 1 || (depth == 1 && c != ','))
			continue;
		TRY(add_line(snapshot,
			str_fmt(snapshot->arena, "item " STR_FMT ": " STR_FMT,
				STR_ARG(table),
				STR_ARG(str_trim(str_slice(sql, begin, i))))));
		begin = i + 1;
	}
	return add_line(snapshot,
		str_fmt(snapshot->arena, "table " STR_FMT STR_FMT, STR_ARG(table),
			STR_ARG(str_slice(sql, begin, sql.len))));
}

static struct err *
keep_sqlite(void *arg, const struct str *columns, size_t count)
{
	struct snapshot *snapshot = arg;
	struct str sql = normalised(snapshot->arena, columns[3]);

	(void)count;
	if (str_eq(columns[0], STR("table")))
		return add_items(snapshot, str_dup(snapshot->arena, columns[1]), sql);
	return add_line(snapshot,
		str_fmt(snapshot->arena, STR_FMT " " STR_FMT "." STR_FMT ": " STR_FMT,
			STR_ARG(columns[0]), STR_ARG(columns[2]), STR_ARG(columns[1]),
			STR_ARG(sql)));
}

/* --- Either ------------------------------------------------------------------------- */

static int
compare_lines(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

struct err *
schema_snapshot(struct ctx *ctx, struct session *session, struct migrate_report *ret)
{
	struct snapshot snapshot = { .arena = ctx->arena };

	if (session_dialect(session) == DIALECT_SQLITE)
		TRY(session_query(ctx, session,
			STR("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE "
			    "sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND tbl_name "
			    "NOT IN " NOT_OURS),
			keep_sqlite, &snapshot));
	else
		for (size_t i = 0; i < COUNT_OF(postgres_queries); i++)
			TRY(session_query(ctx, session, str_from(postgres_queries[i]),
				keep_line, &snapshot));
	if (snapshot.lines.count)
		qsort(snapshot.lines.items, snapshot.lines.count,
			sizeof(*snapshot.lines.items), compare_lines);
	*ret = snapshot.lines;
	return NULL;
}
