#include "tests/tap.h"

#include "api/cursor.h"
#include "api/openapi.h"
#include "api/pages.h"
#include "api/params.h"
#include "api/route.h"
#include "api/schemas.h"
#include "codec/json_read.h"
#include "predictions/pick.h"

#define BIT(name) (1u << PARAM_##name)

static struct arena arena;
static struct ctx ctx = { .arena = &arena };

static void
begin(void)
{
	arena_release(&arena);
	arena_init(&arena, 16 << 20);
}

TEST(parameters_are_read_into_their_fields)
{
	struct params params;

	begin();
	OK_ERR(params_parse(&ctx,
		STR("season=2023&week=current&team=O%41K&min_confidence=0.6&limit=1000"),
		BIT(season) | BIT(week) | BIT(team) | BIT(min_confidence) | BIT(limit),
		&params));
	EQ_I64(params.season.value, 2023);
	EQ_I64(params.week.value, PARAM_CURRENT);
	EQ_STR(params.team, STR("LV"));
	NEAR(params.min_confidence.value, 0.6, 0);
	EQ_I64(params.limit.value, 1000);
	OK(!params.from.is_set && str_is_none(params.model));
}

TEST(bad_parameters_are_refused_with_their_name)
{
	static const struct {
		const char *query;
		const char *field;
	} bad[] = {
		{ "season=20x3", "season" },
		{ "season=", "season" },
		{ "season", "season" },
		{ "week=40", "week" },
		{ "week=0", "week" },
		{ "min_confidence=1.2", "min_confidence" },
		{ "min_confidence=nan", "min_confidence" },
		{ "limit=0", "limit" },
		{ "limit=1001", "limit" },
		{ "limit=9999999999999999999", "limit" },
		{ "season=2020&season=2021", "season" },
		{ "saeson=2020", "saeson" },
		{ "team=TOOLONG", "team" },
		{ "team=%ff%fe", "team" },
		{ "team=%00", "team" },
		{ "week=1%2", "week" },
		{ "%zz=1", "%zz" },
	};
	uint32_t mask = BIT(season) | BIT(week) | BIT(team) | BIT(min_confidence) |
		BIT(limit);

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct params params;
		struct err *err;

		begin();
		err = params_parse(&ctx, str_from(bad[i].query), mask, &params);
		OK_OR(err && err->code == ERR_INVALID, "took '%s'", bad[i].query);
		EQ_STR(err->field, str_from(bad[i].field));
	}
}

TEST(what_is_far_too_long_is_told_in_a_few_words)
{
	struct params params;
	struct err *err;

	begin();
	err = params_parse(&ctx, str_fmt(&arena, "team=%4000d", 1), BIT(team), &params);
	EQ_STR(err->field, STR("team"));
	EQ_STR(err->message,
		STR("team must be the code of a team, such as KC, not text of 4000 "
		    "bytes; "
		    "/v1/teams lists them"));
	err = err_new(&ctx, ERR_INVALID, "%3d%s%4095d", 1, "…", 2);
	OK(str_starts_with(err->message, STR("  1…  ")) && err->message.len < 510 &&
		str_ends_with(err->message, STR("…")));
	err = params_parse(&ctx, str_fmt(&arena, "%5000d=1", 1), BIT(team), &params);
	EQ_I64(err->code, ERR_INVALID);
	OK(err->message.len < 510);
	err = params_parse(&ctx, STR("user=me"), BIT(user), &params);
	EQ_STR(err->message, STR("user must be text of 36 bytes"));
}

TEST(a_word_is_one_of_those_that_its_parameter_takes)
{
	struct params params;
	struct err *err;

	begin();
	OK_ERR(params_parse(
		&ctx, STR("type=ats&format=csv"), BIT(type) | BIT(format), &params));
	EQ_STR(params.type, STR("ats"));
	EQ_STR(params.format, STR("csv"));
	err = params_parse(&ctx, STR("type=atsx"), BIT(type), &params);
	OK(err);
	EQ_STR(err->message, STR("type must be one of game|ats|total|prop"));
	err = params_parse(&ctx, STR("type="), BIT(type), &params);
	OK(err && err->code == ERR_INVALID);
}

TEST(a_misspelt_parameter_gets_the_nearest_name)
{
	struct params params;
	struct err *err;

	begin();
	err = params_parse(&ctx, STR("saeson=2020"), BIT(season), &params);
	EQ_STR(err->message, STR("unknown parameter 'saeson'; did you mean 'season'?"));
	err = params_parse(&ctx, STR("week=1"), BIT(season), &params);
	OK(err && err->code == ERR_INVALID);
}

