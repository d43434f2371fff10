/*
 * Mass assignment: to every route with a JSON body the members are added that it does not
 * take, by the names of every column of the schema and of what decides elsewhere who one
 * is. Each is refused with its name, and nothing is stored.
 */
#include "base/buf.h"
#include "tests/accounts/catalog.h"
#include "tests/accounts/people.h"
#include "tests/api/members.h"
#include "tests/support/database.h"

enum {
	NAMES_MAX = 1000,
	SQL_BYTES_MAX = 16384,
	MEMBERS_A_ROUTE =
		2, /* who asks, and whose rows he asks for as an administrator */
};

/* Of no column of ours, but of other programs. */
static const char *const other_names[] = {
	"roles",
	"tier",
	"owner",
	"owner_id",
	"account_id",
	"is_admin",
	"is_super_admin",
	"is_staff",
	"isAdmin",
	"admin",
	"superuser",
	"entitlements",
	"scope",
	"plan",
	"Role",
	"USER_ID",
	"__proto__",
	"constructor",
	"",
};

/* What may never be added anywhere, and the bodies that it is the purpose of. */
static const struct taken {
	const char *name;
	const char *bodies;
} powers[] = {
	{ "id", "" },
	{ "user_id", "" },
	{ "tier_id", "" },
	{ "tier", "grant" },
	{ "access_type", "grant" },
	{ "role", "administrator|role" },
	{ "admin_role", "" },
	{ "permissions", "" },
	{ "scopes", "api_key" },
	{ "features", "" },
	{ "is_admin", "" },
	{ "is_active", "" },
	{ "email_verified", "" },
	{ "email_verified_at", "" },
	{ "session_epoch", "" },
	{ "password_hash", "" },
	{ "personal_key", "" },
	{ "totp_secret", "" },
	{ "mfa_enabled_at", "" },
	{ "mfa_passed_at", "" },
	{ "granted_by", "" },
	{ "created_at", "" },
	{ "expires_at", "" },
	{ "erased_at", "" },
};

static bool
takes(const struct body_schema *schema, struct str name)
{
	for (size_t i = 0; i < schema->member_count; i++)
		if (str_eq(schema->members[i].name, name))
			return true;
	return false;
}

static bool
is_among(struct str words, struct str word)
{
	struct str one;

	while (str_next(&words, '|', &one))
		if (str_eq(one, word))
			return true;
	return false;
}

TEST(no_body_takes_what_decides_who_one_is_but_those_that_are_for_it)
{
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		const struct body_schema *schema = route_table[i].body.schema;

		for (size_t j = 0; schema && j < COUNT_OF(powers); j++)
			OK_OR(takes(schema, str_from(powers[j].name)) ==
					is_among(str_from(powers[j].bodies),
						str_from(schema->name)),
				"%s: %s, in the body %s", route_table[i].label,
				powers[j].name, schema->name);
	}
}

/* --- What is added --- */

struct names {
	struct str names[NAMES_MAX];
	size_t count;
};

static void
name_put(struct names *list, struct str name)
{
	for (size_t i = 0; i < list->count; i++)
		if (str_eq(list->names[i], name))
			return;
	if (list->count < NAMES_MAX)
		list->names[list->count++] = name;
}

static void
names_read(const struct catalog *catalog, struct names *ret)
{
	ret->count = 0;
	for (size_t i = 0; i < COUNT_OF(powers); i++)
		name_put(ret, str_from(powers[i].name));
	for (size_t i = 0; i < COUNT_OF(other_names); i++)
		name_put(ret, str_from(other_names[i]));
	for (size_t i = 0; i < catalog->count; i++)
		name_put(ret, catalog->columns[i].name);
}

