/* What a query must be, apart from its columns (columns.c) and its owner (owner.c). */
#include "sqlgen/query.h"

#include "base/map.h"

enum {
	PARAMS_MAX = 64,  /* QUERY_PARAMS_MAX in db/query.h */
	COLUMNS_MAX = 64, /* QUERY_COLUMNS_MAX */
};

const struct row *
program_find_row(
	const struct program *program, const struct query_file *file, struct str name)
{
	for (size_t i = 0; i < program->files.count; i++) {
		const struct query_file *other = &program->files.items[i];

		for (size_t j = 0;
			str_eq(other->folder, file->folder) && j < other->rows.count; j++)
			if (str_eq(other->rows.items[j].name, name))
				return &other->rows.items[j];
	}
	return NULL;
}

size_t
query_arg(const struct query *query, struct str name)
{
	for (size_t i = 0; i < query->args.count; i++)
		if (str_eq(query->args.items[i].name, name))
			return i + 1;
	return 0;
}

bool
token_is_any(struct token token, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (token_is(token, words[i]))
			return true;
	return false;
}

size_t
tokens_find(const struct tokens *tokens, const char *word)
{
	int depth = 0;

	for (size_t i = 0; i < tokens->count; i++) {
		if (token_is(tokens->items[i], "("))
			depth++;
		else if (token_is(tokens->items[i], ")"))
			depth--;
		else if (depth == 0 && token_is(tokens->items[i], word))
			return i;
	}
	return tokens->count;
}

static struct place
place_of(const struct query *query, struct token token)
{
	return (struct place){ .file = query->at.file, .line = token.line };
}

static bool
has_word(const struct tokens *tokens, const char *word)
{
	for (size_t i = 0; i < tokens->count; i++)
		if (token_is(tokens->items[i], word))
			return true;
	return false;
}

/* Anything but a plain SELECT; FOR UPDATE and FOR SHARE take locks, so they count. */
static bool
is_write(const struct tokens *tokens)
{
	static const char *const words[] = { "insert", "update", "delete", "merge" };

	for (size_t i = 0; i < tokens->count; i++)
		if (token_is_any(tokens->items[i], words, COUNT_OF(words)) ||
			(i > 0 && token_is(tokens->items[i], "share") &&
				token_is(tokens->items[i - 1], "for")))
			return true;
	return false;
}

static bool
is_one_of(struct str name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(name, str_from(names[i])))
			return true;
	return false;
}

static bool
is_c_word(struct str name)
{
	static const char *const words[] = { "auto", "bool", "break", "case", "char",
		"const", "continue", "default", "do", "double", "else", "enum", "extern",
		"float", "for", "goto", "if", "inline", "int", "long", "register",
		"restrict", "return", "short", "signed", "sizeof", "static", "struct",
		"switch", "typedef", "union", "unsigned", "void", "volatile", "while" };

	return is_one_of(name, words, COUNT_OF(words));
}

/* Names that the generated function uses itself. */
static bool
is_local(struct str name)
{
	static const char *const locals[] = { "tx", "ret", "ret_found", "fn", "arg",
		"args", "params", "row", "list", "found", "call" };

	return is_one_of(name, locals, COUNT_OF(locals));
}

static void
check_names(const struct program *program, struct place at, const char *what,
	const struct columns *columns)
{
	for (size_t i = 0; i < columns->count; i++) {
		struct str name = columns->items[i].name;

		if (is_c_word(name) || (what[0] == 'a' && is_local(name)))
			fault_add(program->faults, at,
				"%s '" STR_FMT
				"' has a name that the generated C needs; choose another",
				what, STR_ARG(name));
		for (size_t j = 0; j < i; j++)
			if (str_eq(columns->items[j].name, name))
				fault_add(program->faults, at,
					"%s '" STR_FMT "' is there twice", what,
					STR_ARG(name));
	}
	if (columns->count > COLUMNS_MAX)
		fault_add(program->faults, at, "more than %d %ss", COLUMNS_MAX, what);
}

static bool
is_used(const struct tokens *tokens, struct str arg)
{
	for (size_t i = 0; i < tokens->count; i++)
		if (tokens->items[i].kind == TOKEN_PARAM &&
			str_eq(token_name(tokens->items[i]), arg))
			return true;
	return false;
}

static void
check_args(const struct program *program, const struct query *query)
{
	size_t actor = query_arg(query, STR("actor"));

	check_names(program, query->at, "argument", &query->args);
	if (query->args.count + query->new_ids > PARAMS_MAX)
		fault_add(
			program->faults, query->at, "more than %d arguments", PARAMS_MAX);
	if (actor && !str_eq(query->args.items[actor - 1].type->name, STR("user_id")))
		fault_add(program->faults, query->at,
			"declare the argument actor as user_id");
	for (size_t i = 0; i < query->args.count; i++)
		for (int dialect = 0; dialect < DIALECTS; dialect++)
			if (!is_used(&query->sql[dialect], query->args.items[i].name)) {
				fault_add(program->faults, query->at,
					"argument '" STR_FMT
					"' is not used%s%s; take it away",
					STR_ARG(query->args.items[i].name),
					query->has_variants ? " for " : "",
					query->has_variants ? dialect_names[dialect]
							    : "");
				break;
			}
}

