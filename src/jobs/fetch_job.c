/* The games feed: asked for on schedule, read where it has changed, stored as a whole or
 * not at all. */
#include "codec/json_read.h"
#include "jobs/job.h"
#include "predictions/import.h"
#include "predictions/source.h"

enum {
	STATE_BYTES_MAX = 4096,
	FAULTS_NAMED = 3,
};

/* What the last run kept: of which source, and which edition of it was stored. */
static struct err *
seen_read(struct ctx *ctx, const struct job_run *run, struct str where,
	struct games_edition *ret)
{
	struct json_node state;
	const struct json_node *kept, *etag, *last_modified;

	TRY(json_read(ctx->arena, run->state, &state));
	kept = json_node_find(&state, STR("where"));
	etag = json_node_find(&state, STR("etag"));
	last_modified = json_node_find(&state, STR("last_modified"));
	/* Validators of one source say nothing of another. */
	if (!kept || !str_eq(kept->text, where))
		return NULL;
	ret->etag = etag ? etag->text : STR_NONE;
	ret->last_modified = last_modified ? last_modified->text : STR_NONE;
	return NULL;
}

static struct err *
seen_write(struct ctx *ctx, struct job_run *run, struct str where,
	const struct games_edition *seen)
{
	struct buf text;
	struct json json = json_begin(&text);

	buf_init(&text, ctx->arena, STATE_BYTES_MAX);
	json_put_object(&json);
	json_put_key(&json, STR("where"));
	json_put_text(&json, where);
	json_put_key(&json, STR("etag"));
	json_put_text(&json, seen->etag);
	json_put_key(&json, STR("last_modified"));
	json_put_text(&json, seen->last_modified);
	json_put_object_end(&json);
	if (buf_is_cut(&text))
		return err_no_memory();
	run->state = buf_str(&text);
	return NULL;
}

/* A feed with faulty rows is refused as a whole: what is stored goes on being served, and
 * the operator sees why. */
static struct err *
faults_refuse(struct ctx *ctx, const struct games_source *source, const struct feed *feed)
{
	struct err *err;

	if (feed->fault_count == 0)
		return NULL;
	err = err_new(ctx, ERR_INVALID,
		STR_FMT ": %zu %s faulty, nothing was stored; the first: line "
			"%lld, " STR_FMT " " STR_FMT,
		STR_ARG(source->name), feed->fault_count,
		feed->fault_count == 1 ? "row is" : "rows are",
		(long long)feed->faults.items[0].line,
		STR_ARG(feed->faults.items[0].column),
		STR_ARG(feed->faults.items[0].reason));
	for (size_t i = 1; i < feed->faults.count && i < FAULTS_NAMED; i++)
		err_note(err, "line %lld: " STR_FMT,
			(long long)feed->faults.items[i].line,
			STR_ARG(feed->faults.items[i].reason));
	return err;
}

static void
put_count(struct json *json, struct str key, int64_t count)
{
	json_put_key(json, key);
	json_put_i64(json, count);
}

/* Games that are lacking, but for the few that are noted as missing or called off, were
 * lost on the way to the feed or in it. */
static struct err *
lacking_warn(struct ctx *ctx, struct job_run *run, const struct import_counts *counts)
{
	if (!counts->is_partial)
		return NULL;
	run->warning = str_fmt(ctx->arena,
		"the feed lacks %lld stored games of its seasons or later ones, which "
		"stay as they are; where it is right, gridiron import --called-off calls "
		"off those to come",
		(long long)counts->lacking);
	if (str_is_none(run->warning))
		return err_no_memory();
	json_put_key(run->result, STR("warning"));
	json_put_text(run->result, run->warning);
	return NULL;
}

static struct err *
store(struct ctx *ctx, struct job_run *run, const struct games_source *source,
	bool is_simulated)
{
	struct feed feed = { .fault_count = 0 };
	struct import_counts counts = { .created = 0 };
	struct err *err = feed_read(ctx->arena, source->csv, ctx->now, &feed);

	if (err)
		return games_source_err(source, err);
	TRY(faults_refuse(ctx, source, &feed));
	TRY(import_store(ctx, &feed,
		&(struct import_options){ .source = source->name,
			.is_simulated = is_simulated,
			.is_feed = true },
		&counts));
	put_count(run->result, STR("new"), counts.created);
	put_count(run->result, STR("changed"), counts.changed);
	put_count(run->result, STR("unchanged"), counts.unchanged);
	put_count(run->result, STR("lacking"), counts.lacking);
	put_count(run->result, STR("missing"), counts.missing);
	put_count(run->result, STR("on_again"), counts.on_again);
	if (counts.created || counts.changed || counts.on_again)
		run->has_changed = true;
	return lacking_warn(ctx, run, &counts);
}

static struct err *
fetch_simulated(struct ctx *ctx, struct job_run *run)
{
	struct games_source source;

	TRY(games_source_simulate(ctx, &source));
	return store(ctx, run, &source, true);
}

struct err *
job_fetch(struct ctx *ctx, struct job_run *run)
{
	struct games_source_options options = {
		.where = run->setup->games.len ? run->setup->games
					       : STR(GAMES_PUBLIC_URL),
	};
	struct games_source source;
	struct err *err;

	if (str_eq(options.where, STR(GAMES_SIMULATED)))
		return fetch_simulated(ctx, run);
	TRY(seen_read(ctx, run, options.where, &options.seen));
	TRY(games_source_open(ctx, &options, &source));
	json_put_key(run->result, STR("source"));
	json_put_text(run->result, source.name);
	run->is_nothing_new = source.is_unchanged;
	if (source.is_unchanged) {
		json_put_key(run->result, STR("feed"));
		json_put_text(run->result, STR("not modified"));
		games_source_close(&source);
		return NULL;
	}
	err = store(ctx, run, &source, false);
	games_source_close(&source);
	return err ? err : seen_write(ctx, run, options.where, &source.edition);
}
