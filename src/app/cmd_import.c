#include "app/command.h"
#include "app/games_import.h"
#include "codec/json_write.h"
#include "jobs/schedule.h"

enum {
	FAULTS_SHOWN = 20,
	JSON_BYTES_MAX = 1 << 20,
};

static const struct flag flags[] = {
	{ "skip-bad", NULL, "store the other rows where some are faulty" },
	{ "called-off", NULL,
		"games to come that the file lacks are called off at once, however "
		"many" },
	{ "yes", NULL,
		"more than two games called off, or more than sixteen results "
		"changed, are right" },
	{ "dry-run", NULL,
		"say what would be stored and which games called off, and store "
		"nothing" },
	{ "simulated", NULL,
		"make up a league, marked as simulated, instead of reading one" },
	{ 0 },
};

static void
faults_print(FILE *file, const struct games_source *source, const struct feed *feed)
{
	for (size_t i = 0; i < feed->faults.count && i < FAULTS_SHOWN; i++) {
		const struct feed_fault *fault = &feed->faults.items[i];

		fprintf(file, STR_FMT " line %lld", STR_ARG(source->name),
			(long long)fault->line);
		if (!str_is_none(fault->column))
			fprintf(file, ", column " STR_FMT, STR_ARG(fault->column));
		fprintf(file, ": " STR_FMT "\n", STR_ARG(fault->reason));
	}
	if (feed->fault_count > FAULTS_SHOWN)
		fprintf(file, "and %zu more\n", feed->fault_count - FAULTS_SHOWN);
}

static void
put_count(struct json *json, struct str key, int64_t count)
{
	json_put_key(json, key);
	json_put_i64(json, count);
}

static void
json_print(struct invocation *run, const struct games_source *source,
	const struct feed *feed, const struct import_counts *counts)
{
	struct buf out;
	struct json json = json_begin(&out);

	buf_init(&out, run->arena, JSON_BYTES_MAX);
	json_put_object(&json);
	json_put_key(&json, STR("source"));
	json_put_text(&json, source->name);
	json_put_key(&json, STR("dry_run"));
	json_put_bool(&json, flag_is_set(run, "dry-run"));
	put_count(&json, STR("new"), counts->created);
	put_count(&json, STR("changed"), counts->changed);
	put_count(&json, STR("unchanged"), counts->unchanged);
	put_count(&json, STR("refused"), (int64_t)feed->fault_count);
	put_count(&json, STR("results"), counts->results);
	put_count(&json, STR("lacking"), counts->lacking);
	put_count(&json, STR("missing"), counts->missing);
	put_count(&json, STR("called_off"), counts->called_off);
	put_count(&json, STR("on_again"), counts->on_again);
	if (flag_is_set(run, "dry-run")) {
		json_put_key(&json, STR("needs_yes"));
		json_put_bool(&json, counts->is_doubted);
	} else {
		put_count(&json, STR("regraded"), counts->regraded);
	}
	json_put_key(&json, STR("off"));
	json_put_array(&json);
	for (int64_t i = 0; i < counts->called_off; i++)
		json_put_text(&json, counts->off[i].nflverse_id);
	json_put_array_end(&json);
	json_put_key(&json, STR("faults"));
	json_put_array(&json);
	for (size_t i = 0; i < feed->faults.count; i++) {
		json_put_object(&json);
		put_count(&json, STR("line"), feed->faults.items[i].line);
		json_put_key(&json, STR("column"));
		json_put_text(&json, feed->faults.items[i].column);
		json_put_key(&json, STR("reason"));
		json_put_text(&json, feed->faults.items[i].reason);
		json_put_object_end(&json);
	}
	json_put_array_end(&json);
	json_put_object_end(&json);
	fprintf(run->console.out, STR_FMT "\n", STR_ARG(buf_str(&out)));
}

static void
off_print(const struct invocation *run, const struct import_counts *counts)
{
	fprintf(run->console.out,
		flag_is_set(run, "dry-run")
			? "games that would be called off, as it lacks them: %lld\n"
			: "games called off, as it lacks them: %lld\n",
		(long long)counts->called_off);
	for (int64_t i = 0; i < counts->called_off; i++)
		fprintf(run->console.out, "  " STR_FMT "\n",
			STR_ARG(counts->off[i].nflverse_id));
}