/* A request for a page of ROUTE, asked for by QUERY. */
static struct request
paging(int route, const char *query)
{
	struct request rq = { .ctx = &ctx, .route = &route_table[route] };

	if (params_parse(&ctx, str_from(query), rq.route->params, &rq.params))
		rq.route = NULL;
	return rq;
}

TEST(a_cursor_reads_back_as_its_key_and_nothing_else_does)
{
	static const char *bad[] = { "x", "AAAA", "MTp4", "!!!!", "LTE6eA", "OTk5OTk5OmE",
		"YWJjZGVmMTp4" };
	struct page_key key = { .week = 7, .id = { { 1, 2, 3, [15] = 255 } } }, again;
	struct request rq;

	begin();
	rq = paging(ROUTE_api_game_list, "season=2023");
	OK_ERR(cursor_parse(&rq, &again));
	EQ_I64(again.week, 0);
	OK_ERR(cursor_format(&rq, key, &rq.params.cursor));
	OK_ERR(cursor_parse(&rq, &again));
	EQ_I64(again.week, 7);
	OK(uuid_eq(again.id, key.id));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		rq.params.cursor = str_from(bad[i]);
		FAILS_WITH(cursor_parse(&rq, &again), ERR_INVALID);
	}
}

TEST(a_cursor_is_of_its_list_and_filters_only)
{
	static const struct {
		int route;
		const char *query;
		bool is_same;
	} lists[] = {
		{ ROUTE_api_game_list, "season=2023&team=KC", true },
		{ ROUTE_api_game_list, "limit=7&team=kc&season=2023", true },
		{ ROUTE_api_game_list, "season=2022&team=KC", false },
		{ ROUTE_api_game_list, "season=2023", false },
		{ ROUTE_api_prediction_list, "season=2023&team=KC", false },
		{ ROUTE_api_accuracy_list, "season=2023", false },
	};
	struct page_key key = { .week = 7, .id = { { 1 } } }, again;
	struct request rq;
	struct str cursor;

	begin();
	rq = paging(lists[0].route, lists[0].query);
	OK_ERR(cursor_format(&rq, key, &cursor));
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		struct err *err;

		rq = paging(lists[i].route, lists[i].query);
		rq.params.cursor = cursor;
		err = cursor_parse(&rq, &again);
		OK_OR(lists[i].is_same == !err, "list %zu", i);
		if (err)
			EQ_STR(err->field, STR("cursor"));
	}
	rq = paging(ROUTE_api_user_list, "");
	OK_ERR(text_cursor_format(&rq,
		(struct text_key){ .text = str_fmt(&arena, "%254d", 1) },
		&rq.params.cursor));
	OK_ERR(text_cursor_parse(&rq, &(struct text_key){ 0 }));
}

TEST(routes_are_found_by_method_and_path)
{
	struct str parts[PATH_PARAMS_MAX] = { 0 };
	const struct route *route;
	uint32_t allowed;

	begin();
	route = route_find(
		&arena, METHOD_GET, STR("/v1/games/2023_01_DET_KC"), parts, &allowed);
	OK(route == &route_table[ROUTE_api_game_get]);
	EQ_STR(parts[0], STR("2023_01_DET_KC"));
	OK(route_find(&arena, METHOD_HEAD, STR("/v1/games"), parts, &allowed) ==
		&route_table[ROUTE_api_game_list]);
	OK(route_find(&arena, METHOD_GET, STR("/v1/predictions/export.csv"), parts,
		   &allowed) == &route_table[ROUTE_api_prediction_export]);
	OK(!route_find(&arena, METHOD_POST, STR("/v1/games"), parts, &allowed));
	EQ_I64(allowed, 1u << METHOD_GET);
	OK(!route_find(&arena, METHOD_GET, STR("/v1/games/"), parts, &allowed) &&
		allowed == 0);
	OK(!route_find(&arena, METHOD_GET, STR("/v1/games/a/b"), parts, &allowed) &&
		allowed == 0);
	OK(!route_find(&arena, METHOD_GET, STR("/v1/teams%00"), parts, &allowed) &&
		allowed == 0);
	OK(!route_find(&arena, METHOD_GET, STR("/v1/games/%zz"), parts, &allowed) &&
		allowed == 0);
}

TEST(every_route_of_the_table_is_found)
{
	struct str parts[PATH_PARAMS_MAX] = { 0 };
	uint32_t allowed;

	begin();
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		const struct route *route = &route_table[i];

		/* A {…} is as good as any other text in its place. */
		OK_OR(route_find(&arena, route->method, route->path, parts, &allowed) ==
				route,
			"%s", route->label);
		OK(!route_find(&arena, METHOD_OPTIONS, route->path, parts, &allowed));
		OK(allowed >> route->method & 1);
	}
}

struct sample {
	struct str name;
	struct opt_i32 count;
	double share;
	struct opt_bool is_right;
	struct str data;
};

