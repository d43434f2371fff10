/* `gridiron migrate …`: what db/migrate.h does, from the command line. */
#include <stdio.h>
#include <unistd.h>

#include "app/data_folder.h"
#include "app/lock_wait.h"
#include "app/wiring.h"
#include "billing/tier.h"
#include "codec/iso_time.h"
#include "codec/url.h"
#include "db/migrate.h"

enum {
	ANSWER_BYTES_MAX = 16,
	LOCK_WAIT_SECONDS_MAX = 24 * 60 * 60,
};

#define MIGRATIONS_FOLDER "sql/migrations"

#define FLAG_TO                                      \
	{                                            \
		.name = "to", .value = "N",          \
		.help = "stop when N is the newest " \
			"that stands"                \
	}
#define FLAG_DRY_RUN                                                          \
	{                                                                     \
		.name = "dry-run", .help = "print the SQL and change nothing" \
	}
#define FLAG_WAIT                                                            \
	{                                                                    \
		.name = "wait", .value = "SECONDS",                          \
		.help = "how long to wait for another migration to end (60)" \
	}
#define FLAG_YES                                    \
	{                                           \
		.name = "yes", .help = "do not ask" \
	}

/* --- What all have in common -------------------------------------------------------- */

static bool
has_flag(const struct invocation *run, const char *name)
{
	for (const struct flag *flag = run->command->flags; flag && flag->name; flag++)
		if (str_eq(str_from(flag->name), str_from(name)))
			return flag_is_set(run, name);
	return false;
}

/* What was carried out, or would be, for --json. */
struct carried_out {
	struct invocation *run;
	struct table table;
};

static void
put_step(struct table *table, const struct migrate_step *step, bool is_dry_run)
{
	table_put_text(table, step->migration->file);
	table_put_text(table, step->is_down ? STR("down") : STR("up"));
	table_put_i64(
		table, (int64_t)(is_dry_run ? step->statement : step->statement_count));
	if (is_dry_run)
		table_put_text(table, step->sql);
}

static void
keep_step(void *arg, const struct migrate_step *step)
{
	struct carried_out *carried = arg;
	bool is_dry_run = has_flag(carried->run, "dry-run");

	if (step->stage == (is_dry_run ? MIGRATE_STATEMENT : MIGRATE_ENDS))
		put_step(&carried->table, step, is_dry_run);
}

static void
print_step(void *arg, const struct migrate_step *step)
{
	const struct invocation *run = arg;
	bool is_dry_run = has_flag(run, "dry-run");
	const char *way = step->is_down ? "down" : "up";

	switch (step->stage) {
	case MIGRATE_BEGINS:
		if (is_dry_run)
			fprintf(run->console.out, "-- " STR_FMT ", %s\n",
				STR_ARG(step->migration->file), way);
		break;
	case MIGRATE_STATEMENT:
		if (is_dry_run)
			fprintf(run->console.out, STR_FMT ";\n\n", STR_ARG(step->sql));
		break;
	case MIGRATE_STATEMENT_DONE:
		break;
	case MIGRATE_RETRIES:
		fprintf(run->console.err,
			STR_FMT ": a lock was not granted in time; trying again\n",
			STR_ARG(step->migration->file));
		break;
	case MIGRATE_ENDS:
		fprintf(run->console.out, STR_FMT " %s: %zu statements\n",
			STR_ARG(step->migration->file), way, step->statement_count);
		break;
	}
	fflush(run->console.out);
}

static struct err *
options_init(struct invocation *run, struct migrate_options *ret)
{
	struct opt_i32 wait = { 0 };

	*ret = (struct migrate_options){
		.url = run->config.database_url, .wait = lock_wait, .wait_arg = run
	};
	if (has_flag(run, "wait"))
		TRY(flag_i32(run, "wait", 1, LOCK_WAIT_SECONDS_MAX, &wait));
	ret->lock_wait_ms = wait.is_set ? (int64_t)wait.value * 1000 : 0;
	ret->is_dry_run = has_flag(run, "dry-run");
	return NULL;
}

/* As options_init, for what changes the database; CARRIED takes what it does, under
 * --json. */
