#include "db/db_postgres.h"

#include <assert.h>

#include "codec/uuid.h"
#include "db/lane.h"
#include "sys/clock.h"
#include "sys/fiber.h"

enum {
	DB_ARENA_BYTES_MAX = 16 << 20,
	PING_ARENA_BYTES = 16384,
	CLOSE_WAIT_MS = 10000,
	LANES_PER_LOOP = 4,
};

static const struct str system_role = STR_INIT("gridiron_system");

/* --- Queries of the driver's own ---------------------------------------------------- */

static const enum db_type identity_params[] = { DB_TEXT, DB_TEXT };
const struct query pg_identity_query = {
	.name = "set_identity",
	.sql = { [DIALECT_POSTGRES] = "SELECT set_config('role', $1, true), "
				      "set_config('app.current_user_id', $2, true)" },
	.param_count = 2,
	.param_types = identity_params,
};

static const struct query ping_query = {
	.name = "ping",
	.sql = { [DIALECT_POSTGRES] = "SELECT 1" },
};

/* Who we are, and whether row security would not hold us. */
static const enum db_type role_columns[] = { DB_TEXT, DB_BOOL, DB_BOOL, DB_BOOL };
static const struct query role_query = {
	.name = "role",
	.sql = { [DIALECT_POSTGRES] =
			 "SELECT current_user::text,"
			 " bool_or(r.rolsuper), bool_or(r.rolbypassrls),"
			 " EXISTS (SELECT FROM pg_class c JOIN pg_namespace n"
			 "   ON n.oid = c.relnamespace"
			 "   WHERE c.relkind IN ('r', 'p')"
			 "   AND n.nspname NOT LIKE 'pg\\_%'"
			 "   AND n.nspname <> 'information_schema'"
			 "   AND pg_has_role(c.relowner, 'USAGE'))"
			 " FROM pg_roles r"
			 " WHERE r.rolname IN (current_user, session_user)" },
	.column_count = COUNT_OF(role_columns),
	.column_types = role_columns,
};

/* --- Identity ----------------------------------------------------------------------- */

struct pg_identity
pg_identity_of(const struct ctx *ctx, const struct query *query)
{
	if (query->is_system)
		return (struct pg_identity){ .is_set = true, .is_system = true };
	if (query->is_actor)
		return (struct pg_identity){ .is_set = true,
			.user_id = ctx->actor.user_id };
	return (struct pg_identity){ 0 };
}

bool
pg_identity_eq(const struct pg_identity *a, const struct pg_identity *b)
{
	return a->is_set == b->is_set && a->is_system == b->is_system &&
		user_id_eq(a->user_id, b->user_id);
}

void
pg_identity_encode(
	const struct pg_db *db, const struct pg_identity *identity, struct pg_params *ret)
{
	struct str role = identity->is_system && !db->is_role_fixed ? system_role
								    : db->first_role;
	struct buf text;

	buf_init_fixed(&text, (char *)ret->text, sizeof(ret->text));
	if (!uuid_is_nil(identity->user_id.uuid))
		uuid_format(&text, identity->user_id.uuid);
	ret->count = 2;
	ret->values[0] = role.ptr;
	ret->lengths[0] = (int)role.len;
	ret->values[1] = ret->text;
	ret->lengths[1] = (int)text.len;
}

bool
pg_send_identity(struct pg_db *db, struct pg_conn *conn, struct pg_segment *segment,
	const struct pg_identity *identity)
{
	struct pg_params params;

	if (!identity->is_set)
		return true;
	pg_identity_encode(db, identity, &params);

	return pg_send(conn, segment, &pg_identity_query, &params);
}

/* --- Limits ------------------------------------------------------------------------- */

static const enum db_type time_limit_params[] = { DB_TEXT };
static const struct query time_limit_query = {
	.name = "set_time_limit",
	.sql = { [DIALECT_POSTGRES] =
			 "SELECT set_config('statement_timeout', $1, true)" },
	.param_count = 1,
	.param_types = time_limit_params,
};

bool
pg_send_time_limit(
	struct pg_conn *conn, struct pg_segment *segment, const struct ctx *ctx)
{
	int64_t left_ms = 0; /* no limit */
	char number[24];
	struct buf text;
	struct pg_params params;

	if (ctx->deadline != DEADLINE_NEVER) {
		left_ms = (ctx->deadline - clock_monotonic_ns()) / NANOSECONDS_PER_MS + 1;
		/* Within a second of the connection's own it gains nothing: we cancel
		 * the query ourselves, and this is the net below. */
		if (left_ms > PG_STATEMENT_TIMEOUT_MS - 1000 &&
			left_ms <= PG_STATEMENT_TIMEOUT_MS + 1000)
			return true;
		if (left_ms < 1)
			left_ms = 1;
		if (left_ms > INT32_MAX)
			left_ms = 0;
	}
	buf_init_fixed(&text, number, sizeof(number));
	buf_put_i64(&text, left_ms);
	params.count = 1;
	params.values[0] = number;
	params.lengths[0] = (int)text.len;