/* How many rows each table has: "name count" a line. */
static struct err *
rows_count(struct ctx *ctx, const struct catalog *catalog, struct str *ret)
{
	static const enum db_type columns[] = { DB_TEXT };
	struct str last = STR("");
	struct buf sql;

	buf_init(&sql, ctx->arena, SQL_BYTES_MAX);
	for (size_t i = 0; i < catalog->count; i++) {
		struct str table = catalog->columns[i].table;

		if (str_eq(table, last))
			continue;
		buf_fmt(&sql,
			"%sSELECT '" STR_FMT " ' || count(*) AS counted FROM " STR_FMT,
			last.len ? " UNION ALL " : "", STR_ARG(table), STR_ARG(table));
		last = table;
	}
	return database_dump(ctx, str_cstr(ctx->arena, buf_str(&sql)), columns, 1, ret);
}

/* --- Who asks --- */

struct adding {
	struct ctx *ctx;
	struct api api;
	struct catalog catalog;
	struct names names;
	int routes;
	int cases;
	int faults;
};

struct target {
	const struct route *route;
	struct member caller;
	struct member other;
	struct str path;
	struct str bearer;
	struct str body; /* a good one */
};

/* The path with the id of a thing of MEMBER for each {…}. */
static struct str
path_of(struct ctx *ctx, const struct route *route, const struct member *member)
{
	enum object object = str_starts_with(route->path, STR("/v1/leagues/"))
		? OBJECT_LEAGUE
		: str_starts_with(route->path, STR("/v1/me/sessions/")) ? OBJECT_SESSION
									: OBJECT_USER;
	struct str rest = route->path, part;
	struct buf path;

	buf_init(&path, ctx->arena, 400);
	while (str_next(&rest, '/', &part)) {
		if (part.len == 0)
			continue;
		buf_put_char(&path, '/');
		buf_put(&path,
			part.ptr[0] == '{'
				? object_text(ctx->arena, member->number, object)
				: part);
	}
	return buf_str(&path);
}

static struct err *
target_put(struct adding *adding, const struct route *route, struct target *ret)
{
	struct ctx *ctx = adding->ctx;
	int number = 1 + adding->routes * MEMBERS_A_ROUTE;
	bool is_for_admins = route->who == WHO_ADMIN;
	struct target target = { .route = route };

	TRY(member_put(ctx, number, is_for_admins ? MEMBER_SUPER_ADMIN : MEMBER_ENTITLED,
		&target.caller));
	TRY(member_put(ctx, number + 1, MEMBER_PLAIN, &target.other));
	target.path = path_of(ctx, route, is_for_admins ? &target.other : &target.caller);
	target.bearer = member_token(ctx, &target.caller, 0, is_for_admins);
	target.body = member_sample_body(ctx, route->body.schema, number);
	*ret = target;
	return NULL;
}

/* The good body with one more member, first or last by turns. */
static struct str
body_with(struct adding *adding, const struct target *target, struct str name)
{
	struct arena *arena = adding->ctx->arena;
	struct str inside = str_slice(target->body, 1, target->body.len - 1);
	const char *comma = inside.len ? "," : "";

	if (adding->cases % 2)
		return str_fmt(arena, "{" STR_FMT "%s\"" STR_FMT "\":\"x\"}",
			STR_ARG(inside), comma, STR_ARG(name));
	return str_fmt(arena, "{\"" STR_FMT "\":\"x\"%s" STR_FMT "}", STR_ARG(name),
		comma, STR_ARG(inside));
}

static void
add_one(struct adding *adding, const struct target *target, struct str name)
{
	struct arena *arena = adding->ctx->arena;
	struct arena_mark mark = arena_mark(arena);
	struct asked asked = ask(adding->ctx, &adding->api,
		&(struct asking){
			.method = target->route->method,
			.target = target->path,
			.bearer = target->bearer,
			.type = STR("application/json"),
			.body = body_with(adding, target, name),
		});
	struct str field = str_fmt(arena, "\"field\":\"" STR_FMT "\"", STR_ARG(name));

	adding->cases++;
	if (asked.status != 400 || str_find(asked.body, field) < 0) {
		printf("# %s with '" STR_FMT "': %d " STR_FMT "\n", target->route->label,
			STR_ARG(name), asked.status,
			STR_ARG(str_slice(asked.body, 0, 300)));
		adding->faults++;
	}
	arena_rewind(arena, mark);
}

