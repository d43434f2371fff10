/* Answers from rows and from errors. */
#include "api/route.h"
#include "codec/json_write.h"

enum {
	ANSWER_BYTES_MAX = 8 << 20,
	ROW_BYTES_GUESS = 384, /* so that most answers never have to grow */
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

void
answer_rows_begin(struct request *rq, const struct row_schema *schema, const void *same,
	size_t rows_expected, struct row_writer *ret)
{
	*ret = (struct row_writer){ .schema = schema,
		.is_csv = str_eq(rq->params.format, STR("csv")) };
	buf_init(&ret->out, rq->ctx->arena, ANSWER_BYTES_MAX);
	buf_reserve(&ret->out, (rows_expected + 1) * ROW_BYTES_GUESS);
	if (ret->is_csv) {
		rows_write_csv_head(&ret->out, schema);
		return;
	}
	if (same)
		ret->schema = row_schema_say(rq->ctx->arena, schema, same);
	buf_put(&ret->out, STR("{\"data\":["));
}

void
answer_rows_put(struct row_writer *writer, const void *row)
{
	if (writer->is_csv) {
		rows_write_csv(&writer->out, writer->schema, row, 1);
		return;
	}
	if (writer->has_rows)
		buf_put_char(&writer->out, ',');
	writer->has_rows = true;
	row_write_json(&writer->out, writer->schema, row);
}

struct answer
answer_rows_end(struct request *rq, struct row_writer *writer, struct str next)
{
	struct answer answer;
	struct json json;

	if (writer->is_csv) {
		answer = answer_buf(rq, STR("text/csv; charset=utf-8"), &writer->out);
	} else {
		buf_put(&writer->out, STR("],\"next\":"));
		json = json_begin(&writer->out);
		json_put_text(&json, next);
		buf_put_char(&writer->out, '}');
		answer = answer_buf(rq, STR("application/json"), &writer->out);
	}
	answer.next = next;
	return answer;
}

struct answer
answer_rows(struct request *rq, const struct page *list)
{
	struct row_writer writer;

	answer_rows_begin(rq, list->schema, NULL, list->count, &writer);
	for (size_t i = 0; i < list->count; i++)
		answer_rows_put(
			&writer, (const char *)list->rows + i * list->schema->row_size);
	return answer_rows_end(rq, &writer, list->next);
}
