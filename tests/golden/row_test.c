/* What generated functions make of their arguments, and of the rows an engine answers. */
#include "tests/tap.h"

#include "db/row.h"
#include "golden/affiliates_q.h"
#include "golden/picks_q.h"

/* The engine: what it was asked last, and the rows it answers. */
static struct {
	const struct query *query;
	struct value params[QUERY_PARAMS_MAX];
	size_t sets;  /* of all batches */
	size_t calls; /* how often it was asked */
	const struct value *rows;
	size_t row_count;
	int64_t affected;
} engine;

static struct arena arena;
static struct ctx ctx = { .arena = &arena, .now = 1700000000000000 };
static struct tx tx = { .ctx = &ctx };

struct err *
query_run(struct tx *in, const struct query *query, const struct value *params,
	struct row_sink sink, int64_t *ret_affected)
{
	(void)in;
	engine.query = query;
	engine.calls++;
	for (size_t i = 0; i < query->param_count; i++)
		engine.params[i] = params[i];
	for (size_t i = 0; sink.row && i < engine.row_count; i++)
		TRY(sink.row(sink.arg, engine.rows + i * query->column_count));
	if (ret_affected)
		*ret_affected = engine.affected;
	return NULL;
}

struct err *
query_run_batch(struct tx *in, const struct query *query, const struct value *params,
	size_t sets, int64_t *ret_affected)
{
	TRY(query_run(in, query, params + (sets - 1) * query->param_count,
		(struct row_sink){ .row = NULL }, NULL));
	engine.sets += sets;
	*ret_affected = (int64_t)sets;
	return NULL;
}

static struct uuid
uuid_of(uint8_t byte)
{
	return (struct uuid){ { byte } };
}

/* A fresh engine that answers COUNT ROWS, and a fresh arena; the actor is number 1. */
static void
begin(const struct value *rows, size_t count)
{
	static bool is_open;

	if (is_open)
		arena_release(&arena);
	is_open = true;
	arena_init(&arena, 1 << 20);
	ctx.actor.user_id.uuid = uuid_of(1);
	memset(&engine, 0, sizeof(engine));
	engine.rows = rows;
	engine.row_count = count;
}

static struct user_id
actor(void)
{
	return (struct user_id){ uuid_of(1) };
}

TEST(a_row_that_is_there_is_found)
{
	struct value row[] = { value_uuid(uuid_of(3)), value_uuid(uuid_of(1)),
		value_i64(3000), value_bool(true) };
	struct affiliate affiliate;
	bool found = false;

	begin(row, 1);
	OK_ERR(q_affiliate_by_code(&tx, STR("ALICE"), &affiliate, &found));
	OK(found && affiliate.is_active && affiliate.commission_bps == 3000);
	OK(uuid_eq(affiliate.id.uuid, uuid_of(3)) &&
		user_id_eq(affiliate.user_id, actor()));
	OK(engine.query == &query_affiliate_by_code);
	EQ_STR(engine.params[0].text, STR("ALICE"));
}

TEST(a_row_that_is_absent_leaves_the_result_untouched)
{
	struct affiliate affiliate = { .commission_bps = 77 };
	bool found = true;

	begin(NULL, 0);
	OK_ERR(q_affiliate_by_code(&tx, STR("x"), &affiliate, &found));
	OK(!found && affiliate.commission_bps == 77);
}

TEST(two_rows_where_one_may_come_are_refused)
{
	struct value rows[] = { value_uuid(uuid_of(3)), value_uuid(uuid_of(1)),
		value_i64(1), value_bool(true), value_uuid(uuid_of(4)),
		value_uuid(uuid_of(1)), value_i64(2), value_bool(true) };
	struct affiliate affiliate = { .commission_bps = 77 };
	bool found;

	begin(rows, 2);
	FAILS_WITH(q_affiliate_by_code(&tx, STR("x"), &affiliate, &found), ERR_INTERNAL);
	EQ_I64(affiliate.commission_bps, 77);
}

TEST(null_in_a_column_that_has_none_names_query_and_column)
{
	struct value row[] = { value_uuid(uuid_of(3)), { .is_null = true }, value_i64(1),
		value_bool(true) };
	struct affiliate affiliate;
	struct err *err;
	bool found;

	begin(row, 1);
	err = q_affiliate_by_code(&tx, STR("x"), &affiliate, &found);
	OK(err && err->code == ERR_INTERNAL && err->notes);
	EQ_STR(err->notes->text, STR("query affiliate_by_code: NULL in column user_id"));
}

