/* The schema refuses what it says it refuses, and every constraint is proved to. */
#include "db/migrator.h"
#include "tests/db/schema_rows.h"

enum kind { KIND_CHECK, KIND_UNIQUE, KIND_FOREIGN, KIND_NOT_NULL, KIND_OTHER };

/* A constraint or unique index of the live schema, from its snapshot. */
struct constraint {
	enum kind kind;
	struct str table;
	struct str name; /* of NOT NULL: the column */
	struct str definition;
};

struct constraints {
	VEC_OF(struct constraint)
};

/* --- Reading the catalogue ---------------------------------------------------------- */

static enum kind
kind_of(struct str definition)
{
	if (str_find(definition, STR("FOREIGN KEY")) >= 0)
		return KIND_FOREIGN;
	if (str_find(definition, STR("CHECK (")) >= 0)
		return KIND_CHECK;
	if (str_find(definition, STR("UNIQUE")) >= 0 ||
		str_find(definition, STR("PRIMARY KEY")) >= 0)
		return KIND_UNIQUE;
	return KIND_OTHER;
}

/* "constraint t.name …", "index t.name …", "column t.name … NOT NULL" on PostgreSQL;
 * "item t: CONSTRAINT name …", "item t: name … NOT NULL", "index t.name: …" on SQLite. */
static struct constraint
constraint_of(struct str line)
{
	struct constraint ret = { .kind = KIND_OTHER };
	struct str rest = line, word, dotted;

	str_next(&rest, ' ', &word);
	str_next(&rest, ' ', &dotted);
	if (str_eq(word, STR("item"))) {
		ret.table = str_slice(dotted, 0, dotted.len - 1);
		str_next(&rest, ' ', &ret.name);
		ret.definition = rest;
		ret.kind = KIND_NOT_NULL;
		if (str_eq(ret.name, STR("CONSTRAINT"))) {
			str_next(&rest, ' ', &ret.name);
			ret.definition = rest;
			ret.kind = kind_of(rest);
		} else if (str_find(rest, STR("NOT NULL")) < 0) {
			ret.kind = KIND_OTHER;
		}
		return ret;
	}
	str_next(&dotted, '.', &ret.table);
	ret.name = str_ends_with(dotted, STR(":")) ? str_slice(dotted, 0, dotted.len - 1)
						   : dotted;
	ret.definition = rest;
	if (str_eq(word, STR("constraint")))
		ret.kind = kind_of(rest);
	else if (str_eq(word, STR("index")) &&
		str_find(rest, STR("CREATE UNIQUE INDEX")) >= 0)
		ret.kind = KIND_UNIQUE;
	else if (str_eq(word, STR("column")) && str_find(rest, STR(" NOT NULL")) >= 0)
		ret.kind = KIND_NOT_NULL;
	return ret;
}

/* The check that a column of SQLite got when it was added, which stands in the column's
 * item; of KIND_OTHER where there is none. */
static struct constraint
own_check_of(const struct constraint *column)
{
	struct str before = STR(" CONSTRAINT "), rest = column->definition;
	ptrdiff_t at = str_find(rest, before);
	struct constraint ret = { .table = column->table, .kind = KIND_OTHER };

	if (column->kind != KIND_NOT_NULL || at < 0)
		return ret;
	rest = str_slice(rest, (size_t)at + before.len, rest.len);
	str_next(&rest, ' ', &ret.name);
	ret.definition = rest;
	ret.kind = kind_of(rest);
	return ret;
}

static struct err *
constraints_read(struct scratch *s, struct session *session, struct constraints *ret)
{
	struct migrate_report lines;

	TRY(schema_snapshot(&s->ctx, session, &lines));
	for (size_t i = 0; i < lines.count; i++) {
		struct constraint constraint = constraint_of(lines.items[i]);
		struct constraint check = own_check_of(&constraint);

		if (constraint.kind != KIND_OTHER &&
			!VEC_PUSH(&s->arena, ret, constraint))
			return err_no_memory();
		if (check.kind != KIND_OTHER && !VEC_PUSH(&s->arena, ret, check))
			return err_no_memory();
	}
	return NULL;
}

