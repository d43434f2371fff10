/* Query files: their directives, and the statements as tokens. */
#include "sqlgen/query.h"

enum {
	DIRECTIVE_BYTES_MAX = 1 << 16,
};

const char *const shape_names[SHAPE_COUNT] = { ":one", ":opt", ":many", ":visit", ":each",
	":exec", ":rows", ":batch" };

struct reader {
	struct program *program;
	struct query_file file;
	struct lexer lexer;
	bool has_query; /* the last of file.queries is being described */
	bool has_sql;   /* and its statement was read */
	int dialect;    /* whose statement comes next; DIALECTS: that of both */
};

static struct place
place_at(const struct reader *reader, int line)
{
	return (struct place){ .file = reader->file.file.path, .line = line };
}

static struct query *
current(const struct reader *reader)
{
	return &reader->file.queries.items[reader->file.queries.count - 1];
}

/* What a comment says, without its dashes. */
static struct str
comment_text(struct token token)
{
	return str_starts_with(token.text, STR("--"))
		? str_trim(str_slice(token.text, 2, token.text.len))
		: STR("");
}

static bool
is_name(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (!(c >= 'a' && c <= 'z') && c != '_' &&
			!(i > 0 && c >= '0' && c <= '9'))
			return false;
	}
	return text.len > 0;
}

/*
 * Take a directive off TEXT: `word: value`, or `row name: value`. Words begin in lower
 * case and prose does not, so a misspelt directive is told from a sentence.
 */
static bool
take_directive(struct str text, struct str *ret_word, struct str *ret_value)
{
	ptrdiff_t colon = str_find_char(text, ':');
	struct str word = str_slice(text, 0, colon < 0 ? 0 : (size_t)colon);
	bool is_row = str_starts_with(word, STR("row "));

	if (!is_name(word) && !is_row)
		return false;
	*ret_word = word;
	*ret_value = str_trim(str_slice(text, (size_t)colon + 1, text.len));
	return true;
}

/* A list goes on in the next comment line after a comma. */
static struct str
read_list(struct reader *reader, struct str value)
{
	struct buf text;

	buf_init(&text, reader->program->arena, DIRECTIVE_BYTES_MAX);
	buf_put(&text, value);
	while (str_ends_with(buf_str(&text), STR(","))) {
		struct token next = lexer_next(&reader->lexer);

		if (next.kind != TOKEN_COMMENT)
			break;
		buf_put_char(&text, ' ');
		buf_put(&text, comment_text(next));
	}
	return buf_str(&text);
}

static struct err *
read_column(struct reader *reader, struct str text, struct place at, struct columns *ret)
{
	struct program *program = reader->program;
	struct column column = { .name = take_word(&text) };
	struct str type = take_word(&text);
	struct str nearest;

	column.is_nullable = str_ends_with(type, STR("?"));
	type = str_slice(type, 0, type.len - column.is_nullable);
	column.type = types_find(program->types, type);
	nearest = types_nearest(program->types, type);
	if (!is_name(column.name) || !type.len || take_word(&text).len)
		fault_add(program->faults, at, "write 'name type, name type, …'");
	else if (!column.type)
		fault_add(program->faults, at,
			"unknown type '" STR_FMT "' of " STR_FMT ": did you mean " STR_FMT
			"?",
			STR_ARG(type), STR_ARG(column.name), STR_ARG(nearest));
	else if (str_eq(column.type->c_type, STR("-")))
		fault_add(program->faults, at,
			"type '" STR_FMT "' of " STR_FMT
			" is for migrations; say which id, as user_id",
			STR_ARG(type), STR_ARG(column.name));
	else if (!VEC_PUSH(program->arena, ret, column))
		return err_no_memory();
	return NULL;
}

static struct err *
read_columns(
	struct reader *reader, struct str value, struct place at, struct columns *ret)
{
	struct str rest = read_list(reader, value), part;

	if (str_eq(rest, STR("none")))
		return NULL;
	while (str_next(&rest, ',', &part))
		TRY(read_column(reader, part, at, ret));
	return NULL;
}