TEST(a_number_of_more_than_32_bits_is_refused)
{
	struct value row[] = { value_uuid(uuid_of(3)), value_uuid(uuid_of(1)),
		value_i64((int64_t)INT32_MAX + 1), value_bool(true) };
	struct affiliate affiliate;
	bool found;

	begin(row, 1);
	FAILS_WITH(q_affiliate_by_code(&tx, STR("x"), &affiliate, &found), ERR_INTERNAL);
}

TEST(an_argument_that_is_not_given_never_reaches_the_engine)
{
	struct affiliate affiliate;
	int64_t affected;
	bool found;

	begin(NULL, 0);
	FAILS_WITH(q_affiliate_by_code(&tx, STR_NONE, &affiliate, &found), ERR_INTERNAL);
	FAILS_WITH(q_referral_insert(&tx,
			   (struct referral_insert){ .actor = actor(), .code = STR("x") },
			   &affected),
		ERR_INTERNAL);
	EQ_I64(engine.calls, 0);
}

TEST(an_actor_query_runs_for_nobody_but_the_actor)
{
	int64_t affected = 0;
	struct referral_insert args = { .affiliate_id = { uuid_of(3) },
		.actor = { uuid_of(2) },
		.code = STR("x"),
		.now = 5 };

	begin(NULL, 0);
	FAILS_WITH(q_referral_insert(&tx, args, &affected), ERR_INTERNAL);
	EQ_I64(engine.calls, 0);
	args.actor = actor();
	engine.affected = 1;
	OK_ERR(q_referral_insert(&tx, args, &affected));
	EQ_I64(affected, 1);
	EQ_I64(engine.params[3].i64, 5);
}

TEST(new_ids_are_made_of_the_time_and_differ)
{
	begin(NULL, 0);
	OK_ERR(q_pick_copy(
		&tx, actor(), (struct game_id){ uuid_of(9) }, &(int64_t){ 0 }));
	OK(!uuid_eq(engine.params[2].uuid, engine.params[3].uuid));
	EQ_I64(engine.params[2].uuid.bytes[6] >> 4, 7);
	/* 1,700,000,000,000 milliseconds. */
	OK(memcmp(engine.params[2].uuid.bytes, "\x01\x8b\xcf\xe5\x68\x00", 6) == 0);
}

TEST(one_row_that_is_absent_is_not_found_in_the_words_of_the_query)
{
	struct every_kind row;
	struct every_kind_get args = {
		.e = STR(""), .f = STR(""), .g = STR("{}"), .l = { uuid_of(1) }
	};
	struct err *err;

	begin(NULL, 0);
	err = q_every_kind_get(&tx, args, &row);
	OK(err && err->code == ERR_NOT_FOUND);
	EQ_STR(err->message, STR("nothing of any kind"));
	for (size_t i = 0; i < 24; i++)
		OK_OR(engine.params[i].is_null == (i >= 12), "argument %zu", i);
}

TEST(values_that_may_be_absent_are_so_or_there)
{
	struct every_kind_get args = { .a = true,
		.b = -1,
		.c = INT64_MIN,
		.d = 0.5,
		.e = STR("e"),
		.f = STR(""),
		.g = STR("{}"),
		.l = { uuid_of(1) },
		.b_opt = OPT(INT32_MIN),
		.e_opt = STR(""),
		.l_opt = { uuid_of(8) } };
	struct every_kind row;
	struct value answer[24] = { 0 };

	begin(answer, 1);
	for (size_t i = 0; i < 24; i++)
		answer[i] = (struct value){ .is_null = i >= 12 };
	answer[1] = value_i64(-1);
	answer[4] = answer[5] = answer[6] = value_text(STR("text"));
	answer[13] = value_i64(INT32_MIN);
	answer[16] = value_text(STR(""));
	answer[23] = value_uuid(uuid_of(8));
	OK_ERR(q_every_kind_get(&tx, args, &row));
	OK(engine.params[13].i64 == INT32_MIN && !engine.params[13].is_null);
	OK(engine.params[12].is_null && !engine.params[16].is_null &&
		!engine.params[23].is_null);
	OK(row.b == -1 && row.b_opt.is_set && row.b_opt.value == INT32_MIN);
	OK(!row.a_opt.is_set && !row.i_opt.is_set && uuid_is_nil(row.k_opt));
	OK(!str_is_none(row.e_opt) && str_is_none(row.f_opt));
	OK(uuid_eq(row.l_opt.uuid, uuid_of(8)));
	EQ_STR(row.e, STR("text"));
}