/* The words within the first brackets of TEXT behind AFTER, one after another. */
static struct str
bracketed(struct str text, const char *after)
{
	ptrdiff_t at = str_find(text, str_from(after));
	struct str rest = at < 0 ? STR("") : str_slice(text, (size_t)at, text.len);
	ptrdiff_t open = str_find_char(rest, '(');
	size_t end = (size_t)(open + 1);
	int depth = 1;

	if (open < 0)
		return STR("");
	for (; end < rest.len && depth > 0; end++)
		depth += rest.ptr[end] == '(' ? 1 : rest.ptr[end] == ')' ? -1 : 0;
	return str_slice(rest, (size_t)(open + 1), end - 1);
}

/* --- Bad rows made up --------------------------------------------------------------- */

/* A value that the check of a type refuses. */
static struct str
bad_value(struct str definition)
{
	if (str_find(definition, STR("'object'")) >= 0)
		return STR("'[]'");
	if (str_find(definition, STR("'array'")) >= 0)
		return STR("'{}'");
	if (str_find(definition, STR("json_valid")) >= 0)
		return STR("'{'");
	if (str_find(definition, STR("upper(")) >= 0)
		return STR("'usd'");
	if (str_find(definition, STR("= 32")) >= 0)
		return scratch_is_postgres() ? STR("'\\x00'") : STR("X'00'");
	if (str_find(definition, STR("= 16")) >= 0)
		return STR("X'00'");
	if (str_find(definition, STR("IN (0, 1)")) >= 0)
		return STR("2");
	return STR("-1");
}

/* The row of tests/db/schema_bad_rows.c for CONSTRAINT, or absent. */
static struct str
given_row(const struct constraint *constraint)
{
	for (const struct bad_row *bad = bad_rows; bad->name; bad++)
		if (str_eq(constraint->name, str_from(bad->name)))
			return str_from(bad->columns);
	return STR_NONE;
}

/* `<table>_<column>_type`: the column with a bad value. */
static struct str
bad_type(struct scratch *s, const struct constraint *constraint)
{
	struct str given = given_row(constraint);
	struct str column = str_slice(constraint->name, constraint->table.len + 1,
		constraint->name.len - strlen("_type"));

	if (!str_is_none(given))
		return given;
	return str_fmt(&s->arena, STR_FMT "=" STR_FMT, STR_ARG(column),
		STR_ARG(bad_value(constraint->definition)));
}

/* The key's columns as the first row has them. */
static struct str
bad_key(struct scratch *s, const struct constraint *constraint,
	const struct good_row *row)
{
	bool is_index = str_find(constraint->definition, STR("INDEX")) >= 0;
	struct str rest = bracketed(constraint->definition,
		is_index ? (scratch_is_postgres() ? "USING" : " ON ") : "");
	struct str item, instead = STR("");

	while (str_next(&rest, ',', &item)) {
		struct str column = str_trim(item), value;

		/* An expression, coalesce(week, 0) or lower(name), is of its first column. */
		if (str_starts_with(column, STR("coalesce(")) ||
			str_starts_with(column, STR("COALESCE(")))
			column = str_slice(column, strlen("coalesce("), column.len);
		else if (str_starts_with(column, STR("lower(")))
			column = str_slice(column, strlen("lower("), column.len - 1);
		/* An operator class behind it orders the index and is no part of it. */
		item = column;
		(void)str_next(&item, ' ', &column);
		value = row_value(row->columns, column);
		if (!str_is_none(value))
			instead = str_fmt(&s->arena, STR_FMT STR_FMT "=" STR_FMT ";",
				STR_ARG(instead), STR_ARG(column),
				STR_ARG(str_starts_with(value, STR("%")) ||
							str_starts_with(value, STR("#"))
						? str_fmt(&s->arena, "%c1", value.ptr[0])
						: row_literal(&s->arena, value, 1)));
	}
	return str_slice(instead, 0, instead.len ? instead.len - 1 : 0);
}

