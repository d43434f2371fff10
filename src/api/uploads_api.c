/* Batches from administrators: forecasts of other models, and what props came to. */
#include "api/route.h"
#include "api/schemas.h"
#include "base/map.h"
#include "base/vec.h"
#include "codec/json_write.h"
#include "http/respond.h"
#include "predictions/prop.h"
#include "predictions/upload.h"

enum {
	ERRORS_BYTES_MAX = 64 << 20,
	ERRORS_IN_FULL = 1000, /* the rest of a batch's by field, in a word */
	STATUS_INVALID = 400,
};

struct batch_row {
	int64_t rows, stored, unchanged, superseded, new_subjects;
	struct str warnings;
	bool dry_run;
};

static const struct field batch_fields[] = {
	FIELD(struct batch_row, rows, I64, "rows of the batch"),
	FIELD(struct batch_row, stored, I64, "rows that were stored; 0 of a dry run"),
	FIELD(struct batch_row, unchanged, I64,
		"rows that say what stands already; 0 of a dry run"),
	FIELD(struct batch_row, superseded, I64,
		"forecasts, or grades, that these rows replace"),
	FIELD(struct batch_row, dry_run, BOOL, "whether this was only a check"),
	FIELD(struct batch_row, new_subjects, I64,
		"subjects of props that their model has not had this season or the last; "
		"of "
		"results, that no forecast of the game counts"),
	FIELD(struct batch_row, warnings, TEXTS,
		"a line about each of the first 20 of them, which may be misspelt; of a "
		"model that has had none yet nothing"),
};
const struct row_schema batch_schema = ROW_SCHEMA(
	"batch", struct batch_row, batch_fields, "What became of a batch");

static bool
is_csv(const struct request *rq)
{
	return str_starts_with(
		http_request_header(rq->http, STR("Content-Type")), STR("text/csv"));
}

static void
put_fault(struct json *json, const struct upload_fault *fault)
{
	json_put_key(json, STR("field"));
	json_put_text(json, fault->field);
	json_put_key(json, STR("reason"));
	json_put_text(json, fault->reason);
}

/* Faults of one field, of the first of which the reason is told. */
struct alike {
	const struct upload_fault *first;
	int64_t begin, end; /* the last lines beside one another, not yet in LINES */
	struct buf lines;   /* 1002-1500,1502 */
};

static void
put_lines(struct alike *alike)
{
	buf_fmt(&alike->lines, "%s%lld", alike->lines.len ? "," : "",
		(long long)alike->begin);
	if (alike->end > alike->begin)
		buf_fmt(&alike->lines, "-%lld", (long long)alike->end);
}

struct rest {
	struct map by_field; /* → struct alike */
	struct {
		VEC_OF(struct alike *)
	} list;
};

static struct err *
add_fault(struct ctx *ctx, struct rest *rest, const struct upload_fault *fault)
{
	struct alike *alike = map_find(&rest->by_field, fault->field);

	if (alike && fault->line == alike->end + 1) {
		alike->end++;
		return NULL;
	}
	if (alike) {
		put_lines(alike);
	} else {
		TRY_NEW(ctx->arena, alike, 1);
		alike->first = fault;
		buf_init(&alike->lines, ctx->arena, ERRORS_BYTES_MAX);
		if (!map_put(&rest->by_field, fault->field, alike) ||
			!VEC_PUSH(ctx->arena, &rest->list, alike))
			return err_no_memory();
	}
	alike->begin = alike->end = fault->line;
	return NULL;
}

/* Those after the first ERRORS_IN_FULL, once for each field. A member that is unknown is
 * a field too, so there may be as many as faults: each fault is looked at once. */
static struct err *
put_rest(struct ctx *ctx, struct json *json, const struct upload_faults *faults)
{
	struct rest rest = { .list = { .count = 0 } };

	map_init(&rest.by_field, ctx->arena);
	for (size_t i = ERRORS_IN_FULL; i < faults->count; i++)
		TRY(add_fault(ctx, &rest, &faults->items[i]));
	for (size_t i = 0; i < rest.list.count; i++) {
		struct alike *alike = rest.list.items[i];

		put_lines(alike);
		if (buf_is_cut(&alike->lines))
			return err_no_memory();
		json_put_object(json);
		put_fault(json, alike->first);
		json_put_key(json, STR("lines"));
		json_put_text(json, buf_str(&alike->lines));
		json_put_object_end(json);
	}
	return NULL;
}