static struct err *
changing_init(
	struct invocation *run, struct carried_out *carried, struct migrate_options *ret)
{
	static const struct table_column columns[] = { { "file", "FILE" },
		{ "direction", "DIRECTION" }, { "statements", "STATEMENTS" } };
	static const struct table_column dry_columns[] = { { "file", "FILE" },
		{ "direction", "DIRECTION" }, { "statement", "STATEMENT" },
		{ "sql", "SQL" } };

	TRY(options_init(run, ret));
	*carried = (struct carried_out){ .run = run };
	if (ret->is_dry_run)
		TABLE_INIT(&carried->table, run->arena, dry_columns);
	else
		TABLE_INIT(&carried->table, run->arena, columns);
	ret->step = print_step;
	ret->step_arg = run;
	if (run->is_json) {
		ret->step = keep_step;
		ret->step_arg = carried;
	}
	return NULL;
}

/* A change ended with ERR. What was carried out before a failure stands, so under --json
 * that is told as well. */
static struct err *
changing_end(struct carried_out *carried, struct err *err, size_t count, const char *done)
{
	struct invocation *run = carried->run;

	if (run->is_json)
		print_table(run, &carried->table);
	else if (err || !done)
		return err;
	else if (has_flag(run, "dry-run"))
		fprintf(run->console.out, "-- nothing was changed\n");
	else if (count == 0)
		fprintf(run->console.out, "nothing to do\n");
	else
		fprintf(run->console.out, "%zu %s\n", count, done);
	return err;
}

/* The person at the terminal agrees to QUESTION, or --yes was given. */
static struct err *
confirm(struct invocation *run, struct str question)
{
	char answer[ANSWER_BYTES_MAX];
	struct str masked = url_masked(run->arena, run->config.database_url);

	if (flag_is_set(run, "yes") || has_flag(run, "dry-run"))
		return NULL;
	if (!isatty(STDIN_FILENO))
		return usage_err(
			run, "this removes tables and what they hold; say --yes");
	fprintf(run->console.err,
		STR_FMT " on " STR_FMT "? Tables and what they hold are removed. [y/N] ",
		STR_ARG(question), STR_ARG(masked));
	fflush(run->console.err);
	if (fgets(answer, sizeof(answer), stdin) &&
		(answer[0] == 'y' || answer[0] == 'Y'))
		return NULL;
	return err_in(run->arena, ERR_INVALID, "not confirmed, so nothing was changed");
}

/* Lines of a report; exit status 1 where there are any. */
static void
print_report(
	struct invocation *run, const struct migrate_report *report, const char *none)
{
	static const struct table_column columns[] = { { "finding", "FINDING" } };
	struct table table;

	TABLE_INIT(&table, run->arena, columns);
	for (size_t i = 0; i < report->count; i++)
		table_put_text(&table, report->items[i]);
	if (report->count == 0 && !run->is_json)
		fprintf(run->console.out, "%s\n", none);
	else
		print_table(run, &table);
	run->exit_status = report->count > 0;
}

/* --- migrate status ----------------------------------------------------------------- */

static struct err *
run_status(struct invocation *run)
{
	static const struct table_column columns[] = { { "number", "NO" },
		{ "name", "NAME" }, { "state", "STATE" }, { "statements", "STATEMENTS" },
		{ "applied_at", "APPLIED" } };
	struct migrate_options options;
	struct migrate_status status;
	struct table table;

	TRY(options_init(run, &options));
	TRY(migrate_status(&run->ctx, &options, &status));
	TABLE_INIT(&table, run->arena, columns);
	for (size_t i = 0; i < status.count; i++) {
		const struct migrate_status_row *row = &status.items[i];
		struct buf time;

		buf_init(&time, run->arena, ISO_TIME_LEN_MAX);
		iso_time_format(&time, row->applied_at);
		table_put_i64(&table, row->number);
		table_put_text(&table, row->name);
		table_put_text(&table, str_from(migrate_state_name(row->state)));
		table_put_i64(&table, (int64_t)row->statement_count);
		if (row->applied_at)
			table_put_text(&table, buf_str(&time));
		else
			table_put_none(&table);
	}
	print_table(run, &table);
	return NULL;
}

