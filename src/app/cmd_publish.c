/* gridiron publish: forecasts of other models from a file, as POST
 * /v1/admin/predictions:batch takes them. */
#include "app/command.h"
#include "predictions/upload.h"

enum {
	FAULTS_SHOWN = 20,
};

static const struct flag flags[] = {
	{ "model", "NAME", "the model of rows that name none" },
	{ "saw-line", NULL,
		"the model looks at the closing line of the game it forecasts" },
	{ "dry-run", NULL, "check everything, store nothing" },
	{ 0 },
};

static const struct table_column fault_columns[] = {
	{ "line", "LINE" },
	{ "field", "FIELD" },
	{ "reason", "REASON" },
};

static void
print_faults(struct invocation *run, const struct upload_faults *faults)
{
	size_t shown = run->is_json || faults->count < FAULTS_SHOWN ? faults->count
								    : FAULTS_SHOWN;
	struct table table;

	TABLE_INIT(&table, run->arena, fault_columns);
	for (size_t i = 0; i < shown; i++) {
		table_put_i64(&table, faults->items[i].line);
		table_put_text(&table, faults->items[i].field);
		table_put_text(&table, faults->items[i].reason);
	}
	print_table(run, &table);
	if (shown < faults->count)
		fprintf(run->console.out, "… and %zu more; --json shows all\n",
			faults->count - shown);
}

static bool
is_csv(struct str path)
{
	struct str end = STR(".csv");

	return path.len >= end.len &&
		str_eq_nocase(str_slice(path, path.len - end.len, path.len), end);
}

static struct err *
run_publish(struct invocation *run)
{
	struct upload_options options = {
		.model = flag_text(run, "model"),
		.sees_line = flag_is_set(run, "saw-line"),
		.is_csv = is_csv(run->args[0]),
		.is_dry_run = flag_is_set(run, "dry-run"),
	};
	struct upload_counts counts = { .rows = 0 };
	struct upload_faults faults = { .count = 0 };
	struct str text = STR_NONE;

	TRY(console_read_file(
		&run->console, run->arena, run->args[0], UPLOAD_BYTES_MOST, &text));
	TRY(upload_run(&run->ctx, &options, text, &counts, &faults));
	if (faults.count > 0) {
		print_faults(run, &faults);
		/* Nothing was read where the head is wrong. */
		if (counts.rows == 0)
			return err_in(run->arena, ERR_INVALID,
				"the first line is wrong, so nothing was read or stored");
		return err_in(run->arena, ERR_INVALID,
			"%zu of %lld rows are wrong, so nothing was stored", faults.count,
			(long long)counts.rows);
	}
	for (size_t i = 0; i < counts.news.warnings.count && !run->is_json; i++)
		fprintf(run->console.out, STR_FMT "\n",
			STR_ARG(counts.news.warnings.items[i]));
	if (run->is_json)
		fprintf(run->console.out,
			"{\"rows\": %lld, \"stored\": %lld, \"unchanged\": %lld, "
			"\"superseded\": %lld, \"new_subjects\": %lld}\n",
			(long long)counts.rows, (long long)counts.stored,
			(long long)counts.unchanged, (long long)counts.superseded,
			(long long)counts.news.new_subjects);
	else if (options.is_dry_run)
		fprintf(run->console.out, "%lld row%s right; nothing was stored\n",
			(long long)counts.rows, counts.rows == 1 ? " is" : "s are");
	else
		fprintf(run->console.out,
			"%lld rows: %lld forecasts stored in place of %lld, %lld "
			"unchanged\n",
			(long long)counts.rows, (long long)counts.stored,
			(long long)counts.superseded, (long long)counts.unchanged);
	return NULL;
}

const struct command cmd_publish = {
	.name = "publish",
	.args = "FILE",
	.summary = "store forecasts of another model, all rows or none",
	.detail =
		"FILE is CSV where its name ends in .csv, else JSON lines: game_id, type "
		"(game, "
		"ats, total, prop), pick, probability,\nand as the type needs line, "
		"subject, odds, confidence, data, model. Games that have begun are "
		"refused;\nthe rest is graded like the house's own forecasts "
		"(docs/games.md).",
	.examples = "publish --model elo --dry-run week.csv\n"
		    "publish --model market --saw-line week.jsonl",
	.flags = flags,
	.args_min = 1,
	.args_max = 1,
	.needs = NEEDS_DATABASE,
	.uses_keys = true,
	.run = run_publish,
};