TEST(a_list_holds_copies_of_its_texts)
{
	char text[] = "BUF";
	struct value rows[2 * 100] = { 0 };
	struct pick_list list;

	begin(rows, 100);
	for (size_t i = 0; i < 100; i++) {
		rows[2 * i] = value_uuid(uuid_of((uint8_t)(i + 1)));
		rows[2 * i + 1] = value_text((struct str){ text, 3 });
	}
	OK_ERR(q_pick_list(&tx, actor(), 100, &list));
	text[0] = 'X';
	EQ_I64(list.count, 100);
	for (size_t i = 0; i < 100; i++) {
		EQ_STR(list.items[i].team, STR("BUF"));
		EQ_I64(list.items[i].id.uuid.bytes[0], i + 1);
	}
}

TEST(a_list_beyond_the_arena_is_too_large)
{
	static struct value rows[2 * 1000];
	struct pick_list list = { .count = 77 };

	begin(rows, 1000);
	arena_release(&arena);
	arena_init(&arena, 8192);
	for (size_t i = 0; i < 1000; i++) {
		rows[2 * i] = value_uuid(uuid_of(1));
		rows[2 * i + 1] = value_text(STR("BUF"));
	}
	FAILS_WITH(q_pick_list(&tx, actor(), 1000, &list), ERR_TOO_LARGE);
	EQ_I64(list.count, 77);
}

static struct err *
count_until_three(void *arg, const struct pick *row)
{
	size_t *count = arg;

	if (!str_eq(row->team, STR("BUF")))
		return err_new(&ctx, ERR_INVALID, "another team");
	return ++*count == 3 ? err_new(&ctx, ERR_CONFLICT, "three are enough") : NULL;
}

TEST(rows_given_one_by_one_end_at_the_first_error_of_their_reader)
{
	struct value rows[2 * 10] = { 0 };
	size_t count = 0;

	begin(rows, 10);
	for (size_t i = 0; i < 10; i++) {
		rows[2 * i] = value_uuid(uuid_of(1));
		rows[2 * i + 1] = value_text(STR("BUF"));
	}
	FAILS_WITH(q_pick_each(&tx, count_until_three, &count), ERR_CONFLICT);
	EQ_I64(count, 3);
	count = 0;
	FAILS_WITH(
		q_pick_visit(&tx, actor(), 10, count_until_three, &count), ERR_CONFLICT);
	EQ_I64(count, 3);
	engine.row_count = 2;
	count = 0;
	OK_ERR(q_pick_each(&tx, count_until_three, &count));
	EQ_I64(count, 2);
}

TEST(a_batch_of_any_length_runs_in_parts)
{
	static struct pick_put sets[600];
	int64_t affected = 0;

	begin(NULL, 0);
	for (size_t i = 0; i < COUNT_OF(sets); i++)
		sets[i] = (struct pick_put){
			.actor = actor(), .game_id = { uuid_of(5) }, .team = STR("BUF")
		};
	sets[599].team = STR_NONE;
	OK_ERR(q_pick_put(&tx, sets, COUNT_OF(sets), &affected));
	EQ_I64(affected, 600);
	EQ_I64(engine.sets, 600);
	EQ_I64(engine.calls, 3);
	OK(engine.params[2].is_null && !engine.params[3].is_null);
	affected = 77;
	OK_ERR(q_pick_put(&tx, NULL, 0, &affected));
	EQ_I64(affected, 0);
}

TEST(a_batch_says_which_set_is_wrong)
{
	static struct pick_put sets[300];
	int64_t affected = 77;
	struct err *err;

	begin(NULL, 0);
	for (size_t i = 0; i < COUNT_OF(sets); i++)
		sets[i] = (struct pick_put){ .actor = actor(),
			.game_id = { uuid_of(5) } };
	sets[290].actor.uuid = uuid_of(2);
	err = q_pick_put(&tx, sets, COUNT_OF(sets), &affected);
	OK(err && err->code == ERR_INTERNAL);
	EQ_STR(err->notes->text, STR("set 290"));
	EQ_I64(affected, 77);
}
