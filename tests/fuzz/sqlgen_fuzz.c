/* Any bytes as a query file or a migration: faults or C, and no more. What begins with
 * `-- migration` is one. Its tokens, put together again, are the text. */
#include <assert.h>

#include "sqlgen/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	ARENA_BYTES_MAX = 512 << 20,
	OUT_BYTES_MAX = 64 << 20,
};

static const struct sql_type known_types[] = {
	{ STR_INIT("text"), STR_INIT("struct str"), STR_INIT("struct str"),
		STR_INIT("text"), { STR_INIT("text"), STR_INIT("TEXT") }, false },
	{ STR_INIT("i32"), STR_INIT("int32_t"), STR_INIT("struct opt_i32"),
		STR_INIT("i32"), { STR_INIT("integer"), STR_INIT("INTEGER") }, false },
	{ STR_INIT("bool"), STR_INIT("bool"), STR_INIT("struct opt_bool"),
		STR_INIT("bool"), { STR_INIT("boolean"), STR_INIT("INTEGER") }, false },
	{ STR_INIT("user_id"), STR_INIT("struct user_id"), STR_INIT("struct user_id"),
		STR_INIT("uuid"), { STR_INIT("uuid"), STR_INIT("BLOB") }, true },
	{ STR_INIT("id"), STR_INIT("-"), STR_INIT("-"), STR_INIT("uuid"),
		{ STR_INIT("uuid"), STR_INIT("BLOB") }, false },
};

static const struct table known_tables[] = {
	{ STR_INIT("matches"), false, STR_INIT("id") },
	{ STR_INIT("picks"), true, STR_INIT("user_id") },
	{ STR_INIT("referrals"), true, STR_INIT("user_id") },
	{ STR_INIT("users"), true, STR_INIT("id") },
};

/* Tokens follow each other with nothing but white space between. */
static void
check_tokens(struct str text)
{
	struct lexer lexer;
	const char *end = text.ptr;
	struct token token;

	lexer_init(&lexer, text);
	while ((token = lexer_next(&lexer)).kind != TOKEN_END) {
		assert(token.text.len > 0 && token.text.ptr >= end);
		for (; end < token.text.ptr; end++)
			assert(*end == ' ' || *end == '\t' || *end == '\n' ||
				*end == '\r');
		end = token.text.ptr + token.text.len;
	}
	assert(end <= text.ptr + text.len);
}

static void
check_query(struct schema *schema, struct file file)
{
	struct program program = { .arena = schema->arena,
		.types = schema->types,
		.schema = schema,
		.faults = schema->faults };
	struct buf out;

	if (query_parse(&program, file) || query_check(&program) || schema->faults->count)
		return;
	buf_init(&out, schema->arena, OUT_BYTES_MAX);
	emit_header(&program.files.items[0], &program, &out);
	emit_source(&program.files.items[0], &program, &out);
	emit_registry(&program, &out);
	assert(!buf_is_cut(&out));
}

static void
check_migration(struct schema *schema, struct file file)
{
	struct buf out;

	if (schema_read_file(schema, file) || schema->faults->count)
		return;
	buf_init(&out, schema->arena, OUT_BYTES_MAX);
	schema_emit(schema, &out);
	assert(!buf_is_cut(&out));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { .ptr = size ? (const char *)data : "", .len = size };
	struct file file = {
		.path = STR("f.sql"), .name = STR("f.sql"), .stem = STR("f")
	};
	struct arena arena;
	struct faults faults;
	struct types types = { 0 };
	struct schema schema = { .arena = &arena, .types = &types, .faults = &faults };

	arena_init(&arena, ARENA_BYTES_MAX);
	faults_init(&faults, &arena);
	for (size_t i = 0; i < COUNT_OF(known_types); i++)
		assert(VEC_PUSH(&arena, &types, known_types[i]));
	for (size_t i = 0; i < COUNT_OF(known_tables); i++)
		assert(VEC_PUSH(&arena, &schema.tables, known_tables[i]));
	for (int dialect = 0; dialect < DIALECTS; dialect++)
		assert(VEC_PUSH(&arena, &schema.checks,
			(struct type_check){
				STR("id"), dialect, STR("length(%) = 16") }));
	file.text = str_dup(&arena, text);
	check_tokens(file.text);
	if (str_starts_with(file.text, STR("-- migration"))) {
		file.stem = STR("0001_f");
		check_migration(&schema, file);
	} else {
		check_query(&schema, file);
	}
	arena_release(&arena);
	return 0;
}