static const struct field sample_fields[] = {
	FIELD(struct sample, name, TEXT, "a name"),
	FIELD(struct sample, count, OPT_I32, "a count"),
	FIELD(struct sample, share, FIXED, "a share"),
	FIELD(struct sample, is_right, OPT_BOOL, "a claim"),
	FIELD(struct sample, data, JSON, "an object"),
};
static const struct row_schema sample_schema = ROW_SCHEMA(
	"sample", struct sample, sample_fields, "a sample");

TEST(rows_become_json_and_csv_by_one_table)
{
	const struct sample rows[] = {
		{ .name = STR_INIT("a \"b\", c"),
			.count = OPT(-3),
			.share = 0.5,
			.is_right = OPT(true),
			.data = STR_INIT("{\"x\": 1}") },
		{ .name = STR_INIT("d"), .share = 1.0 / 3, .data = STR_INIT("{}") },
	};
	struct buf out;

	begin();
	buf_init(&out, &arena, 4096);
	row_write_json(&out, &sample_schema, &rows[0]);
	row_write_json(&out, &sample_schema, &rows[1]);
	EQ_STR(buf_str(&out),
		STR("{\"name\":\"a \\\"b\\\", "
		    "c\",\"count\":-3,\"share\":0.5,\"is_right\":true,\"data\":{\"x\": "
		    "1}}"
		    "{\"name\":\"d\",\"count\":null,\"share\":0.3333,\"is_right\":null,"
		    "\"data\":{}}"));
	buf_clear(&out);
	rows_write_csv_head(&out, &sample_schema);
	rows_write_csv(&out, &sample_schema, rows, 2);
	EQ_STR(buf_str(&out),
		STR("name,count,share,is_right,data\r\n\"a \"\"b\"\", "
		    "c\",-3,0.5,true,\"{\"\"x\"\": 1}\"\r\n"
		    "d,,0.3333,,{}\r\n"));
}

TEST(what_all_rows_of_a_list_say_is_written_as_if_row_by_row)
{
	static const struct field fields[] = {
		FIELD(struct sample, name, TEXT, "a name", .is_same = true),
		FIELD(struct sample, count, OPT_I32, "a count", .is_same = true),
		FIELD(struct sample, share, FIXED, "a share"),
		FIELD(struct sample, is_right, OPT_BOOL, "a claim", .is_same = true),
	};
	static const struct row_schema schema = ROW_SCHEMA(
		"sample", struct sample, fields, "a sample");
	static const char *const names[] = { "", "a \"b\"",
		"one that has no room behind its own key" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct sample row = {
			.name = str_from(names[i]), .share = 0.5, .is_right = OPT(false)
		};
		struct buf want, out;

		begin();
		buf_init(&want, &arena, 4096);
		buf_init(&out, &arena, 4096);
		row_write_json(&want, &schema, &row);
		row_write_json(&out, row_schema_say(&arena, &schema, &row), &row);
		EQ_STR(buf_str(&out), buf_str(&want));
	}
}

TEST(a_pick_comes_back_as_it_is_stored)
{
	const struct pick_row pick = { .probability = 0.533011, .brier = OPT(0.218079) };
	struct buf out;

	begin();
	buf_init(&out, &arena, 4096);
	row_write_json(&out, &pick_schema, &pick);
	OK(str_find(buf_str(&out), STR("\"probability\":0.533011,")) > 0);
	OK(str_find(buf_str(&out), STR("\"brier\":0.218079,")) > 0);
	buf_clear(&out);
	rows_write_csv(&out, &pick_schema, &pick, 1);
	OK(str_find(buf_str(&out), STR(",0.533011,")) > 0);
}

TEST(openapi_names_every_route_and_every_row)
{
	struct json_node api;
	const struct json_node *paths, *schemas;
	struct buf out;

	begin();
	buf_init(&out, &arena, 1 << 20);
	openapi_write(&out, "1.2.3");
	OK(!buf_is_cut(&out));
	OK_ERR(json_read(&arena, buf_str(&out), &api));
	paths = json_node_find(&api, STR("paths"));
	schemas = json_node_find(json_node_find(&api, STR("components")), STR("schemas"));
	OK(paths && schemas);
	OK(json_node_find(schemas, STR("sign_in_body")));
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		const struct route *route = &route_table[i];
		struct str body = STR_NONE;

		if (route->body.schema && route->body.schema != &body_none)
			body = str_fmt(&arena, "%s_body", route->body.schema->name);
		OK_OR(str_is_none(body) || json_node_find(schemas, body),
			"%s: no schema of its body", route->label);
		OK_OR(json_node_find(paths, route->path), "%s is not in paths",
			route->label);
		if (route->answer.schema)
			OK_OR(json_node_find(
				      schemas, str_from(route->answer.schema->name)),
				"%s: no schema", route->label);
	}
}