/* The last column of the foreign key refers to nothing. */
static struct str
bad_reference(struct scratch *s, const struct constraint *constraint)
{
	struct str rest = bracketed(constraint->definition, "FOREIGN KEY");
	struct str column = rest, given = given_row(constraint);

	if (!str_is_none(given))
		return given;
	while (!str_is_none(rest) && str_next(&rest, ',', &column))
		continue;
	column = str_trim(column);
	return str_fmt(&s->arena, STR_FMT "=%s", STR_ARG(column),
		str_ends_with(column, STR("team")) ? "'T9'" : "%999");
}

static bool
names_it(const struct err *err, const struct constraint *constraint)
{
	struct str column;
	struct str key;

	if (str_find(err->message, constraint->name) >= 0)
		return true;
	if (scratch_is_postgres())
		return false;
	/* SQLite names no foreign key, and of a unique key its columns. */
	if (constraint->kind == KIND_FOREIGN)
		return str_find(err->message, STR("FOREIGN KEY")) >= 0;
	key = bracketed(constraint->definition,
		str_find(constraint->definition, STR("INDEX")) >= 0 ? " ON " : "");
	return constraint->kind == KIND_UNIQUE && str_next(&key, ',', &column) &&
		str_find(err->message, STR("UNIQUE constraint failed")) >= 0 &&
		str_find(err->message, str_trim(column)) >= 0;
}

/* Why CONSTRAINT does not refuse the row with INSTEAD, or absent where it does. */
static struct str
refuses(struct scratch *s, struct session *session, const struct constraint *constraint,
	struct str instead)
{
	const struct good_row *row = good_row_find(constraint->table);
	struct str sql;
	struct err *err;

	if (!row)
		return str_fmt(&s->arena, "table " STR_FMT " has no good row",
			STR_ARG(constraint->table));
	sql = row_insert(&s->arena, row, row->variants > 2 ? row->variants + 1 : 3,
		str_cstr(&s->arena, instead));
	err = session_run(&s->ctx, session, sql);
	if (err && names_it(err, constraint))
		return STR_NONE;
	return str_fmt(&s->arena,
		STR_FMT " let pass, or another refused (" STR_FMT "): " STR_FMT,
		STR_ARG(constraint->name), STR_ARG(err ? err->message : STR("accepted")),
		STR_ARG(sql));
}

/* --- Claims ------------------------------------------------------------------------- */

/* SQLite takes a key of one INTEGER column for the number of the row, and NULL there for
 * "the next". */
static bool
is_row_number(const struct constraint *constraint)
{
	return !scratch_is_postgres() && str_eq(constraint->name, STR("bucket"));
}

struct filled {
	struct session *session;
	struct constraints constraints;
};

static struct err *
filled_open(struct scratch *s, struct filled *ret)
{
	TRY(scratch_migrate(s));
	TRY(session_open(&s->ctx, s->options.url, &ret->session));
	TRY(rows_fill(s, ret->session));
	ret->constraints = (struct constraints){ 0 };
	return constraints_read(s, ret->session, &ret->constraints);
}

/* Every constraint of KIND refuses what MAKE makes up for it. */
#define ALL_REFUSE(of_kind, least, make)                                             \
	do {                                                                         \
		struct filled filled_ = { 0 };                                       \
		size_t seen_ = 0;                                                    \
		OK_ERR(filled_open(s, &filled_));                                    \
		for (size_t i_ = 0; i_ < filled_.constraints.count; i_++) {          \
			const struct constraint *c = &filled_.constraints.items[i_]; \
			const struct good_row *row = good_row_find(c->table);        \
			struct str why_;                                             \
			if (c->kind != (of_kind) || is_row_number(c))                \
				continue;                                            \
			OK_OR(row, STR_FMT " has no good row", STR_ARG(c->table));   \
			seen_++;                                                     \
			why_ = refuses(s, filled_.session, c, make);                 \
			OK_OR(str_is_none(why_), STR_FMT, STR_ARG(why_));            \
		}                                                                    \
		session_close(filled_.session);                                      \
		OK_OR(seen_ >= (least), "only %zu", seen_);                          \
	} while (0)

SCRATCH_TEST(every_column_that_must_have_a_value_refuses_none)
{
	ALL_REFUSE(KIND_NOT_NULL, 300,
		str_fmt(&s->arena, STR_FMT "=NULL", STR_ARG(c->name)));
}