static struct err *
read_row(struct reader *reader, struct str word, struct str value, struct place at)
{
	struct row row = { .at = at, .name = str_trim(str_slice(word, 3, word.len)) };

	reader->has_query = false;
	if (!is_name(row.name))
		fault_add(reader->program->faults, at,
			"write '-- row name: column type, …'");
	TRY(read_columns(reader, value, at, &row.columns));
	return VEC_PUSH(reader->program->arena, &reader->file.rows, row)
		? NULL
		: err_no_memory();
}

/* `-- name: name :shape [row]` */
static struct err *
read_query_name(struct reader *reader, struct str value, struct place at)
{
	struct query query = {
		.at = at, .name = take_word(&value), .shape = SHAPE_COUNT
	};
	struct str shape = take_word(&value);

	query.row_name = take_word(&value);
	for (int i = 0; i < SHAPE_COUNT; i++)
		if (str_eq(shape, str_from(shape_names[i])))
			query.shape = (enum shape)i;
	if (!is_name(query.name) || query.shape == SHAPE_COUNT || take_word(&value).len) {
		fault_add(reader->program->faults, at,
			"write '-- name: query_name :shape [row]', where the shape is "
			"one of :one :opt :many :visit :each :exec :rows :batch");
		query.shape = SHAPE_EXEC;
	}
	reader->has_query = true;
	reader->has_sql = false;
	reader->dialect = DIALECTS;
	return VEC_PUSH(reader->program->arena, &reader->file.queries, query)
		? NULL
		: err_no_memory();
}

/* Whether VALUE is WORD, a comma and a reason. */
static bool
has_reason(struct str value, const char *word)
{
	struct str head = str_from(word);

	return str_starts_with(value, head) &&
		str_starts_with(str_slice(value, head.len, value.len), STR(",")) &&
		str_trim(str_slice(value, head.len + 1, value.len)).len > 0;
}

static void
read_audience(struct reader *reader, struct str value, struct place at)
{
	struct query *query = current(reader);

	if (str_eq(value, STR("actor")))
		query->audience = AUDIENCE_ACTOR;
	else if (str_eq(value, STR("anyone")))
		query->audience = AUDIENCE_ANYONE;
	else
		query->audience = AUDIENCE_SYSTEM;
	if (query->audience == AUDIENCE_SYSTEM && !has_reason(value, "system"))
		fault_add(reader->program->faults, at,
			"write '-- as: actor', '-- as: system, why' (the reason is not "
			"optional) or '-- as: anyone'");
}

static void
read_dialect(struct reader *reader, struct str value, struct place at)
{
	reader->dialect = DIALECTS;
	for (int i = 0; i < DIALECTS; i++)
		if (str_eq(value, str_from(dialect_names[i])))
			reader->dialect = i;
	if (reader->dialect == DIALECTS)
		fault_add(reader->program->faults, at,
			"'-- for:' takes postgresql or sqlite");
	current(reader)->has_variants = true;
}

static void
read_option(struct reader *reader, struct str word, struct str value, struct place at)
{
	struct query *query = current(reader);
	struct faults *faults = reader->program->faults;

	if (str_eq(word, STR("pool"))) {
		query->is_batch_pool = true;
		if (!str_eq(value, STR("batch")))
			fault_add(faults, at, "write '-- pool: batch', or nothing");
	} else if (str_eq(word, STR("replica"))) {
		query->allows_replica = true;
		if (!str_eq(value, STR("ok")))
			fault_add(faults, at, "write '-- replica: ok', or nothing");
	} else if (str_eq(word, STR("scan"))) {
		query->allows_scan = true;
		if (!has_reason(value, "ok"))
			fault_add(faults, at, "write '-- scan: ok, why'");
	} else if (str_eq(word, STR("bulk"))) {
		query->is_copied = true;
		if (!str_eq(value, STR("copy")))
			fault_add(faults, at, "write '-- bulk: copy', or nothing");
	} else if (str_eq(word, STR("absent"))) {
		query->absent = value;
	} else {
		fault_add(faults, at,
			"unknown directive '" STR_FMT
			":'; a sentence begins with a capital",
			STR_ARG(word));
	}
}

