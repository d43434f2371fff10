/* Free access: one, by the file, what a user was given, taking it back. */
#include "accounts/admin_user.h"
#include "accounts/grant_file.h"
#include "api/auth_api.h"
#include "api/route.h"
#include "api/schemas.h"
#include "codec/uuid.h"

struct grant_item {
	struct str status;
	struct str email;
	struct uuid user_id;
	struct str tier;
	struct str access_type;
	int32_t days;
};

static const struct field grant_result_fields[] = {
	FIELD(struct grant_item, status, TEXT,
		"given; offered: the address is invited, and has it when it is "
		"confirmed; "
		"unchanged: it has as much already"),
	FIELD(struct grant_item, email, TEXT, ""),
	FIELD(struct grant_item, tier, TEXT, ""),
	FIELD(struct grant_item, access_type, TEXT, ""),
	FIELD(struct grant_item, days, I32, ""),
};
const struct row_schema grant_result_schema = ROW_SCHEMA("grant_result",
	struct grant_item, grant_result_fields, "What became of a wish to give access");

struct answer
api_grant_give(struct request *rq)
{
	static const struct str names[] = { [GRANT_IS_GIVEN] = STR_INIT("given"),
		[GRANT_IS_OFFERED] = STR_INIT("offered"),
		[GRANT_IS_UNCHANGED] = STR_INIT("unchanged") };
	const struct grant_body *in = BODY_OF(rq, grant);
	struct grant_wish wish;

	ANSWER_ERR(grant_give(rq->ctx,
		&(struct grant_one){
			.email = in->email,
			.tier = in->tier,
			.access_type = in->access_type,
			.days = in->days.is_set ? in->days.value : 0,
			.notes = in->notes,
		},
		&wish));
	return answer_row(rq, &grant_result_schema,
		&(struct grant_item){
			.status = names[wish.fate],
			.email = wish.email,
			.tier = wish.tier->name,
			.access_type = wish.access_type,
			.days = wish.days,
		});
}

/* --- By the file */

struct grant_batch_item {
	struct str batch_id;
	bool is_dry_run;
	int64_t rows;
	int64_t given;
	int64_t offered;
	int64_t unchanged;
};

static const struct field grant_batch_fields[] = {
	FIELD(struct grant_batch_item, batch_id, OPT_TEXT,
		"joins what was given; null: nothing was"),
	FIELD(struct grant_batch_item, is_dry_run, BOOL, "whether it was only tried"),
	FIELD(struct grant_batch_item, rows, I64, "of the file"),
	FIELD(struct grant_batch_item, given, I64, "to accounts"),
	FIELD(struct grant_batch_item, offered, I64, "to addresses that are invited"),
	FIELD(struct grant_batch_item, unchanged, I64, "that have as much already"),
};
const struct row_schema grant_batch_schema = ROW_SCHEMA("grant_batch",
	struct grant_batch_item, grant_batch_fields, "What became of a file of grants");

struct answer
api_grant_batch(struct request *rq)
{
	bool is_dry_run = rq->params.dry_run.value;
	struct grant_report report;

	ANSWER_ERR(grant_file_import(rq->ctx, rq->http->body, is_dry_run, &report));
	if (report.fault_count > 0)
		return answer_text(400, STR("text/csv; charset=utf-8"), report.faults);
	return answer_row(rq, &grant_batch_schema,
		&(struct grant_batch_item){
			.batch_id = uuid_is_nil(report.batch)
				? STR_NONE
				: uuid_text(rq->ctx->arena, report.batch),
			.is_dry_run = report.is_dry_run,
			.rows = report.rows,
			.given = report.counts.given,
			.offered = report.counts.offered,
			.unchanged = report.counts.unchanged,
		});
}

/* --- Of a user */

static const struct field grant_fields[] = {
	FIELD_AS("id", struct grant_row, id.uuid, UUID, ""),
	FIELD(struct grant_row, tier, TEXT, "what it opens"),
	FIELD(struct grant_row, access_type, TEXT,
		"friends_family, beta_tester, promotional or compensation"),
	FIELD(struct grant_row, start_date, TIME, ""),
	FIELD(struct grant_row, end_date, TIME, ""),
	FIELD(struct grant_row, notes, OPT_TEXT, "for administrators"),
	FIELD(struct grant_row, is_active, BOOL, "false: taken back"),
	FIELD(struct grant_row, created_at, TIME, ""),
	FIELD(struct grant_row, revoked_at, OPT_TIME, ""),
};
const struct row_schema grant_schema = ROW_SCHEMA(
	"grant", struct grant_row, grant_fields, "Free access that a user was given");

struct answer
api_grant_list(struct request *rq)
{
	struct grant_row_list list;
	struct user_id user;

	if (!uuid_parse(rq->path_params[0], &user.uuid))
		return answer_problem(err_new(rq->ctx, ERR_NOT_FOUND, "no such user"));
	ANSWER_ERR(admin_user_grants(rq->ctx, user, &list));
	return answer_rows(rq,
		&(struct page){ .schema = &grant_schema,
			.rows = list.items,
			.count = list.count });
}

struct answer
api_grant_take_back(struct request *rq)
{
	struct user_id user;
	struct grant_id id;

	if (!uuid_parse(rq->path_params[0], &user.uuid) ||
		!uuid_parse(rq->path_params[1], &id.uuid))
		return answer_problem(err_new(rq->ctx, ERR_NOT_FOUND, "no such grant"));
	ANSWER_ERR(grant_take_back(rq->ctx, user, id));
	return answer_empty(204);
}
