#include "predictions/upload.h"

#include "base/map.h"
#include "predictions/models_q.h"
#include "predictions/on_record.h"
#include "predictions/publication.h"
#include "predictions/upload_row.h"
#include "sys/wait.h"

/* A batch on its way. */
struct uploading {
	struct ctx *ctx;
	const struct upload_options *options;
	struct str text;
	struct game_set games;
	struct upload upload;
	struct err *err;
	struct upload_counts counts;
	struct on_record_names models; /* of its rows, each once */
};

/* On another thread: 100,000 rows take a good part of a second. */
static void
read_elsewhere(void *arg)
{
	struct uploading *uploading = arg;

	uploading->err = upload_read(uploading->ctx, uploading->options, uploading->text,
		&uploading->games, &uploading->upload);
}

/* Of each game once what all its rows say. */
static struct err *
put_matchups(struct uploading *uploading)
{
	struct upload *upload = &uploading->upload;

	for (size_t i = 0; i < upload->rows.count; i++) {
		struct upload_put *row = &upload->rows.items[i];
		const struct upload_put *before = i > 0 ? row - 1 : NULL;

		row->matchup = before && str_eq(before->nflverse_id, row->nflverse_id)
			? before->matchup
			: str_fmt(uploading->ctx->arena, STR_FMT " @ " STR_FMT,
				  STR_ARG(row->away_team), STR_ARG(row->home_team));
		if (str_is_none(row->matchup))
			return err_no_memory();
	}
	return NULL;
}

/* Make the models known, and refuse to change what one is said to see. RET_STANDS:
 * whether one of them has forecast before. */
static struct err *
put_models(struct tx *tx, struct uploading *uploading, bool *ret_stands)
{
	const struct upload *upload = &uploading->upload;
	bool sees_line = uploading->options->sees_line;
	struct model_row_list known = { .count = 0 };
	struct upload_standing standing;
	struct map done;

	map_init(&done, tx->ctx->arena);
	uploading->models = (struct on_record_names){ .count = 0 };
	*ret_stands = false;
	TRY(q_model_list(tx, &known));
	for (size_t i = 0; i < upload->rows.count; i++) {
		struct str name = upload->rows.items[i].model;

		if (map_find(&done, name))
			continue;
		if (!map_put(&done, name, &upload->rows.items[i]) ||
			!VEC_PUSH(tx->ctx->arena, &uploading->models, name))
			return err_no_memory();
		for (size_t j = 0; j < known.count; j++)
			if (str_eq(known.items[j].name, name) &&
				known.items[j].sees_line != sees_line)
				return err_new(tx->ctx, ERR_CONFLICT,
					"model '" STR_FMT
					"' has published as one that %s the "
					"closing line: give the other another name",
					STR_ARG(name),
					sees_line ? "does not see" : "sees");
		TRY(q_model_put(tx,
			(struct model_put){ .name = name,
				.sees_line = sees_line,
				.now = tx->ctx->now }));
		TRY(q_upload_standing_find(tx, name, &standing));
		*ret_stands |= standing.is_there;
	}
	return NULL;
}

static struct err *
put_on_record(struct tx *tx, const struct uploading *uploading)
{
	const struct upload_counts *counts = &uploading->counts;
	const struct on_record_count told[] = { { "rows", counts->rows },
		{ "stored", counts->stored }, { "unchanged", counts->unchanged },
		{ "superseded", counts->superseded } };

	return on_record_models(tx, &uploading->models, told, COUNT_OF(told));
}

static struct err *
store_in_tx(struct tx *tx, void *arg)
{
	struct uploading *uploading = arg;
	const struct upload *upload = &uploading->upload;
	struct upload_counts *counts = &uploading->counts;
	int64_t gathered;
	bool stands;

	*counts = (struct upload_counts){ .rows = (int64_t)upload->rows.count };
	TRY(put_models(tx, uploading, &stands));
	TRY(q_upload_put(tx, upload->rows.items, upload->rows.count, &gathered));
	if (stands) {
		TRY(q_upload_drop_unchanged(tx, &counts->unchanged));
		if (counts->unchanged == counts->rows)
			return put_on_record(tx, uploading);
		TRY(q_upload_supersede(tx, tx->ctx->now, &counts->superseded));
	}
	TRY(q_upload_publish(tx, tx->ctx->now, &counts->stored));
	if (counts->stored + counts->unchanged != counts->rows)
		return err_new(tx->ctx, ERR_CONFLICT,
			"games of the batch began or changed while it was read: send it "
			"again");
	TRY(q_upload_clear(tx));
	TRY(put_on_record(tx, uploading));
	return publication_renew(tx);
}

/* Once, and not with every row that names none. */
static struct err *
model_check(struct ctx *ctx, struct str model)
{
	struct str fault;

	if (str_is_none(model))
		return NULL;
	fault = upload_model_fault(ctx->arena, model);
	return str_is_none(fault) ? NULL
				  : err_field(ctx, "model", STR_FMT, STR_ARG(fault));
}

struct err *
upload_run(struct ctx *ctx, const struct upload_options *options, struct str text,
	struct upload_counts *ret, struct upload_faults *ret_faults)
{
	struct uploading uploading = { .ctx = ctx, .options = options, .text = text };
	const struct upload *upload = &uploading.upload;
	struct upload_news news = { .new_subjects = 0 };

	if (text.len > UPLOAD_BYTES_MOST)
		return err_new(ctx, ERR_TOO_LARGE, "a batch is at most %d MiB",
			UPLOAD_BYTES_MOST >> 20);
	TRY(model_check(ctx, options->model));
	TRY(game_set_read(ctx, &uploading.games));
	TRY(fiber_offload(ctx, read_elsewhere, &uploading));
	TRY(uploading.err);
	if (upload->row_count == 0 && upload->faults.count == 0)
		return err_new(ctx, ERR_INVALID,
			"the batch has no rows: one JSON object a line, or CSV with a "
			"head");
	TRY(put_matchups(&uploading));
	/* Before they are stored: then none is new. */
	if (upload->faults.count == 0)
		TRY(upload_subjects_check(ctx, upload, &news));
	if (upload->faults.count == 0 && !options->is_dry_run)
		TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, store_in_tx, &uploading));
	uploading.counts.rows = upload->row_count;
	uploading.counts.news = news;
	*ret = uploading.counts;
	*ret_faults = (struct upload_faults){ upload->faults.items,
		upload->faults.count };
	return NULL;
}
