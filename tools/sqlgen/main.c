/*
 * sqlgen: C from SQL. See docs/sql.md.
 *
 *     sqlgen migrations OPTIONS --out FILE.c
 *     sqlgen queries OPTIONS --folder NAME --out FOLDER QUERIES.sql…
 *     sqlgen registry OPTIONS --queries FOLDER --out FILE.c QUERIES.sql…
 *
 * Options: --sql FOLDER (with types.txt, checks.txt, migrations/), --ids FILE
 * (base/id.h), --depfile FILE and the --target it is about (else --out); queries:
 * --unguarded yes leaves out what holds `as: actor` queries to the actor, for a test.
 */
#include <stdio.h>

#include "sqlgen/query.h"

enum {
	ARENA_BYTES = 512 << 20,
	OUT_BYTES_MAX = 64 << 20,
	EXIT_USAGE = 2,
};

static const char usage[] =
	"usage: sqlgen migrations|queries|registry --sql FOLDER --ids FILE [--depfile "
	"FILE]\n"
	"              [--target NAME] [--folder NAME] [--queries FOLDER] --out PATH\n"
	"              [QUERIES.sql...]\n";

struct options {
	struct str mode;
	struct str sql;
	struct str ids;
	struct str out;
	struct str depfile;
	struct str target;
	struct str folder;
	struct str queries;
	struct str unguarded;
	char **files;
	int file_count;
};

struct run {
	struct arena *arena;
	struct options options;
	struct faults faults;
	struct types types;
	struct schema schema;
	struct program program;
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
		{ "--target", &options->target },
		{ "--folder", &options->folder },
		{ "--queries", &options->queries },
		{ "--unguarded", &options->unguarded },
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
	struct options options = { .mode = str_from(argc > 1 ? argv[1] : NULL) };
	int i = 2;

	for (; i + 1 < argc && str_starts_with(str_from(argv[i]), STR("--")); i += 2)
		if (!set_option(&options, str_from(argv[i]), str_from(argv[i + 1])))
			return false;
	options.files = argv + i;
	options.file_count = argc > i ? argc - i : 0;
	if (!options.target.len)
		options.target = options.out;
	*ret = options;
	return options.sql.len && options.ids.len && options.out.len;
}

static struct str
path_in(struct run *run, struct str folder, const char *name)
{
	return str_fmt(run->arena, STR_FMT "/%s", STR_ARG(folder), name);
}

/* Everything that was read, so that ninja runs this again when it changes. Of folders
 * too: a file added or taken away changes them. */
static struct err *
write_depfile(struct run *run)
{
	const struct options *options = &run->options;
	struct str checks = path_in(run, options->sql, "checks.txt");
	struct buf text;

	if (!options->depfile.len)
		return NULL;
	buf_init(&text, run->arena, OUT_BYTES_MAX);
	buf_fmt(&text,
		STR_FMT ": " STR_FMT " " STR_FMT "/types.txt " STR_FMT
			"/migrations " STR_FMT,
		STR_ARG(options->target), STR_ARG(options->ids), STR_ARG(options->sql),
		STR_ARG(options->sql), STR_ARG(options->queries));
	if (file_exists(run->arena, checks))
		buf_fmt(&text, " " STR_FMT, STR_ARG(checks));
	for (size_t i = 0; i < run->schema.migrations.count; i++)
		buf_fmt(&text, " " STR_FMT,
			STR_ARG(run->schema.migrations.items[i].file.path));
	for (int i = 0; i < options->file_count; i++)
		buf_fmt(&text, " %s", options->files[i]);
	buf_put_char(&text, '\n');
	return file_write(run->arena, options->depfile, &text);
}

static struct err *
read_queries(struct run *run)
{
	struct program *program = &run->program;

	*program = (struct program){ .arena = run->arena,
		.types = &run->types,
		.schema = &run->schema,
		.faults = &run->faults,
		.is_unguarded = run->options.unguarded.len > 0 };
	for (int i = 0; i < run->options.file_count; i++) {
		struct file file;

		TRY(file_read(run->arena, str_from(run->options.files[i]), &file));
		TRY(query_parse(program, file));
	}
	return query_check(program);
}

