/* Answers from rows and from errors. */
#include "api/route.h"
#include "codec/json_write.h"

enum {
	ANSWER_BYTES_MAX = 8 << 20,
	ROW_BYTES_GUESS = 768, /* so that most answers never have to grow */
};

struct answer
answer_problem(struct err *err)
{
	return (struct answer){ .err = err };
}

void
request_widen(struct request *rq, size_t bytes)
{
	/* The next request on this connection begins with the usual cap again. */
	rq->ctx->arena->cap_bytes += bytes;
}

struct answer
answer_text(int status, struct str content_type, struct str body)
{
	return (struct answer){
		.http = { .status = status, .content_type = content_type, .body = body },
	};
}

static struct answer
answer_buf(struct request *rq, struct str content_type, const struct buf *out)
{
	if (buf_is_cut(out))
		return answer_problem(err_new(rq->ctx, ERR_TOO_LARGE,
			"the answer is too large; ask for fewer rows with limit"));
	return answer_text(200, content_type, buf_str(out));
}

struct answer
answer_row(struct request *rq, const struct row_schema *schema, const void *row)
{
	struct answer answer;
	struct buf out;

	buf_init(&out, rq->ctx->arena, ANSWER_BYTES_MAX);
	row_write_json(&out, schema, row);
	answer = answer_buf(rq, STR("application/json"), &out);
	if (rq->route->answer.shape == SHAPE_CREATED)
		answer.http.status = 201;
	return answer;
}

static struct answer
answer_rows_csv(struct request *rq, const struct page *list)
{
	struct buf out;

	buf_init(&out, rq->ctx->arena, ANSWER_BYTES_MAX);
	rows_write_csv_head(&out, list->schema);
	rows_write_csv(&out, list->schema, list->rows, list->count);
	return answer_buf(rq, STR("text/csv; charset=utf-8"), &out);
}

struct answer
answer_rows(struct request *rq, const struct page *list)
{
	struct buf out;
	struct json json;

	if (str_eq(rq->params.format, STR("csv")))
		return answer_rows_csv(rq, list);
	buf_init(&out, rq->ctx->arena, ANSWER_BYTES_MAX);
	buf_reserve(&out, (list->count + 1) * ROW_BYTES_GUESS);
	buf_put(&out, STR("{\"data\":["));
	rows_write_json(&out, list->schema, list->rows, list->count);
	buf_put(&out, STR("],\"next\":"));
	json = json_begin(&out);
	json_put_text(&json, list->next);
	buf_put_char(&out, '}');
	return answer_buf(rq, STR("application/json"), &out);
}