const struct command cmd_migrate_status = {
	.name = "migrate status",
	.args = "",
	.summary = "list the migrations, which stand and which are to come",
	.examples = "migrate status\n"
		    "migrate status --json",
	.needs = NEEDS_CONFIG,
	.run = run_status,
};

/* --- migrate up, down, redo, resume ------------------------------------------------- */

/* What a new database still needs. One that cannot be looked at has its schema all the
 * same. */
static void
say_next_step(struct invocation *run)
{
	bool has_tiers = true;

	if (database_open(run))
		return;
	if (!tier_has_any(&run->ctx, &has_tiers) && !has_tiers)
		fprintf(run->console.out,
			"next: gridiron seed, which puts the plans on file\n");
	database_stop(run);
}

static struct err *
run_up(struct invocation *run)
{
	struct migrate_options options;
	struct carried_out carried;
	struct opt_i32 to = { 0 };
	size_t count = 0;
	struct err *err;

	TRY(changing_init(run, &carried, &options));
	TRY(flag_i32(run, "to", 1, INT32_MAX, &to));
	if (!options.is_dry_run)
		TRY(data_folder_make_for_database(run));
	err = migrate_up(&run->ctx, &options, to.is_set ? to.value : 0, &count);
	TRY(changing_end(&carried, err, count, "applied"));
	if (!options.is_dry_run && !to.is_set && !run->is_json)
		say_next_step(run);
	return NULL;
}

static const struct flag up_flags[] = { FLAG_TO, FLAG_DRY_RUN, FLAG_WAIT, { 0 } };

const struct command cmd_migrate_up = {
	.name = "migrate up",
	.args = "",
	.summary = "bring the database to the schema of this program",
	.detail = "Each migration runs in one transaction, unless its file says why not. "
		  "One process at a time migrates; others wait.",
	.examples = "migrate up\n"
		    "migrate up --dry-run\n"
		    "migrate up --to 5\n"
		    "migrate up --json",
	.flags = up_flags,
	.needs = NEEDS_LOOP,
	.run = run_up,
};

static struct err *
run_down(struct invocation *run)
{
	struct migrate_options options;
	struct carried_out carried;
	struct opt_i32 to = { 0 };
	int32_t newest;
	size_t count = 0;
	struct err *err;

	TRY(changing_init(run, &carried, &options));
	TRY(flag_i32(run, "to", 0, INT32_MAX, &to));
	if (to.is_set && flag_is_set(run, "all"))
		return usage_err(run, "say --to N or --all, not both");
	TRY(migrate_newest(&run->ctx, &options, &newest));
	if (flag_is_set(run, "all"))
		to.value = 0;
	else if (!to.is_set)
		to.value = newest > 0 ? newest - 1 : 0;
	/* Else there is nothing to lose, or no such migration. */
	if (to.value < newest)
		TRY(confirm(run,
			to.value + 1 == newest
				? str_fmt(run->arena, "undo migration %d", newest)
				: str_fmt(run->arena, "undo migrations %d to %d", newest,
					  to.value + 1)));
	err = migrate_down(&run->ctx, &options, to.value, &count);
	return changing_end(&carried, err, count, "undone");
}

static const struct flag down_flags[] = { FLAG_TO,
	{ .name = "all", .help = "undo every migration" }, FLAG_YES, FLAG_DRY_RUN,
	FLAG_WAIT, { 0 } };

const struct command cmd_migrate_down = {
	.name = "migrate down",
	.args = "",
	.summary = "undo the newest migration, or all down to a number",
	.detail = "Tables that a migration made are removed with what they hold. Asks "
		  "first.",
	.examples = "migrate down\n"
		    "migrate down --to 6 --yes\n"
		    "migrate down --all --dry-run",
	.flags = down_flags,
	.needs = NEEDS_CONFIG,
	.run = run_down,
};

static struct err *
run_redo(struct invocation *run)
{
	struct migrate_options options;
	struct carried_out carried;

	TRY(changing_init(run, &carried, &options));
	TRY(confirm(run, STR("undo the newest migration and apply it again")));
	return changing_end(&carried, migrate_redo(&run->ctx, &options), 0, NULL);
}