static void
check_placeholder(
	const struct program *program, const struct query *query, struct token token)
{
	struct str name = token_name(token);
	struct str nearest = types_nearest(program->types, name);

	if (!str_eq(name, STR("new id")) && !types_find(program->types, name))
		fault_add(program->faults, place_of(query, token),
			"unknown {{" STR_FMT "}}: {{new id}} makes an id, {{" STR_FMT
			"}} is a type",
			STR_ARG(name), STR_ARG(nearest));
}

/* Whether the token at INDEX asks the engine for the time. */
static bool
is_clock(const struct tokens *tokens, size_t index)
{
	static const char *const words[] = { "current_timestamp", "current_date",
		"current_time", "localtimestamp", "clock_timestamp" };
	struct token token = tokens->items[index];

	return token_is_any(token, words, COUNT_OF(words)) ||
		(token_is(token, "now") && index + 1 < tokens->count &&
			token_is(tokens->items[index + 1], "("));
}

/* `*` as a column: not a product, nor count(*). */
static bool
is_star(const struct tokens *tokens, size_t index)
{
	static const char *const before[] = { "select", "distinct", "all", "returning",
		",", "." };

	return index > 0 && token_is(tokens->items[index], "*") &&
		token_is_any(tokens->items[index - 1], before, COUNT_OF(before));
}

/* What no token of a statement may be. */
static void
check_tokens(const struct program *program, const struct query *query, int dialect)
{
	const struct tokens *tokens = &query->sql[dialect];

	for (size_t i = 0; i < tokens->count; i++) {
		struct token token = tokens->items[i];
		struct place at = place_of(query, token);

		if (token.kind == TOKEN_PARAM && !query_arg(query, token_name(token)))
			fault_add(program->faults, at,
				"no argument " STR_FMT ": declare '" STR_FMT
				" type' in '-- args:'",
				STR_ARG(token.text), STR_ARG(token_name(token)));
		else if (token.kind == TOKEN_PLACEHOLDER)
			check_placeholder(program, query, token);
		else if (is_star(tokens, i))
			fault_add(program->faults, at,
				"name the columns instead of *, or a migration changes "
				"the row");
		else if (is_clock(tokens, i))
			fault_add(program->faults, at,
				"time comes in as an argument: ':now', 'now time'");
		else if (token_is(token, "$") ||
			(token_is(token, "?") && dialect == SQLITE))
			fault_add(program->faults, at, "arguments are written :name");
	}
}

static size_t
count_new_ids(const struct tokens *tokens)
{
	size_t count = 0;

	for (size_t i = 0; i < tokens->count; i++)
		count += tokens->items[i].kind == TOKEN_PLACEHOLDER &&
			str_eq(token_name(tokens->items[i]), STR("new id"));
	return count;
}

/* A bounded list says its bound: LIMIT at the end, or in the choice of rows to change. */
static void
check_limit(const struct program *program, const struct query *query, int dialect)
{
	const struct tokens *tokens = &query->sql[dialect];
	size_t limit = tokens_find(tokens, "limit");
	bool is_bounded = query->is_write ? has_word(tokens, "limit")
					  : limit + 1 < tokens->count &&
			!token_is(tokens->items[limit + 1], "all") &&
			!token_is(tokens->items[limit + 1], "null");

	if ((query->shape == SHAPE_MANY || query->shape == SHAPE_VISIT) && !is_bounded)
		fault_add(program->faults, query->at,
			"%s needs a LIMIT; add one, or stream the rows with :each",
			shape_names[query->shape]);
}

static void
check_row(const struct program *program, const struct query *query)
{
	bool wants_row = query->shape <= SHAPE_EACH;
	bool has_row = !str_is_none(query->row_name);

	if (wants_row && !has_row)
		fault_add(program->faults, query->at,
			"%s needs a row: '-- name: " STR_FMT " %s row'",
			shape_names[query->shape], STR_ARG(query->name),
			shape_names[query->shape]);
	else if (!wants_row && has_row)
		fault_add(program->faults, query->at,
			"%s yields no row; take '" STR_FMT "' away",
			shape_names[query->shape], STR_ARG(query->row_name));
	else if (has_row && !query->row)
		fault_add(program->faults, query->at,
			"no row '" STR_FMT
			"' in this folder: declare it as '-- row " STR_FMT
			": column type, …'",
			STR_ARG(query->row_name), STR_ARG(query->row_name));
	if (query->absent.len && query->shape != SHAPE_ONE)
		fault_add(program->faults, query->at, "'-- absent:' belongs to :one");
}

static void
check_head(const struct program *program, const struct query *query)
{
	if (query->audience == AUDIENCE_MISSING)
		fault_add(program->faults, query->at,
			"say for whom it runs: '-- as: actor', '-- as: system, why' or "
			"'-- as: anyone'");
	if (!query->doc.count)
		fault_add(program->faults, query->at,
			"say in a comment after the directives what it does");
	check_row(program, query);
	if (query->is_write && query->allows_replica)
		fault_add(program->faults, query->at, "a write cannot run on a replica");
	if (count_new_ids(&query->sql[SQLITE]) != query->new_ids)
		fault_add(program->faults, query->at,
			"both engines must have the same number of {{new id}}");
	if (query->shape == SHAPE_BATCH && !query->is_write)
		fault_add(program->faults, query->at, ":batch is for writes");
}

