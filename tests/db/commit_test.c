/* The connection is cut at the worst moment, by a proxy between us and PostgreSQL. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/fiber.h"
#include "tests/db/engine.h"

#define PG_QUERY(ident, writes, sql_text, params, columns) \
	QUERY_ON_BOTH(ident, writes, sql_text, "", TYPES(params), TYPES(columns))

PG_QUERY(account_put, true, "INSERT INTO accounts VALUES ($1, 1)", DB_I64, TYPES());
PG_QUERY(accounts_count, false, "SELECT count(*) FROM accounts", TYPES(), DB_I64);

static struct query_stats own_stats;
static const struct query own_account_put = { .name = "own_account_put",
	.file = __FILE__,
	.sql = { [DIALECT_POSTGRES] = "INSERT INTO accounts SELECT $1, 1 WHERE "
				      "current_setting('app.current_user_id') <> ''" },
	.shape = QUERY_ROWS,
	.is_write = true,
	.is_actor = true,
	.param_count = 1,
	.param_types = TYPES_ARRAY(DB_I64),
	.stats = &own_stats };

/* --- The proxy ---------------------------------------------------------------------- */

enum { CHUNK_BYTES = 8192 };

/* Cuts the connection when a message to the server holds PATTERN: before it is passed on,
 * or when its answer comes. */
struct proxy {
	char folder[64];
	char path[100];
	char server_path[100];
	int listener;
	struct str pattern;
	bool passes_on;
	int cuts;
	int turns; /* messages to the server behind an answer: round trips begun */
	struct fiber *fiber;
	bool is_ended;
	struct db *db; /* opened through it */
};

struct connection {
	struct proxy *proxy;
	int client;
	int server;
	int pumps;
	bool is_doomed;   /* the answer is not passed on */
	bool is_answered; /* the last word is the server's */
};

static void
cut(struct connection *connection)
{
	(void)shutdown(connection->client, SHUT_RDWR);
	(void)shutdown(connection->server, SHUT_RDWR);
}

static void
pump_end(struct connection *connection)
{
	cut(connection);
	if (--connection->pumps > 0)
		return;
	fiber_forget_fd(connection->client);
	fiber_forget_fd(connection->server);
	close(connection->client);
	close(connection->server);
}

static bool
pump_some(int from, char *bytes, size_t *ret)
{
	ssize_t got;

	if (fiber_wait_fd(from, EPOLLIN, clock_deadline_ms(60000)) != WAIT_READY)
		return false;
	got = read(from, bytes, CHUNK_BYTES);
	*ret = got > 0 ? (size_t)got : 0;
	return got > 0;
}

static void
pump_up(void *arg)
{
	struct connection *connection = arg;
	struct proxy *proxy = connection->proxy;
	char bytes[CHUNK_BYTES];
	size_t size;

	while (pump_some(connection->client, bytes, &size)) {
		struct str message = { .ptr = bytes, .len = size };

		proxy->turns += connection->is_answered;
		connection->is_answered = false;
		if (proxy->pattern.ptr && str_find(message, proxy->pattern) >= 0) {
			proxy->cuts++;
			connection->is_doomed = true;
			if (!proxy->passes_on)
				break;
		}
		if (send(connection->server, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
			break;
	}
	pump_end(connection);
}

static void
pump_down(void *arg)
{
	struct connection *connection = arg;
	char bytes[CHUNK_BYTES];
	size_t size;

	while (pump_some(connection->server, bytes, &size)) {
		connection->is_answered = true;
		if (connection->is_doomed ||
			send(connection->client, bytes, size, MSG_NOSIGNAL) !=
				(ssize_t)size)
			break;
	}
	pump_end(connection);
}

static int
unix_socket(const char *path, bool listens)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int failed;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (listens)
		failed = bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
			listen(fd, 16);
	else
		failed = connect(fd, (struct sockaddr *)&address, sizeof(address));
	return failed ? -1 : fd;
}

static void
proxy_run(void *arg)
{
	static struct connection connections[64];
	static size_t count;
	struct proxy *proxy = arg;

	while (fiber_wait_fd(proxy->listener, EPOLLIN, DEADLINE_NEVER) == WAIT_READY) {
		struct connection *connection =
			&connections[count++ % COUNT_OF(connections)];

		*connection = (struct connection){ .proxy = proxy,
			.client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC),
			.server = unix_socket(proxy->server_path, false),
			.pumps = 2 };
		(void)fiber_spawn("pump_up", pump_up, connection);
		(void)fiber_spawn("pump_down", pump_down, connection);
	}
	fiber_forget_fd(proxy->listener);
	close(proxy->listener);
	unlink(proxy->path);
	rmdir(proxy->folder);
	proxy->is_ended = true;
}

/* Its pumps outlive a test. */
static struct proxy the_proxy;

/* Start PROXY, open the database through it, for CTX. */
static struct err *
open_through(struct proxy *proxy, struct ctx *ctx)
{
	struct str url = engine_url();
	ptrdiff_t at = str_find(url, STR("host="));
	struct str server = str_slice(url, (size_t)at + 5, url.len);

	*proxy = (struct proxy){ .folder = "/tmp/gridiron-proxy.XXXXXX" };
	if (!mkdtemp(proxy->folder))
		return err_new(ctx, ERR_INTERNAL, "no folder");
	snprintf(proxy->path, sizeof(proxy->path), "%s/.s.PGSQL.5432", proxy->folder);
	snprintf(proxy->server_path, sizeof(proxy->server_path), STR_FMT "/.s.PGSQL.5432",
		STR_ARG(server));
	proxy->listener = unix_socket(proxy->path, true);
	if (proxy->listener < 0)
		return err_new(ctx, ERR_INTERNAL, "no socket");
	proxy->fiber = fiber_spawn("proxy", proxy_run, proxy);
	TRY(db_open(ctx,
		&(struct db_options){
			.url = str_fmt(ctx->arena, STR_FMT "host=%s",
				STR_ARG(str_slice(url, 0, (size_t)at)), proxy->folder),
			.allows_any_role = true,
			.pool_size = 1,
			.max_overflow = -1 },
		&proxy->db));
	ctx->db = proxy->db;
	return NULL;
}