static const struct flag redo_flags[] = { FLAG_YES, FLAG_DRY_RUN, FLAG_WAIT, { 0 } };

const struct command cmd_migrate_redo = {
	.name = "migrate redo",
	.args = "",
	.summary = "undo the newest migration and apply it again",
	.examples = "migrate redo --yes",
	.flags = redo_flags,
	.needs = NEEDS_CONFIG,
	.run = run_redo,
};

static struct err *
run_resume(struct invocation *run)
{
	struct migrate_options options;
	struct carried_out carried;
	size_t count = 0;
	struct err *err;

	TRY(changing_init(run, &carried, &options));
	err = migrate_resume(&run->ctx, &options, &count);
	return changing_end(&carried, err, count, "statements and indexes finished");
}

static const struct flag resume_flags[] = { FLAG_DRY_RUN, FLAG_WAIT, { 0 } };

const struct command cmd_migrate_resume = {
	.name = "migrate resume",
	.args = "",
	.summary = "finish what was interrupted, rebuild invalid indexes",
	.detail = "Only a migration that runs outside a transaction can be interrupted "
		  "half-way; it goes on behind the last statement on record.",
	.examples = "migrate resume",
	.flags = resume_flags,
	.needs = NEEDS_CONFIG,
	.run = run_resume,
};

/* --- migrate verify, lint, new ------------------------------------------------------ */

static struct err *
run_verify(struct invocation *run)
{
	struct migrate_options options;
	struct migrate_report report;

	TRY(options_init(run, &options));
	TRY(migrate_verify(&run->ctx, &options, &report));
	print_report(run, &report, "the schema is what its migrations make");
	return NULL;
}

const struct command cmd_migrate_verify = {
	.name = "migrate verify",
	.args = "",
	.summary = "compare the database with what its migrations make",
	.detail = "Tables, columns, constraints, indexes with their predicates, row "
		  "security and rights. Exit status 1 where they differ. Makes a scratch "
		  "schema in a transaction that is rolled back.",
	.examples = "migrate verify\n"
		    "migrate verify --json",
	.needs = NEEDS_CONFIG,
	.run = run_verify,
};

static struct err *
run_lint(struct invocation *run)
{
	struct migrate_options options;
	struct migrate_report report;

	TRY(options_init(run, &options));
	if (flag_is_set(run, "all"))
		options.url = STR("");
	TRY(migrate_lint(&run->ctx, &options, &report));
	print_report(run, &report, "no risk found");
	return NULL;
}

static const struct flag lint_flags[] = {
	{ .name = "all", .help = "look at every migration, without a database" }, { 0 }
};

const struct command cmd_migrate_lint = {
	.name = "migrate lint",
	.args = "",
	.summary = "say what is risky about the pending migrations on this database",
	.detail = "Long locks on large tables, and changes that the running version "
		  "cannot bear. Exit status 1 where there are any.",
	.examples = "migrate lint\n"
		    "migrate lint --all",
	.flags = lint_flags,
	.needs = NEEDS_CONFIG,
	.run = run_lint,
};

static struct err *
run_new(struct invocation *run)
{
	struct str path;

	TRY(migrate_new(&run->ctx, STR(MIGRATIONS_FOLDER), run->args[0], &path));
	if (run->is_json) {
		static const struct table_column columns[] = { { "file", "FILE" } };
		struct table table;

		TABLE_INIT(&table, run->arena, columns);
		table_put_text(&table, path);
		print_table(run, &table);
		return NULL;
	}
	fprintf(run->console.out, STR_FMT "\n", STR_ARG(path));
	return NULL;
}

const struct command cmd_migrate_new = {
	.name = "migrate new",
	.args = "NAME",
	.summary = "make the file of a new migration",
	.detail = "Run it in the project's top folder; docs/schema.md says how to write "
		  "one.",
	.examples = "migrate new add_user_locale",
	.args_min = 1,
	.args_max = 1,
	.needs = NEEDS_CONFIG,
	.run = run_new,
};