/* What follows VALUES is every argument in its order, and nothing else. */
static bool
puts_arguments_in_order(const struct query *query, size_t at)
{
	const struct tokens *sql = &query->sql[POSTGRES];

	if (at >= sql->count || !token_is(sql->items[at++], "("))
		return false;
	for (size_t i = 0; i < query->args.count; i++, at += 2) {
		if (at + 1 >= sql->count || sql->items[at].kind != TOKEN_PARAM ||
			!str_eq(token_name(sql->items[at]), query->args.items[i].name) ||
			!token_is(sql->items[at + 1],
				i + 1 < query->args.count ? "," : ")"))
			return false;
	}
	return at == sql->count;
}

/* `bulk: copy` is for the plainest insert of all, which COPY can do as well. */
static void
check_copied(const struct program *program, const struct query *query)
{
	const struct tokens *sql = &query->sql[POSTGRES];
	size_t at = 0;

	if (!query->is_copied)
		return;
	while (at < sql->count && !token_is(sql->items[at], "VALUES"))
		at++;
	if (query->shape != SHAPE_BATCH || query->has_variants || sql->count == 0 ||
		!token_is(sql->items[0], "INSERT") ||
		!puts_arguments_in_order(query, at + 1))
		fault_add(program->faults, query->at,
			"'-- bulk: copy' is for a :batch that is INSERT INTO table (…) "
			"VALUES (:a, :b, …) with all its arguments in their order");
}

static struct err *
check_one(
	const struct program *program, const struct query_file *file, struct query *query)
{
	for (int dialect = 0; dialect < DIALECTS; dialect++) {
		if (!query->sql[dialect].count) {
			fault_add(program->faults, query->at, "no statement for %s",
				dialect_names[dialect]);
			return NULL;
		}
		query->is_write = query->is_write || is_write(&query->sql[dialect]);
	}
	query->new_ids = count_new_ids(&query->sql[POSTGRES]);
	query->row = program_find_row(program, file, query->row_name);
	check_head(program, query);
	check_args(program, query);
	check_copied(program, query);
	for (int dialect = 0; dialect < DIALECTS; dialect++) {
		/* The same tokens have the same faults. */
		if (dialect > 0 && !query->has_variants)
			break;
		check_tokens(program, query, dialect);
		check_limit(program, query, dialect);
		check_columns(program, query, dialect);
		TRY(check_owner(program, query, dialect));
	}
	return NULL;
}

/* Names are there once in the whole program: those of queries, and those of structs. */
struct names {
	struct map queries;
	struct map structs; /* rows, and the arguments of queries */
};

static struct err *
check_unique(const struct program *program, struct map *names, struct str name,
	const struct place *at, const char *what)
{
	const struct place *other = map_find(names, name);

	if (other)
		fault_add(program->faults, *at,
			"%s '" STR_FMT "': that name is taken at " STR_FMT ":%d", what,
			STR_ARG(name), STR_ARG(other->file), other->line);
	else if (!map_put(names, name, (void *)(uintptr_t)at))
		return err_no_memory();
	return NULL;
}

static struct err *
check_file_names(
	const struct program *program, struct names *names, const struct query_file *file)
{
	for (size_t i = 0; i < file->rows.count; i++) {
		const struct row *row = &file->rows.items[i];
		struct str list = str_fmt(
			program->arena, STR_FMT "_list", STR_ARG(row->name));

		TRY(check_unique(program, &names->structs, row->name, &row->at, "row"));
		TRY(check_unique(
			program, &names->structs, list, &row->at, "list of rows"));
		check_names(program, row->at, "column", &row->columns);
	}
	for (size_t i = 0; i < file->queries.count; i++) {
		const struct query *query = &file->queries.items[i];

		TRY(check_unique(
			program, &names->queries, query->name, &query->at, "query"));
		if (query_takes_struct(query))
			TRY(check_unique(program, &names->structs, query->name,
				&query->at, "struct of arguments"));
	}
	return NULL;
}

struct err *
query_check(struct program *program)
{
	struct names names;

	map_init(&names.queries, program->arena);
	map_init(&names.structs, program->arena);
	for (size_t i = 0; i < program->files.count; i++) {
		struct query_file *file = &program->files.items[i];

		if (!file->folder.len)
			fault_add(program->faults, (struct place){ file->file.path, 1 },
				"begin with '-- folder: name', the folder of src/ that "
				"uses it");
		TRY(check_file_names(program, &names, file));
	}
	for (size_t i = 0; i < program->files.count; i++) {
		struct query_file *file = &program->files.items[i];

		for (size_t j = 0; j < file->queries.count; j++)
			TRY(check_one(program, file, &file->queries.items[j]));
	}
	return NULL;
}