/* Every row that is wrong, with line, field and reason. */
static struct answer
answer_faults(struct request *rq, int64_t rows, const struct upload_faults *faults)
{
	struct buf out;
	struct json json = json_begin(&out);
	struct http_problem problem = { .status = STATUS_INVALID,
		.code = STR("invalid") };

	buf_init(&out, rq->ctx->arena, ERRORS_BYTES_MAX);
	json_put_array(&json);
	for (size_t i = 0; i < faults->count && i < ERRORS_IN_FULL; i++) {
		json_put_object(&json);
		json_put_key(&json, STR("line"));
		json_put_i64(&json, faults->items[i].line);
		put_fault(&json, &faults->items[i]);
		json_put_object_end(&json);
	}
	ANSWER_ERR(put_rest(rq->ctx, &json, faults));
	json_put_array_end(&json);
	if (buf_is_cut(&out))
		return answer_problem(err_no_memory());
	problem.errors = buf_str(&out);
	/* Nothing was read where the head is wrong. */
	problem.detail = rows == 0
		? STR("the first line is wrong, so nothing was read or stored; errors "
		      "says why")
		: str_fmt(rq->ctx->arena,
			  "%zu of %lld rows are wrong, so nothing was stored; errors "
			  "names each%s",
			  faults->count, (long long)rows,
			  faults->count > ERRORS_IN_FULL
				  ? ", after the first 1000 by field, with the reason "
				    "of the first line"
				  : "");
	return (struct answer){ .http = http_answer_problem(rq->ctx, &problem) };
}

static struct err *
texts_of(struct ctx *ctx, const struct upload_news *news, struct str *ret)
{
	struct buf out;
	struct json json = json_begin(&out);

	buf_init(&out, ctx->arena, ERRORS_BYTES_MAX);
	json_put_array(&json);
	for (size_t i = 0; i < news->warnings.count; i++)
		json_put_text(&json, news->warnings.items[i]);
	json_put_array_end(&json);
	*ret = buf_str(&out);
	return buf_is_cut(&out) ? err_no_memory() : NULL;
}

struct answer
api_prediction_batch(struct request *rq)
{
	const struct upload_options options = {
		.model = rq->params.model,
		.sees_line = rq->params.saw_line.value,
		.is_csv = is_csv(rq),
		.is_dry_run = rq->params.dry_run.value,
	};
	struct upload_counts counts = { .rows = 0 };
	struct upload_faults faults = { .count = 0 };
	struct str warnings;

	request_widen(rq, UPLOAD_MEMORY_BYTES);
	ANSWER_ERR(upload_run(rq->ctx, &options, rq->http->body, &counts, &faults));
	if (faults.count > 0)
		return answer_faults(rq, counts.rows, &faults);
	ANSWER_ERR(texts_of(rq->ctx, &counts.news, &warnings));
	return answer_row(rq, &batch_schema,
		&(struct batch_row){ .rows = counts.rows,
			.stored = counts.stored,
			.unchanged = counts.unchanged,
			.superseded = counts.superseded,
			.new_subjects = counts.news.new_subjects,
			.warnings = warnings,
			.dry_run = options.is_dry_run });
}

struct answer
api_prop_result_batch(struct request *rq)
{
	bool is_dry_run = rq->params.dry_run.value;
	struct prop_counts counts = { .rows = 0 };
	struct upload_faults faults = { .count = 0 };
	struct str warnings;

	request_widen(rq, UPLOAD_MEMORY_BYTES);
	ANSWER_ERR(
		prop_results_run(rq->ctx, rq->http->body, is_dry_run, &counts, &faults));
	if (faults.count > 0)
		return answer_faults(rq, counts.rows, &faults);
	ANSWER_ERR(texts_of(rq->ctx, &counts.news, &warnings));
	return answer_row(rq, &batch_schema,
		&(struct batch_row){ .rows = counts.rows,
			.stored = counts.stored,
			.unchanged = is_dry_run ? 0 : counts.rows - counts.stored,
			.superseded = counts.regraded,
			.new_subjects = counts.news.new_subjects,
			.warnings = warnings,
			.dry_run = is_dry_run });
}