static struct err *
read_directive(struct reader *reader, struct str word, struct str value, struct place at)
{
	if (str_eq(word, STR("folder"))) {
		reader->file.folder = value;
		return NULL;
	}
	if (str_starts_with(word, STR("row ")))
		return read_row(reader, word, value, at);
	if (str_eq(word, STR("name")))
		return read_query_name(reader, value, at);
	if (!reader->has_query)
		return NULL; /* prose before the first query */
	if (str_eq(word, STR("args")))
		return read_columns(reader, value, at, &current(reader)->args);
	if (str_eq(word, STR("as")))
		read_audience(reader, value, at);
	else if (str_eq(word, STR("for")))
		read_dialect(reader, value, at);
	else if (!reader->has_sql)
		read_option(reader, word, value, at);
	return NULL;
}

static struct err *
read_comment(struct reader *reader, struct token token)
{
	struct str text = comment_text(token);
	struct str word, value;

	if (take_directive(text, &word, &value))
		return read_directive(reader, word, value, place_at(reader, token.line));
	if (!reader->has_query || reader->has_sql ||
		(!text.len && !current(reader)->doc.count))
		return NULL;
	return VEC_PUSH(reader->program->arena, &current(reader)->doc, text)
		? NULL
		: err_no_memory();
}

/* Whether a comment begins a new query, so that the statement before it has no end. */
static bool
begins_query(struct token token)
{
	struct str word, value;

	return token.kind == TOKEN_COMMENT &&
		take_directive(comment_text(token), &word, &value) &&
		(str_eq(word, STR("name")) || str_starts_with(word, STR("row ")));
}

/* Put the statement where it belongs. */
static void
keep_sql(struct reader *reader, struct tokens tokens, struct place at)
{
	struct query *query = reader->has_query ? current(reader) : NULL;
	int dialect = reader->dialect;

	if (!query) {
		fault_add(reader->program->faults, at,
			"a statement without '-- name:' before it");
		return;
	}
	if (query->has_variants && dialect == DIALECTS) {
		fault_add(reader->program->faults, at,
			"say '-- for: postgresql' or '-- for: sqlite' before it, as "
			"before the other");
		return;
	}
	for (int i = 0; i < DIALECTS; i++) {
		if (dialect != DIALECTS && dialect != i)
			continue;
		if (query->sql[i].count && (i == 0 || dialect != DIALECTS))
			fault_add(reader->program->faults, at,
				"a second statement; a query is one, so give this a name "
				"of its own");
		query->sql[i] = tokens;
	}
	reader->has_sql = true;
	reader->dialect = DIALECTS;
}

static struct err *
read_sql(struct reader *reader, struct token token)
{
	struct place at = place_at(reader, token.line);
	struct tokens tokens = { 0 };
	bool is_spaced = false;

	for (;; token = lexer_next(&reader->lexer)) {
		if (token_is(token, ";"))
			break;
		if (token.kind == TOKEN_BAD) {
			fault_add(reader->program->faults, place_at(reader, token.line),
				"a text, name, comment or {{placeholder}} without end");
			return NULL;
		}
		if (token.kind == TOKEN_END || begins_query(token)) {
			fault_add(reader->program->faults, at,
				"no ';' at the end of this statement");
			keep_sql(reader, tokens, at);
			return token.kind == TOKEN_END ? NULL
						       : read_comment(reader, token);
		}
		is_spaced = is_spaced || token.is_spaced || token.kind == TOKEN_COMMENT;
		if (token.kind == TOKEN_COMMENT)
			continue;
		token.is_spaced = is_spaced && tokens.count > 0;
		is_spaced = false;
		if (!VEC_PUSH(reader->program->arena, &tokens, token))
			return err_no_memory();
	}
	keep_sql(reader, tokens, at);
	return NULL;
}

struct err *
query_parse(struct program *program, struct file file)
{
	struct reader reader = { .program = program };

	reader.file.file = file;
	lexer_init(&reader.lexer, file.text);
	for (;;) {
		struct token token = lexer_next(&reader.lexer);

		if (token.kind == TOKEN_END)
			break;
		if (token.kind == TOKEN_COMMENT)
			TRY(read_comment(&reader, token));
		else
			TRY(read_sql(&reader, token));
	}
	return VEC_PUSH(program->arena, &program->files, reader.file) ? NULL
								      : err_no_memory();
}