static void
counts_print(struct invocation *run, const struct games_source *source,
	const struct feed *feed, const struct import_counts *counts)
{
	int64_t staying = counts->lacking - counts->missing - counts->called_off;

	if (run->is_json) {
		json_print(run, source, feed, counts);
		return;
	}
	fprintf(run->console.out,
		STR_FMT ": %lld new, %lld changed, %lld unchanged, %zu refused\n",
		STR_ARG(source->name), (long long)counts->created,
		(long long)counts->changed, (long long)counts->unchanged,
		feed->fault_count);
	if (flag_is_set(run, "dry-run"))
		fprintf(run->console.out, "a dry run: nothing was stored\n");
	if (counts->is_doubted)
		fprintf(run->console.out,
			"that is more than is likely: storing it needs --yes\n");
	if (counts->results)
		fprintf(run->console.out,
			"results of games that were over, others now or gone: %lld\n",
			(long long)counts->results);
	if (counts->called_off)
		off_print(run, counts);
	if (staying)
		fprintf(run->console.out,
			"stored games that it lacks: %lld; they stay as they are%s\n",
			(long long)staying,
			flag_is_set(run, "called-off")
				? ", as they have been played"
				: ", and --called-off calls those to come off");
	if (counts->missing)
		fprintf(run->console.out,
			"games to come that it has no longer: %lld; after a day they are "
			"called off\n",
			(long long)counts->missing);
	if (counts->on_again)
		fprintf(run->console.out, "games on again that were called off: %lld\n",
			(long long)counts->on_again);
	if (counts->regraded)
		fprintf(run->console.out,
			"%lld forecasts lost their grades to changed scores: run "
			"gridiron "
			"grade\n",
			(long long)counts->regraded);
}

static struct err *
import_from(struct invocation *run, struct games_source *source, bool is_simulated)
{
	struct feed feed = { .fault_count = 0 };
	struct import_counts counts = { .created = 0 };
	struct err *err = feed_read(run->arena, source->csv, run->ctx.now, &feed);

	if (err)
		return games_source_err(source, err);
	faults_print(run->console.err, source, &feed);
	if (feed.fault_count && !flag_is_set(run, "skip-bad"))
		return err_in(run->arena, ERR_INVALID,
			STR_FMT ": %zu of %zu rows %s faulty, nothing was stored; "
				"correct them, or store the others with --skip-bad",
			STR_ARG(source->name), feed.fault_count,
			feed.fault_count + feed.games.count,
			feed.fault_count == 1 ? "is" : "are");
	TRY(games_store(run, source, &feed,
		(struct import_options){ .is_simulated = is_simulated,
			.calls_off = flag_is_set(run, "called-off"),
			.is_sure = flag_is_set(run, "yes"),
			.is_dry_run = flag_is_set(run, "dry-run") },
		&counts));
	counts_print(run, source, &feed, &counts);
	/* Also where nothing changed: the one before may not have come so far. */
	return flag_is_set(run, "dry-run") ? NULL
					   : schedule_done_by_hand(&run->ctx, JOB_fetch);
}

/* By the flag, or as the setting says that the command falls back to. */
static bool
is_simulated(const struct invocation *run)
{
	return flag_is_set(run, "simulated") ||
		(run->arg_count == 0 && str_eq(run->config.games, STR(GAMES_SIMULATED)));
}

static struct err *
check_import(struct invocation *run)
{
	if (flag_is_set(run, "simulated") && run->arg_count)
		return usage_err(run, "--simulated reads no file");
	/* Of a row that cannot be read nobody knows which game it lacks. */
	if (flag_is_set(run, "called-off") &&
		(is_simulated(run) || flag_is_set(run, "skip-bad")))
		return usage_err(run, "--called-off goes with a whole file only");
	return NULL;
}

static struct err *
run_import(struct invocation *run)
{
	struct games_source source;
	struct str where = STR(GAMES_PUBLIC_URL);
	struct err *err;

	/* The setting is known only here. */
	TRY(check_import(run));
	if (is_simulated(run)) {
		TRY(games_source_simulate(&run->ctx, &source));
		return import_from(run, &source, true);
	}
	if (run->arg_count)
		where = run->args[0];
	else if (run->config.games.len)
		where = run->config.games;
	TRY(games_open(run, where, &source));
	err = import_from(run, &source, false);
	games_source_close(&source);
	return err;
}

const struct command cmd_import = {
	.name = "import",
	.args = "[FILE|URL]",
	.summary = "read games, scores and lines from an nflverse games.csv",
	.detail = "The file may be packed by gzip. Without one, GRIDIRON_GAMES is read, "
		  "or else what nflverse publishes.\n"
		  "Games that did not change are not touched; where a score changed, "
		  "forecasts are graded again.\n"
		  "A file with a faulty row is refused as a whole, so that a fault is "
		  "seen before it becomes a gap;\n"
		  "with --skip-bad the other rows are stored. Whatever fails, nothing is "
		  "half-written.\n"
		  "What can hardly be, as results of a whole week that are others now, "
		  "needs --yes.",
	.examples =
		"import games.csv\n"
		"import --skip-bad games.csv.gz\n"
		"import --called-off --dry-run games.csv\n"
		"import --called-off --yes games.csv\n"
		"import https://raw.githubusercontent.com/nflverse/nfldata/master/data/"
		"games.csv --json",
	.flags = flags,
	.args_max = 1,
	.needs = NEEDS_DATABASE,
	.uses_keys = true,
	.check = check_import,
	.run = run_import,
};
