/* The audit log as administrators read it. */
#include "audit/audit.h"
#include "audit/chainer.h"
#include "codec/json_read.h"
#include "tests/api/members.h"
#include "tests/support/database.h"

enum { READER = 1, WATCHED = 2, ENTRIES = 7 };

struct reading {
	struct api api;
	struct member reader;
	struct member watched;
};

static struct err *
prepare(struct ctx *ctx, struct reading *ret)
{
	struct audit_round round;

	ret->api = (struct api){ .db = ctx->db, .keys = ctx->keys, .is_quiet = true };
	TRY(access_init(ctx->arena, &(struct access_setup){ .is_open = false },
		&ret->api.access));
	TRY(league_put(ctx));
	TRY(member_put(ctx, READER, MEMBER_ADMIN, &ret->reader));
	TRY(member_put(ctx, WATCHED, MEMBER_PLAIN, &ret->watched));
	TRY(audit_open(ctx, &(struct audit_options){ 0 }, &ctx->audit));
	for (int i = 0; i < ENTRIES; i++)
		TRY(audit_log_alone(ctx,
			&(struct audit_entry){
				.action = i % 2 ? AUDIT_SIGN_IN : AUDIT_PAYMENT,
				.outcome = i == 3 ? AUDIT_REFUSED : AUDIT_SUCCESS,
				.user = i < 4 ? ret->watched.id : ret->reader.id,
				.personal = STR("planted") }));
	return audit_round(ctx, ctx->audit, &round);
}

static struct asked
get(struct ctx *ctx, struct reading *reading, const char *target)
{
	struct asking asking = { .method = METHOD_GET,
		.target = str_from(target),
		.bearer = member_token(ctx, &reading->reader, 0, true) };

	return ask(ctx, &reading->api, &asking);
}

/* The seqs of a page, and its next. */
static struct str
seqs_of(struct ctx *ctx, struct str body, struct str *ret_next)
{
	struct str text = STR("");
	const struct json_node *data, *next;
	struct json_node page;

	*ret_next = STR_NONE;
	if (json_read(ctx->arena, body, &page))
		return body;
	data = json_node_find(&page, STR("data"));
	next = json_node_find(&page, STR("next"));
	if (next && next->kind == JSON_IS_TEXT)
		*ret_next = next->text;
	for (size_t i = 0; data && i < data->count; i++)
		text = str_fmt(ctx->arena, STR_FMT "%lld ", STR_ARG(text),
			(long long)json_node_find(&data->items[i], STR("seq"))->i64);
	return text;
}

BOTH_ENGINES(the_audit_log_is_read_page_by_page_the_newest_first)
{
	struct reading reading;
	struct asked asked;
	struct str next;

	OK_ERR(prepare(ctx, &reading));
	asked = get(ctx, &reading, "/v1/admin/audit?limit=3");
	OK_OR(asked.status == 200, "%d " STR_FMT, asked.status, STR_ARG(asked.body));
	EQ_STR(seqs_of(ctx, asked.body, &next), STR("7 6 5 "));
	OK(str_find(asked.body, STR("\"personal\":\"planted\"")) > 0);
	asked = get(ctx, &reading,
		str_cstr(ctx->arena,
			str_fmt(ctx->arena, "/v1/admin/audit?limit=4&cursor=" STR_FMT,
				STR_ARG(next))));
	EQ_STR(seqs_of(ctx, asked.body, &next), STR("4 3 2 1 "));
	OK(str_is_none(next));
	audit_close(ctx, ctx->audit);
	/* Both looks are on record. */
	ctx->audit = NULL;
	asked = get(ctx, &reading, "/v1/admin/audit?action=admin.read_audit");
	EQ_STR(seqs_of(ctx, asked.body, &next), STR("9 8 "));
	OK(str_find(asked.body, STR("\"actor_kind\":\"admin\"")) > 0);
}

BOTH_ENGINES(the_audit_log_is_searched)
{
	struct reading reading;
	struct asked asked;
	struct str next;

	OK_ERR(prepare(ctx, &reading));
	asked = get(
		ctx, &reading, "/v1/admin/audit?action=account.sign_in&outcome=refused");
	EQ_STR(seqs_of(ctx, asked.body, &next), STR("4 "));
	asked = get(ctx, &reading,
		str_cstr(ctx->arena,
			str_fmt(ctx->arena, "/v1/admin/audit?user=" STR_FMT,
				STR_ARG(object_text(ctx->arena, WATCHED, OBJECT_USER)))));
	EQ_STR(seqs_of(ctx, asked.body, &next), STR("4 3 2 1 "));
	asked = get(ctx, &reading, "/v1/admin/audit?action=account.sign_im");
	EQ_I64(asked.status, 400);
	OK_OR(str_find(asked.body, STR("the nearest is account.sign_in\"")) > 0, STR_FMT,
		STR_ARG(asked.body));
	EQ_I64(get(ctx, &reading, "/v1/admin/audit?outcome=refuset").status, 400);
	EQ_I64(get(ctx, &reading,
		       "/v1/admin/audit?user=zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")
			.status,
		400);
	EQ_I64(get(ctx, &reading, "/v1/admin/audit?cursor=MDp4").status, 400);
	audit_close(ctx, ctx->audit);
}