TEST(openapi_says_what_is_answered_to_what_makes_something)
{
	static const struct str makers[] = { STR_INIT("/v1/leagues"),
		STR_INIT("/v1/me/api-keys") };
	struct json_node api;
	struct buf out;

	begin();
	buf_init(&out, &arena, 1 << 20);
	openapi_write(&out, "1.2.3");
	OK_ERR(json_read(&arena, buf_str(&out), &api));
	for (size_t i = 0; i < COUNT_OF(makers); i++) {
		const struct json_node *path = json_node_find(
			json_node_find(&api, STR("paths")), makers[i]);
		const struct json_node *answers = json_node_find(
			json_node_find(path, STR("post")), STR("responses"));

		OK(json_node_find(answers, STR("201")));
		OK(!json_node_find(answers, STR("200")));
		OK(json_node_find(json_node_find(answers, STR("201")), STR("content")));
	}
}

TEST(what_is_kept_for_all_is_for_anyone_and_has_no_secrets)
{
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		const struct route *route = &route_table[i];

		if (!route->is_kept)
			continue;
		/* A feature it needs is asked for before what is kept is looked at. */
		OK_OR(route->who == WHO_ANYONE && route->method == METHOD_GET,
			"%s must not be kept", route->label);
	}
}

TEST(no_key_changes_an_account)
{
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		const struct route *route = &route_table[i];
		bool is_account = str_starts_with(route->path, STR("/v1/me")) ||
			str_starts_with(route->path, STR("/v1/auth"));

		OK_OR(!is_account || route->method == METHOD_GET ||
				route->key == ROUTE_NO_KEY,
			"%s takes API keys", route->label);
	}
}

/* What a browser is answered to PROBLEM, opening a page, with MEMORY_BYTES for it. */
static struct http_answer
opened(const struct http_problem *problem, size_t memory_bytes)
{
	static const struct http_header headers[] = { {
		.name = STR_INIT("Sec-Fetch-Mode"),
		.value = STR_INIT("navigate"),
	} };
	struct http_request rq = { .path = STR("/v1/me"),
		.headers = headers,
		.header_count = COUNT_OF(headers),
		.ctx = { .arena = &arena } };
	struct http_answer answer = { .status = problem->status,
		.content_type = STR("application/problem+json"),
		.body = STR("{}"),
		.cache_control = STR("no-store") };

	arena_release(&arena);
	arena_init(&arena, memory_bytes);
	page_of_problem(&rq, problem, false, &answer);
	return answer;
}

static bool
says(struct http_answer answer, struct str text)
{
	return str_find(answer.body, text) >= 0;
}

TEST(every_problem_has_a_page_with_nothing_of_the_template_left)
{
	for (int status = 400; status < 600; status++) {
		struct http_answer answer = opened(
			&(struct http_problem){ .status = status,
				.code = STR("some_code"),
				.detail = STR("it is <b>\"bad\"</b> & so") },
			1 << 20);

		EQ_I64(answer.status, status);
		EQ_STR(answer.content_type, STR("text/html; charset=utf-8"));
		EQ_STR(answer.cache_control, STR("no-store"));
		OK(says(answer,
			STR("It is &lt;b&gt;&quot;bad&quot;&lt;/b&gt; &amp; so.")));
		OK(says(answer, STR("some_code")));
		OK(!says(answer, STR("{{")) && !says(answer, STR("}}")));
		OK(!says(answer, STR("<script")) && !says(answer, STR("style=")));
	}
}

TEST(a_page_says_how_long_to_wait)
{
	static const struct {
		int32_t wait_s;
		const char *text;
	} waits[] = { { 1, "again in a moment." }, { 2, "again in 2 seconds." },
		{ 119, "again in 119 seconds." }, { 120, "again in 2 minutes." },
		{ 121, "again in 3 minutes." }, { 3600, "again in 60 minutes." } };
	struct http_problem problem = {
		.status = 429, .code = STR("rate_limited"), .detail = STR("too many")
	};

	OK(!says(opened(&problem, 1 << 20), STR("again in")));
	for (size_t i = 0; i < COUNT_OF(waits); i++) {
		problem.retry_after_s = waits[i].wait_s;
		OK_OR(says(opened(&problem, 1 << 20), str_from(waits[i].text)), "%d s",
			waits[i].wait_s);
	}
}

TEST(without_memory_for_a_page_the_problem_stays)
{
	struct http_answer answer = opened(
		&(struct http_problem){
			.status = 503, .code = STR("busy"), .detail = STR("busy") },
		256);

	EQ_STR(answer.content_type, STR("application/problem+json"));
	EQ_STR(answer.body, STR("{}"));
	OK(str_is_none(answer.lines));
}
