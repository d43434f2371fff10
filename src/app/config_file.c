/*
 * gridiron.yaml. libcyaml checks the file against a schema that is made from the table of
 * settings: a key with a point is a member of a group. All values are read as text and
 * understood in config.c, as those of the environment are.
 */
#include <cyaml/cyaml.h>

#include "app/config.h"
#include "base/buf.h"
#include "sys/file.h"

enum {
	GROUPS_MAX = 16,
	FILE_BYTES_MAX = 1 << 20,
};

/* A mapping of the file: the top one, or a group. */
struct group {
	struct str name;              /* absent: the top */
	cyaml_schema_field_t *fields; /* ended by an empty one */
	size_t count;
};

struct schema {
	struct group groups[GROUPS_MAX];
	size_t count;
};

/* What cyaml says when it refuses a file. */
struct complaint {
	struct buf text;
	char storage[1024];
};

static struct str
group_of(int setting)
{
	struct str key = str_from(settings[setting].key), group;
	struct str rest = key;

	if (!str_next(&rest, '.', &group) || str_is_none(rest))
		return STR_NONE;
	return group;
}

static struct err *
group_get(struct arena *arena, struct schema *schema, struct str name, struct group **ret)
{
	struct group *group;

	for (size_t i = 0; i < schema->count; i++) {
		if (str_eq(schema->groups[i].name, name)) {
			*ret = &schema->groups[i];
			return NULL;
		}
	}
	if (schema->count == GROUPS_MAX)
		return err_in(arena, ERR_INTERNAL, "too many groups of settings");
	group = &schema->groups[schema->count++];
	group->name = name;
	TRY_NEW(arena, group->fields, SETTING_COUNT + GROUPS_MAX + 1);
	*ret = group;
	return NULL;
}

/* Every text lies in one array of pointers, indexed by setting; groups lie over it. */
static struct err *
schema_new(struct arena *arena, struct schema *ret)
{
	struct group *top, *group;

	TRY(group_get(arena, ret, STR_NONE, &top));
	for (int i = 0; i < SETTING_COUNT; i++) {
		struct str name = group_of(i);

		TRY(group_get(arena, ret, name, &group));
		group->fields[group->count++] = (cyaml_schema_field_t){
			.key = settings[i].key + (name.len ? name.len + 1 : 0),
			.value = { .type = CYAML_STRING,
				.flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
				.data_size = sizeof(char),
				.string = { .min = 0, .max = 4096 } },
			.data_offset = (uint32_t)(sizeof(char *) * (size_t)i),
		};
	}
	for (size_t i = 1; i < ret->count; i++) {
		const char *name = str_cstr(arena, ret->groups[i].name);

		if (!name)
			return err_no_memory();
		top->fields[top->count++] = (cyaml_schema_field_t){
			.key = name,
			.value = { .type = CYAML_MAPPING,
				.flags = CYAML_FLAG_OPTIONAL,
				.data_size = sizeof(char *) * SETTING_COUNT,
				.mapping = { .fields = ret->groups[i].fields } },
		};
	}
	return NULL;
}

static void
complain(cyaml_log_t level, void *arg, const char *fmt, va_list args) PRINTF_LIKE(3, 0);

static void
complain(cyaml_log_t level, void *arg, const char *fmt, va_list args)
{
	struct complaint *complaint = arg;

	(void)level;
	buf_vfmt(&complaint->text, fmt, args);
}

/* The number that first follows "(line: " in TEXT, or 0. */
static int
line_in(struct str text)
{
	ptrdiff_t at = str_find(text, STR("(line: "));
	int line = 0;

	if (at < 0)
		return 0;
	for (size_t i = (size_t)at + 7; i < text.len && text.ptr[i] >= '0' &&
		text.ptr[i] <= '9' && line < FILE_BYTES_MAX;
		i++)
		line = line * 10 + (text.ptr[i] - '0');
	return line;
}

/* The line of FILE, from FROM_LINE on, that begins with KEY. cyaml knows only where it
 * was before the key. */
static int
line_of_key(struct str file, struct str key, int from_line)
{
	struct str line;
	int number = 0;

	while (str_next(&file, '\n', &line)) {
		if (++number >= from_line && str_starts_with(str_trim(line), key))
			return number;
	}
	return from_line;
}

