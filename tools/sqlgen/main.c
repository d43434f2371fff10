/*
 * sqlgen: C from SQL. See docs/sql.md.
 *
 *     sqlgen migrations OPTIONS --out FILE.c
 *
 * Options: --sql FOLDER (with types.txt, checks.txt, migrations/), --ids FILE
 * (base/id.h),
 * --depfile FILE.
 */
#include <stdio.h>

#include "sqlgen/schema.h"

enum {
	ARENA_BYTES = 256 << 20,
	OUT_BYTES_MAX = 64 << 20,
	EXIT_USAGE = 2,
};

struct options {
	struct str mode;
	struct str sql;
	struct str ids;
	struct str out;
	struct str depfile;
};

static bool
set_option(struct options *options, struct str name, struct str value)
{
	const struct {
		const char *name;
		struct str *place;
	} known[] = {
		{ "--sql", &options->sql },
		{ "--ids", &options->ids },
		{ "--out", &options->out },
		{ "--depfile", &options->depfile },
	};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (str_eq(name, str_from(known[i].name))) {
			*known[i].place = value;
			return true;
		}
	}
	return false;
}

static bool
read_options(int argc, char **argv, struct options *ret)
{
	*ret = (struct options){ .mode = str_from(argc > 1 ? argv[1] : NULL) };
	for (int i = 2; i + 1 < argc; i += 2)
		if (!set_option(ret, str_from(argv[i]), str_from(argv[i + 1])))
			return false;
	return argc % 2 == 0 && ret->sql.len && ret->ids.len && ret->out.len;
}

static struct err *
write_depfile(
	struct arena *arena, const struct options *options, const struct schema *schema)
{
	struct buf text;
	struct str checks;

	if (!options->depfile.len)
		return NULL;
	buf_init(&text, arena, OUT_BYTES_MAX);
	/* The folders themselves: a file added or taken away changes them. */
	buf_fmt(&text,
		STR_FMT ": " STR_FMT " " STR_FMT " " STR_FMT "/types.txt " STR_FMT
			"/migrations",
		STR_ARG(options->out), STR_ARG(options->ids), STR_ARG(options->sql),
		STR_ARG(options->sql), STR_ARG(options->sql));
	checks = str_fmt(arena, STR_FMT "/checks.txt", STR_ARG(options->sql));
	if (file_exists(arena, checks))
		buf_fmt(&text, " " STR_FMT, STR_ARG(checks));
	for (size_t i = 0; i < schema->migrations.count; i++)
		buf_fmt(&text, " " STR_FMT,
			STR_ARG(schema->migrations.items[i].file.path));
	buf_put_char(&text, '\n');
	return file_write(arena, options->depfile, &text);
}

static struct err *
run(struct arena *arena, const struct options *options, struct faults *faults)
{
	struct types types;
	struct schema schema;
	struct buf out;

	TRY(types_read(arena, str_fmt(arena, STR_FMT "/types.txt", STR_ARG(options->sql)),
		options->ids, faults, &types));
	TRY(schema_read(arena, options->sql, &types, faults, &schema));
	if (faults->count)
		return NULL;
	buf_init(&out, arena, OUT_BYTES_MAX);
	schema_emit(&schema, &out);
	TRY(file_write(arena, options->out, &out));
	return write_depfile(arena, options, &schema);
}

int
main(int argc, char **argv)
{
	struct arena arena;
	struct options options;
	struct faults faults;
	struct err *err;
	bool is_ok;

	if (!read_options(argc, argv, &options)) {
		fputs("usage: sqlgen migrations --types FILE --ids FILE --migrations "
		      "FOLDER "
		      "[--depfile FILE] --out FILE\n",
			stderr);
		return EXIT_USAGE;
	}
	arena_init(&arena, ARENA_BYTES);
	faults_init(&faults, &arena);
	err = run(&arena, &options, &faults);
	if (err)
		fprintf(stderr, STR_FMT "\n", STR_ARG(err->message));
	fprintf(stderr, STR_FMT, STR_ARG(buf_str(&faults.text)));
	is_ok = !err && faults.count == 0;
	arena_release(&arena);
	return is_ok ? 0 : 1;
}