/* What is on file of the two and how much in all. */
static struct err *
state_of(struct adding *adding, const struct target *target, struct str *ret)
{
	struct str caller, other, rows;

	TRY(member_dump(adding->ctx, &target->caller, &caller));
	TRY(member_dump(adding->ctx, &target->other, &other));
	TRY(rows_count(adding->ctx, &adding->catalog, &rows));
	*ret = str_fmt(adding->ctx->arena, STR_FMT STR_FMT STR_FMT, STR_ARG(caller),
		STR_ARG(other), STR_ARG(rows));
	return NULL;
}

static struct err *
add_all(struct adding *adding, const struct route *route)
{
	struct str before, after;
	struct target target;

	TRY(target_put(adding, route, &target));
	TRY(state_of(adding, &target, &before));
	for (size_t i = 0; i < adding->names.count; i++)
		if (!takes(route->body.schema, adding->names.names[i]))
			add_one(adding, &target, adding->names.names[i]);
	TRY(state_of(adding, &target, &after));
	if (!str_eq(before, after)) {
		printf("# %s stored something\n", route->label);
		adding->faults++;
	}
	adding->routes++;
	return NULL;
}

static struct err *
prepare(struct ctx *ctx, struct adding *ret)
{
	ret->ctx = ctx;
	ret->api = (struct api){ .db = ctx->db, .keys = ctx->keys, .is_quiet = true };
	TRY(access_init(ctx->arena, &(struct access_setup){ .is_open = false },
		&ret->api.access));
	TRY(league_put(ctx));
	TRY(catalog_read(ctx, &ret->catalog));
	names_read(&ret->catalog, &ret->names);
	return NULL;
}

BOTH_ENGINES(every_body_refuses_every_member_that_is_not_its_own_by_name)
{
	static struct adding adding;

	adding = (struct adding){ 0 };
	OK_ERR(prepare(ctx, &adding));
	for (size_t i = 0; i < ROUTE_COUNT; i++)
		if (route_table[i].body.schema && route_table[i].method != METHOD_GET)
			OK_ERR(add_all(&adding, &route_table[i]));
	printf("# %d cases over %d routes\n", adding.cases, adding.routes);
	OK_OR(adding.faults == 0, "%d faults", adding.faults);
	OK(adding.routes > 30 && adding.cases > 200 * adding.routes);
	OK(adding.names.count < NAMES_MAX);
	api_close(ctx, &adding.api);
}

/* A file's columns are members too. */
BOTH_ENGINES(files_refuse_columns_that_are_not_theirs_by_name)
{
	static const char *const columns[] = { "role", "user_id", "tier_id", "is_active",
		"granted_by" };
	static struct adding adding;
	struct str before, after;
	struct member boss;

	adding = (struct adding){ 0 };
	OK_ERR(prepare(ctx, &adding));
	OK_ERR(member_put(ctx, 1, MEMBER_SUPER_ADMIN, &boss));
	OK_ERR(rows_count(ctx, &adding.catalog, &before));
	for (size_t i = 0; i < COUNT_OF(columns); i++) {
		struct asked asked = ask(ctx, &adding.api,
			&(struct asking){
				.method = METHOD_POST,
				.target = STR("/v1/admin/grants:batch"),
				.bearer = member_token(ctx, &boss, 0, true),
				.type = STR("text/csv"),
				.body = str_fmt(ctx->arena,
					"email,tier,%s\na@example.org,season,x\n",
					columns[i]),
			});

		EQ_I64(asked.status, 400);
		OK_OR(str_find(asked.body,
			      str_fmt(ctx->arena, "unknown column '%s'", columns[i])) > 0,
			STR_FMT, STR_ARG(asked.body));
	}
	OK_ERR(rows_count(ctx, &adding.catalog, &after));
	EQ_STR(after, before);
	api_close(ctx, &adding.api);
}