	return pg_send(conn, segment, &time_limit_query, &params);
}

enum pool_budget
pg_budget_of(const struct ctx *ctx, bool is_slow)
{
	return is_slow || ctx->actor.is_system ? POOL_BATCH : POOL_INTERACTIVE;
}

/* --- Connections of the pool -------------------------------------------------------- */

static struct err *
pool_connect(void *arg, struct ctx *ctx, enum pool_fault *ret_fault, void **ret)
{
	struct pg_db *db = arg;
	int64_t deadline = clock_deadline_ms(PG_CONNECT_TIMEOUT_MS);
	struct pg_conn *conn;
	struct err *err;

	pthread_mutex_lock(&db->lock);
	/* As many as the pool has places. */
	assert(!list_is_empty(&db->free_conns));
	conn = CONTAINER_OF(list_first(&db->free_conns), struct pg_conn, link);
	list_remove(&conn->link);
	pthread_mutex_unlock(&db->lock);

	if (deadline > ctx->deadline)
		deadline = ctx->deadline;
	err = pg_connect(ctx, &db->target, deadline, conn, ret_fault);
	if (err) {
		pthread_mutex_lock(&db->lock);
		list_push_front(&db->free_conns, &conn->link);
		pthread_mutex_unlock(&db->lock);
		return err;
	}
	*ret = conn;

	return NULL;
}

static void
pool_disconnect(void *arg, void *connection)
{
	struct pg_db *db = arg;
	struct pg_conn *conn = connection;

	pg_disconnect(conn);
	pthread_mutex_lock(&db->lock);
	list_push_front(&db->free_conns, &conn->link);
	pthread_mutex_unlock(&db->lock);
}

void
pg_give_back(struct pg_db *db, struct pool_slot *slot)
{
	const struct pg_conn *conn = slot->conn;

	/* The next to use it may be on another loop. */
	fiber_forget_fd(conn->fd);
	pool_checkin(db->pool, slot, !conn->is_broken);
}

static bool
pool_ping(void *arg, void *connection, int64_t deadline)
{
	struct pg_conn *conn = connection;
	struct row_sink nowhere = { .row = NULL };
	struct arena arena;
	struct ctx ctx = { .arena = &arena, .deadline = deadline };
	bool is_alive;

	(void)arg;
	arena_init(&arena, PING_ARENA_BYTES);
	is_alive = !pg_run_own(&ctx, conn, &ping_query, NULL, nowhere, deadline);
	arena_release(&arena);

	return is_alive;
}

static struct err *
open_pool(struct pg_db *db, const struct db_options *options)
{
	struct pool_settings settings = pool_settings_default(options->is_production);
	struct pool_backend backend = { .connect = pool_connect,
		.ping = pool_ping,
		.close = pool_disconnect,
		.arg = db };
	struct pg_conn *conns;
	size_t places;

	if (options->pool_size > 0)
		settings.size = options->pool_size;
	if (options->max_overflow != 0)
		settings.overflow = options->max_overflow < 0 ? 0 : options->max_overflow;
	if (options->pool_timeout_ms > 0)
		settings.timeout_ms = options->pool_timeout_ms;
	if (options->pool_recycle_ms > 0)
		settings.recycle_ms = options->pool_recycle_ms;
	places = (size_t)(settings.size + settings.overflow) + POOL_ADMIN_CONNECTIONS;
	TRY_NEW(&db->arena, conns, places);
	for (size_t i = 0; i < places; i++)
		list_push_back(&db->free_conns, &conns[i].link);

	return pool_open(&db->arena, &settings, &backend, &db->pool);
}

/* --- Opening and closing ------------------------------------------------------------ */

struct role {
	struct pg_db *db;
	struct str name;
	bool is_superuser;
	bool passes_security;
	bool is_owner;
};

static struct err *
role_row(void *arg, const struct value *columns)
{
	struct role *role = arg;

	role->name = str_dup(&role->db->arena, columns[0].text);
	if (str_is_none(role->name))
		return err_no_memory();
	role->is_superuser = columns[1].boolean;
	role->passes_security = columns[2].boolean;
	role->is_owner = columns[3].boolean;
	return NULL;
}

