#include "sqlgen/types.h"

const char *const dialect_names[DIALECTS] = { "postgresql", "sqlite" };

static const char *const kinds[] = { "bool", "i32", "i64", "f64", "text", "bytes", "json",
	"time", "rate", "uuid" };

static bool
is_kind(struct str name)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (str_eq(name, str_from(kinds[i])))
			return true;
	return false;
}

struct str
take_word(struct str *line)
{
	struct str trimmed = str_trim(*line);
	size_t len = 0;

	while (len < trimmed.len && trimmed.ptr[len] != ' ' && trimmed.ptr[len] != '\t')
		len++;
	*line = str_slice(trimmed, len, trimmed.len);
	return len ? str_slice(trimmed, 0, len) : STR_NONE;
}

/* A name of one or two words, as `struct str` is. */
static struct str
next_c_type(struct arena *arena, struct str *line)
{
	struct str word = take_word(line);

	if (!str_eq(word, STR("struct")))
		return word;
	word = take_word(line);
	return str_fmt(arena, "struct " STR_FMT, STR_ARG(word));
}

/* Types of two words are written with an underscore between them. */
static struct str
next_engine_type(struct arena *arena, struct str *line)
{
	struct str word = take_word(line);
	char *text = arena_alloc_text(arena, word.len);

	if (!text || !word.len)
		return STR_NONE;
	for (size_t i = 0; i < word.len; i++)
		text[i] = word.ptr[i];
	for (size_t i = 0; i < word.len; i++)
		if (text[i] == '_')
			text[i] = ' ';
	return (struct str){ .ptr = text, .len = word.len };
}

static struct err *
read_types(
	struct arena *arena, struct file file, struct faults *faults, struct types *types)
{
	struct str rest = file.text, line;

	for (int number = 1; str_next(&rest, '\n', &line); number++) {
		struct place at = { .file = file.path, .line = number };
		struct sql_type type = { 0 };

		if (str_starts_with(line, STR("#")) || str_trim(line).len == 0)
			continue;
		type.name = take_word(&line);
		type.c_type = next_c_type(arena, &line);
		type.c_opt_type = next_c_type(arena, &line);
		type.kind = take_word(&line);
		type.engine[POSTGRES] = next_engine_type(arena, &line);
		type.engine[SQLITE] = next_engine_type(arena, &line);
		if (str_is_none(type.engine[SQLITE]) || take_word(&line).len)
			fault_add(faults, at,
				"a type has six columns: name, C type, C type with ?, "
				"kind, PostgreSQL, SQLite");
		else if (!is_kind(type.kind))
			fault_add(faults, at, "'" STR_FMT "' is no kind of enum db_type",
				STR_ARG(type.kind));
		else if (!VEC_PUSH(arena, types, type))
			return err_no_memory();
	}
	return NULL;
}

/* Every DEFINE_ID(name) is a type of that name, stored as the type `id` is. */
static struct err *
read_ids(struct arena *arena, struct file file, struct types *types)
{
	const struct sql_type *id = types_find(types, STR("id"));
	struct str rest = file.text, line;

	while (id && str_next(&rest, '\n', &line)) {
		struct sql_type type = *id;
		ptrdiff_t close = str_find_char(line, ')');

		if (!str_starts_with(line, STR("DEFINE_ID(")) || close < 0)
			continue;
		type.name = str_slice(line, sizeof("DEFINE_ID(") - 1, (size_t)close);
		type.c_type = str_fmt(arena, "struct " STR_FMT, STR_ARG(type.name));
		type.c_opt_type = type.c_type;
		type.is_id = true;
		if (!VEC_PUSH(arena, types, type))
			return err_no_memory();
		id = types_find(types, STR("id"));
	}
	return NULL;
}

struct err *
types_read(struct arena *arena, struct str types_path, struct str ids_path,
	struct faults *faults, struct types *ret)
{
	struct types types = { 0 };
	struct file file;

	TRY(file_read(arena, types_path, &file));
	TRY(read_types(arena, file, faults, &types));
	TRY(file_read(arena, ids_path, &file));
	TRY(read_ids(arena, file, &types));
	*ret = types;
	return NULL;
}

const struct sql_type *
types_find(const struct types *types, struct str name)
{
	for (size_t i = 0; i < types->count; i++)
		if (str_eq(types->items[i].name, name))
			return &types->items[i];
	return NULL;
}

struct str
types_nearest(const struct types *types, struct str name)
{
	struct str nearest = STR("text");

	for (size_t i = 0; i < types->count; i++)
		if (str_distance(types->items[i].name, name) <
			str_distance(nearest, name))
			nearest = types->items[i].name;
	return nearest;
}