static struct err *
unknown_key_err(struct arena *arena, struct str path, struct str key, int line)
{
	size_t best = 4; /* farther than that is no slip of the finger */
	const char *nearest = NULL;

	for (int i = 0; i < SETTING_COUNT; i++) {
		struct str name = str_from(settings[i].key), group = group_of(i);
		struct str last = str_slice(
			name, group.len ? group.len + 1 : 0, name.len);
		size_t distance = str_distance(key, last);

		if (distance < best) {
			best = distance;
			nearest = settings[i].key;
		}
	}
	if (nearest)
		return err_in(arena, ERR_INVALID,
			STR_FMT " line %d: unknown setting '" STR_FMT
				"'; did you mean %s",
			STR_ARG(path), line, STR_ARG(key), nearest);
	return err_in(arena, ERR_INVALID,
		STR_FMT " line %d: unknown setting '" STR_FMT
			"'; gridiron config check lists them all",
		STR_ARG(path), line, STR_ARG(key));
}

/* What cyaml says of a place where something else should stand, in words of our own. */
static struct str
in_plain_words(struct str text)
{
	if (str_starts_with(text, STR("Load: ")))
		text = str_slice(text, 6, text.len);
	if (str_starts_with(text, STR("Expecting MAPPING")))
		return STR("settings of a group stand below its name, each on a line of "
			   "its own behind blanks; without any, leave the group out");
	if (str_starts_with(text, STR("Expecting STRING")))
		return STR("a setting has one value, no list and no group");
	return text;
}

static struct err *
refusal(struct arena *arena, struct str path, struct str file, struct str text)
{
	static const char unknown[] = "Load: Unexpected key: ";
	int line = line_in(text);
	struct str first, rest = text;

	if (!str_next(&rest, '\n', &first))
		first = STR("not readable as YAML");
	if (str_starts_with(first, str_from(unknown))) {
		struct str key = str_slice(first, sizeof(unknown) - 1, first.len);

		return unknown_key_err(
			arena, path, key, line_of_key(file, key, line ? line : 1));
	}
	if (line == 0)
		return err_in(arena, ERR_INVALID, STR_FMT ": " STR_FMT, STR_ARG(path),
			STR_ARG(in_plain_words(first)));
	return err_in(arena, ERR_INVALID, STR_FMT " line %d: " STR_FMT, STR_ARG(path),
		line, STR_ARG(in_plain_words(first)));
}

static struct err *
copy_texts(struct arena *arena, char *const *values, struct str *texts)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		if (!values[i])
			continue;
		texts[i] = str_dup(arena, str_from(values[i]));
		if (str_is_none(texts[i]))
			return err_no_memory();
	}
	return NULL;
}

struct err *
config_file_read(struct arena *arena, struct str path, struct str *texts)
{
	struct schema schema = { .count = 0 };
	struct complaint complaint;
	cyaml_schema_value_t top;
	cyaml_config_t cyaml = { .log_fn = complain,
		.log_ctx = &complaint,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_WARNING };
	cyaml_data_t *data = NULL;
	struct err *err = NULL;
	struct str file = STR_NONE;
	const char *name;

	name = str_cstr(arena, path);
	if (!name)
		return err_no_memory();
	TRY(file_read(arena, name, FILE_BYTES_MAX, &file));
	TRY(schema_new(arena, &schema));
	top = (cyaml_schema_value_t){ .type = CYAML_MAPPING,
		.flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		.data_size = sizeof(char *) * SETTING_COUNT,
		.mapping = { .fields = schema.groups[0].fields } };
	buf_init_fixed(&complaint.text, complaint.storage, sizeof(complaint.storage));
	if (cyaml_load_data((const uint8_t *)file.ptr, file.len, &cyaml, &top, &data,
		    NULL) != CYAML_OK)
		err = refusal(arena, path, file, buf_str(&complaint.text));
	else if (data)
		err = copy_texts(arena, (char *const *)data, texts);
	cyaml_free(&cyaml, &top, data, 0);
	return err;
}