/* At a test's end, however that ends: else the loop would wait for the proxy for ever. */
static void
close_through(struct proxy **place)
{
	struct proxy *proxy = *place;

	if (proxy->db) {
		db_loop_close(proxy->db);
		db_close(proxy->db);
	}
	if (!proxy->fiber)
		return;
	fiber_cancel(proxy->fiber);
	while (!proxy->is_ended)
		fiber_yield();
}

/* --- The tests ---------------------------------------------------------------------- */

static struct err *
put_one(struct tx *tx, void *arg)
{
	const int64_t *id = arg;

	return rows_write(tx, &account_put, VALUES(V_I64(*id)));
}

static int64_t
count_accounts(struct ctx *ctx)
{
	int64_t count = -1;

	if (auto_i64(ctx, &accounts_count, VALUES_NONE, &count))
		return -1;
	return count;
}

/* Wait until COUNT accounts are there: the server may still be at it. */
static bool
come_to(struct ctx *ctx, int64_t count)
{
	for (int i = 0; i < 1000; i++) {
		if (count_accounts(ctx) == count)
			return true;
		(void)fiber_sleep_until(clock_deadline_ms(5));
	}
	return false;
}

DB_TEST(a_commit_whose_answer_is_lost_is_uncertain_and_not_run_again)
{
	struct ctx through = *ctx;
	struct proxy *proxy CLEANUP(close_through) = &the_proxy;
	int64_t id = 1;

	OK_ERR(open_through(proxy, &through));
	proxy->pattern = STR("COMMIT");
	proxy->passes_on = true;
	FAILS_WITH(db_transact(&through, TX_WRITE, SHARD_GLOBAL, put_one, &id),
		ERR_UNCERTAIN);
	EQ_I64(proxy->cuts, 1);
	OK(come_to(ctx, 1));
	/* It was not passed on this time; only we cannot know. */
	proxy->passes_on = false;
	id = 2;
	FAILS_WITH(db_transact(&through, TX_WRITE, SHARD_GLOBAL, put_one, &id),
		ERR_UNCERTAIN);
	EQ_I64(proxy->cuts, 2);
	EQ_I64(count_accounts(ctx), 1);
	proxy->pattern = STR_NONE;
	id = 3;
	OK_ERR(db_transact(&through, TX_WRITE, SHARD_GLOBAL, put_one, &id));
}

DB_TEST(a_transaction_cut_before_its_commit_is_run_again)
{
	struct ctx through = *ctx;
	struct proxy *proxy CLEANUP(close_through) = &the_proxy;
	int64_t id = 1;

	OK_ERR(open_through(proxy, &through));
	proxy->pattern = STR("INSERT");
	proxy->passes_on = true;
	/* As often as it is tried: the server never gets to COMMIT. */
	for (int64_t ms = 300; proxy->cuts < 2 && ms < 60000; ms *= 2) {
		through.deadline = clock_deadline_ms(ms);
		proxy->cuts = 0;
		OK(db_transact(&through, TX_WRITE, SHARD_GLOBAL, put_one, &id) != NULL);
	}
	OK(proxy->cuts > 1);
	EQ_I64(count_accounts(ctx), 0);
	proxy->pattern = STR_NONE;
	through.deadline = clock_deadline_ms(20000);
	OK_ERR(db_transact(&through, TX_WRITE, SHARD_GLOBAL, put_one, &id));
	EQ_I64(count_accounts(ctx), 1);
}

DB_TEST(a_single_write_whose_answer_is_lost_is_uncertain_and_not_run_again)
{
	struct ctx through = *ctx;
	struct proxy *proxy CLEANUP(close_through) = &the_proxy;

	OK_ERR(open_through(proxy, &through));
	proxy->pattern = STR("INSERT");
	proxy->passes_on = true;
	FAILS_WITH(auto_write(&through, &account_put, VALUES(V_I64(1))), ERR_UNCERTAIN);
	EQ_I64(proxy->cuts, 1);
	OK(come_to(ctx, 1));
}

static struct err *
put_own(struct tx *tx, void *arg)
{
	const int64_t *id = arg;

	return rows_write(tx, &own_account_put, VALUES(V_I64(*id)));
}

/* BEGIN, the time limit, row security's setting and the first statement; then COMMIT. A
 * write by itself goes with all of them at once. */
DB_TEST(a_transaction_of_one_statement_takes_two_round_trips_and_a_write_by_itself_one)
{
	struct ctx through = *ctx;
	struct proxy *proxy CLEANUP(close_through) = &the_proxy;
	int turns[4] = { 0 };
	struct err *err = NULL;

	OK_ERR(open_through(proxy, &through));
	through.actor.user_id.uuid = uuid_of(1);
	/* The first opens the connection and prepares; the last is by itself. */
	for (int64_t id = 0; id < 4 && !err; id++) {
		proxy->turns = 0;
		err = id < 3 ? db_transact(&through, TX_WRITE, SHARD_GLOBAL, put_own, &id)
			     : auto_write(&through, &own_account_put, VALUES(V_I64(id)));
		turns[id] = proxy->turns;
	}
	OK_ERR(err);
	EQ_I64(count_accounts(ctx), 4);
	EQ_I64(turns[1], 2);
	EQ_I64(turns[2], 2);
	EQ_I64(turns[3], 1);
}