static struct err *
write_one(struct run *run, const struct query_file *file, const char *ending,
	void (*emit)(const struct query_file *, const struct program *, struct buf *))
{
	struct buf text;

	buf_init(&text, run->arena, OUT_BYTES_MAX);
	emit(file, &run->program, &text);
	return file_write(run->arena,
		str_fmt(run->arena, STR_FMT "/" STR_FMT "_q%s", STR_ARG(run->options.out),
			STR_ARG(file->file.stem), ending),
		&text);
}

/* A file says itself for which folder it is; the build must agree. */
static struct err *
run_queries(struct run *run)
{
	TRY(read_queries(run));
	for (size_t i = 0; i < run->program.files.count; i++) {
		const struct query_file *file = &run->program.files.items[i];

		if (file->folder.len && !str_eq(file->folder, run->options.folder))
			fault_add(&run->faults, (struct place){ file->file.path, 1 },
				"it says '-- folder: " STR_FMT
				"', but sql/meson.build lists it under " STR_FMT,
				STR_ARG(file->folder), STR_ARG(run->options.folder));
	}
	for (size_t i = 0; run->faults.count == 0 && i < run->program.files.count; i++) {
		TRY(write_one(run, &run->program.files.items[i], ".h", emit_header));
		TRY(write_one(run, &run->program.files.items[i], ".c", emit_source));
	}
	return NULL;
}

static bool
is_listed(const struct run *run, struct str name)
{
	for (size_t i = 0; i < run->program.files.count; i++)
		if (str_eq(run->program.files.items[i].file.name, name))
			return true;
	return false;
}

static struct err *
run_registry(struct run *run)
{
	struct file_list there;
	struct buf text;

	TRY(read_queries(run));
	TRY(file_read_folder(run->arena, run->options.queries, STR(".sql"), &there));
	for (size_t i = 0; i < there.count; i++)
		if (!is_listed(run, there.items[i].name))
			fault_add(&run->faults, (struct place){ there.items[i].path, 1 },
				"add it to sql/meson.build, or it is not part of the "
				"program");
	if (run->faults.count)
		return NULL;
	buf_init(&text, run->arena, OUT_BYTES_MAX);
	emit_registry(&run->program, &text);
	return file_write(run->arena, run->options.out, &text);
}

static struct err *
run_migrations(struct run *run)
{
	struct buf text;

	if (run->faults.count)
		return NULL;
	buf_init(&text, run->arena, OUT_BYTES_MAX);
	schema_emit(&run->schema, &text);
	return file_write(run->arena, run->options.out, &text);
}

static struct err *
run_mode(struct run *run)
{
	struct str mode = run->options.mode;

	TRY(types_read(run->arena, path_in(run, run->options.sql, "types.txt"),
		run->options.ids, &run->faults, &run->types));
	TRY(schema_read(
		run->arena, run->options.sql, &run->types, &run->faults, &run->schema));
	if (str_eq(mode, STR("migrations")))
		TRY(run_migrations(run));
	else if (str_eq(mode, STR("queries")))
		TRY(run_queries(run));
	else if (str_eq(mode, STR("registry")))
		TRY(run_registry(run));
	else
		return err_in(run->arena, ERR_INVALID,
			"unknown mode '" STR_FMT
			"'; it is migrations, queries or registry",
			STR_ARG(mode));
	return write_depfile(run);
}

int
main(int argc, char **argv)
{
	struct arena arena;
	struct run run = { .arena = &arena };
	struct err *err;
	bool is_ok;

	if (!read_options(argc, argv, &run.options)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	arena_init(&arena, ARENA_BYTES);
	faults_init(&run.faults, &arena);
	err = run_mode(&run);
	if (err)
		fprintf(stderr, STR_FMT "\n", STR_ARG(err->message));
	fprintf(stderr, STR_FMT, STR_ARG(buf_str(&run.faults.text)));
	is_ok = !err && run.faults.count == 0;
	arena_release(&arena);
	return is_ok ? 0 : 1;
}