SCRATCH_TEST(every_unique_key_refuses_a_second_row)
{
	ALL_REFUSE(KIND_UNIQUE, 60, bad_key(s, c, row));
}

SCRATCH_TEST(every_foreign_key_refuses_what_is_not_there)
{
	ALL_REFUSE(KIND_FOREIGN, 50, bad_reference(s, c));
}

/* Whether other checks leave nothing for this one to refuse: is_correct must equal a
 * truth, so it is never 2. */
static bool
is_implied(const struct constraint *constraint)
{
	return str_ends_with(constraint->name, STR("_is_correct_type"));
}

static bool
is_of_type(const struct constraint *constraint)
{
	return constraint->kind == KIND_CHECK &&
		str_ends_with(constraint->name, STR("_type")) &&
		str_starts_with(constraint->name, constraint->table);
}

SCRATCH_TEST(every_check_of_a_type_refuses_a_wrong_value)
{
	struct filled filled = { 0 };
	size_t seen = 0;

	OK_ERR(filled_open(s, &filled));
	for (size_t i = 0; i < filled.constraints.count; i++) {
		const struct constraint *constraint = &filled.constraints.items[i];
		struct str why;

		if (!is_of_type(constraint) || is_implied(constraint))
			continue;
		seen++;
		why = refuses(s, filled.session, constraint, bad_type(s, constraint));
		OK_OR(str_is_none(why), STR_FMT, STR_ARG(why));
	}
	session_close(filled.session);
	OK(seen > 50);
}

static const struct constraint *
find_constraint(const struct constraints *constraints, const char *name)
{
	for (size_t i = 0; i < constraints->count; i++)
		if (constraints->items[i].kind != KIND_NOT_NULL &&
			str_eq(constraints->items[i].name, str_from(name)))
			return &constraints->items[i];
	return NULL;
}

SCRATCH_TEST(every_bad_row_is_refused_by_the_check_it_is_for)
{
	struct filled filled = { 0 };

	OK_ERR(filled_open(s, &filled));
	for (const struct bad_row *bad = bad_rows; bad->name; bad++) {
		const struct constraint *constraint = find_constraint(
			&filled.constraints, bad->name);
		struct str why;

		/* SQLite's checks of types are more than PostgreSQL's. */
		if (!constraint && str_ends_with(str_from(bad->name), STR("_type")))
			continue;
		OK_OR(constraint, "there is no check %s", bad->name);
		why = refuses(s, filled.session, constraint, str_from(bad->columns));
		OK_OR(str_is_none(why), STR_FMT, STR_ARG(why));
	}
	session_close(filled.session);
}

SCRATCH_TEST(every_check_has_a_bad_row)
{
	struct filled filled = { 0 };

	OK_ERR(filled_open(s, &filled));
	for (size_t i = 0; i < filled.constraints.count; i++) {
		const struct constraint *constraint = &filled.constraints.items[i];
		bool has_one = constraint->kind != KIND_CHECK || is_of_type(constraint);

		for (const struct bad_row *bad = bad_rows; bad->name && !has_one; bad++)
			has_one = str_eq(constraint->name, str_from(bad->name));
		OK_OR(has_one, STR_FMT " has no bad row in tests/db/schema_bad_rows.c",
			STR_ARG(constraint->name));
	}
	session_close(filled.session);
}

SCRATCH_TEST(every_table_has_a_good_row)
{
	for (size_t i = 0; i < table_residencies_count; i++)
		OK_OR(good_row_find(table_residencies[i].table), STR_FMT,
			STR_ARG(table_residencies[i].table));
	OK(s->options.url.len);
}

SCRATCH_TEST(down_removes_tables_that_hold_rows)
{
	struct filled filled = { 0 };
	struct migrate_report left;

	OK_ERR(filled_open(s, &filled));
	session_close(filled.session);
	OK_ERR(migrate_down(&s->ctx, &s->options, 0, NULL));
	OK_ERR(scratch_snapshot(s, &left));
	EQ_I64(left.count, 0);
}