/* Row security holds neither superusers nor owners: the server must be neither. */
static struct err *
check_role(struct ctx *ctx, const struct role *role)
{
	const char *fault = NULL;

	if (role->is_superuser)
		fault = "is a superuser";
	else if (role->passes_security)
		fault = "has BYPASSRLS";
	else if (role->is_owner)
		fault = "owns tables";
	if (!fault)
		return NULL;

	return err_new(ctx, ERR_INVALID,
		"the database role \"" STR_FMT
		"\" %s, so row-level security would not hold it; sign in as gridiron_app "
		"or a role that is granted it (migrations and administration are done as "
		"other roles)",
		STR_ARG(role->name), fault);
}

/* Run QUERY on one of the connections kept for such questions, so that the answer does
 * not depend on how busy the others are. */
static struct err *
run_aside(struct pg_db *db, struct ctx *ctx, const struct query *query,
	struct row_sink sink)
{
	struct pool_slot *slot;
	struct err *err;

	TRY(pool_checkout(db->pool, ctx, POOL_ADMIN, &slot));
	err = pg_run_own(ctx, slot->conn, query, NULL, sink, ctx->deadline);
	pg_give_back(db, slot);

	return err;
}

/* The first connection tells who we are. */
static struct err *
learn_role(struct pg_db *db, struct ctx *ctx, bool allows_any)
{
	struct role role = { .db = db };
	struct row_sink sink = { .row = role_row, .arg = &role };

	TRY(run_aside(db, ctx, &role_query, sink));
	if (!allows_any)
		TRY(check_role(ctx, &role));
	db->first_role = role.name;
	db->is_role_fixed = role.is_superuser || role.passes_security;

	return NULL;
}

static struct err *
open_all(struct pg_db *db, struct ctx *ctx, const struct db_options *options)
{
	static _Atomic uint64_t serials;

	db->serial = ++serials;
	db->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	db->lanes_per_loop = options->lanes_per_loop > 0 ? options->lanes_per_loop
							 : LANES_PER_LOOP;
	list_init(&db->free_conns);
	list_init(&db->lane_sets);
	TRY(pg_target_parse(ctx, &db->arena, options->url, &db->target));
	TRY(open_pool(db, options));

	return learn_role(db, ctx, options->allows_any_role);
}

/* Release DB, unless somebody still holds a connection, which he will give back to memory
 * that must be there. */
static void
release(struct pg_db *db, int64_t deadline)
{
	struct arena arena;

	if (db->pool && pool_close(db->pool, deadline) > 0)
		return;
	arena = db->arena;
	arena_release(&arena);
}

static struct err *
pg_check_url(struct ctx *ctx, struct str url)
{
	struct pg_target target;

	return pg_target_parse(ctx, ctx->arena, url, &target);
}

static struct err *
pg_open(struct ctx *ctx, const struct db_options *options, void **ret)
{
	struct arena arena;
	struct pg_db *db;
	struct err *err;

	arena_init(&arena, DB_ARENA_BYTES_MAX);
	db = arena_alloc(&arena, sizeof(*db));
	if (!db)
		return err_no_memory();
	db->arena = arena;
	err = open_all(db, ctx, options);
	if (err) {
		release(db, 0);
		return err;
	}
	*ret = db;

	return NULL;
}

static void
pg_close(void *state)
{
	pg_listen_end(state);
	lanes_close(state);
	release(state, clock_deadline_ms(CLOSE_WAIT_MS));
}

static void
pg_loop_close(void *state)
{
	lanes_close(state);
}

/* --- Running ------------------------------------------------------------------------ */

static struct err *
pg_run(void *state, struct tx *tx, const struct query *query, const struct value *params,
	struct row_sink sink, int64_t *ret_affected)
{
	struct pg_db *db = state;

	if (!tx->is_auto)
		return pg_tx_run(tx, query, params, sink, ret_affected);
	/* A stream's consumer may be slow, and all behind it on a lane would wait. */
	if (query->is_write || query->is_slow || query->shape == QUERY_EACH)
		return pg_auto_run(db, tx->ctx, query, params, sink, ret_affected);
	TRY(lane_run(db, tx->ctx, query, params, sink));
	if (ret_affected)
		*ret_affected = 0;

	return NULL;
}

static void
pg_counters(void *state, struct pool_counters *ret)
{
	struct pg_db *db = state;

	pool_counters(db->pool, ret);
	lanes_count(db, ret);
}

static void
pg_tend(void *state, struct ctx *ctx)
{
	struct pg_db *db = state;

	pool_tend(db->pool, ctx);
}

const struct driver driver_postgres = {
	.name = "postgresql",
	.dialect = DIALECT_POSTGRES,
	.check_url = pg_check_url,
	.open = pg_open,
	.close = pg_close,
	.loop_close = pg_loop_close,
	.transact = pg_transact,
	.run = pg_run,
	.run_batch = pg_run_batch,
	.run_text = pg_run_text,
	.describe = pg_describe,
	.counters = pg_counters,
	.tend = pg_tend,
	.listen = pg_listen,
	.notify_query = &pg_notify_query,
};
