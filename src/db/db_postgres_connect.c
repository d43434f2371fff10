#include <arpa/inet.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "db/db_postgres_conn.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"

enum {
	CANCEL_ARENA_BYTES = 16384,
	STATUS_TEXT_MAX = 300,
};

/*
 * Settings of every connection, sent as it opens, so that they cost no round trip.
 * Transactions are serializable, single statements too: the promise holds among
 * serializable transactions only. The last is a net below our own time limits.
 */
static const char session_settings[] =
	" -c TimeZone=UTC -c standard_conforming_strings=on -c DateStyle=ISO"
	" -c default_transaction_isolation=serializable -c statement_timeout=30000"
	" -c idle_in_transaction_session_timeout=60000";

/* --- Where to connect --------------------------------------------------------------- */

static bool
target_put(
	struct pg_target *target, size_t *count, const char *keyword, const char *value)
{
	if (*count == PG_CONNINFO_MAX - 3 || !value) /* three for the host */
		return false;
	target->keywords[*count] = keyword;
	target->values[*count] = value;
	(*count)++;
	return true;
}

/* What we set where the URL does not. */
static const struct {
	const char *keyword;
	const char *value;
} defaults[] = {
	{ "application_name", "gridiron" },
	{ "client_encoding", "UTF8" },
	{ "connect_timeout", "5" },
	{ "tcp_user_timeout", "10000" },
	{ "keepalives_idle", "30" },
	{ "keepalives_interval", "5" },
	{ "keepalives_count", "3" },
	{ "options", "" },
};

/* The part of the comma-separated LIST at INDEX; the only part stands for all. */
static const char *
part_of(struct arena *arena, const char *list, uint32_t index, uint32_t *ret_count)
{
	struct str rest = str_from(list), part, found = STR_NONE;
	uint32_t count = 0;

	while (str_next(&rest, ',', &part))
		if (count++ == index || count == 1)
			found = part;
	*ret_count = count;

	return found.len > 0 ? str_cstr(arena, found) : NULL;
}

static const char *
target_value(const struct pg_target *target, const char *keyword)
{
	for (size_t i = 0; i < target->count; i++)
		if (strcmp(target->keywords[i], keyword) == 0)
			return target->values[i];

	return NULL;
}

/* libpq would go through the hosts itself, but not give up on one that does not answer,
 * and it looks up names while it does. */
static void
target_list_hosts(struct arena *arena, struct pg_target *target)
{
	const char *hosts = target_value(target, "host");
	const char *hostaddrs = target_value(target, "hostaddr");
	const char *ports = target_value(target, "port");
	uint32_t count = 1, counted;

	for (uint32_t i = 0; i < count && i < PG_HOSTS_MAX; i++) {
		struct pg_host *host = &target->hosts[i];

		host->port = part_of(arena, ports, i, &counted);
		host->host = part_of(arena, hosts, i, &counted);
		count = counted > count ? counted : count;
		host->hostaddr = part_of(arena, hostaddrs, i, &counted);
		count = counted > count ? counted : count;
	}
	target->host_count = count < PG_HOSTS_MAX ? count : PG_HOSTS_MAX;
}

static const char *
default_of(const char *keyword)
{
	for (size_t i = 0; i < COUNT_OF(defaults); i++)
		if (strcmp(defaults[i].keyword, keyword) == 0)
			return defaults[i].value;

	return NULL;
}

/* Copy what libpq read into TARGET; false where the arena is full. */
static bool
target_fill(
	struct arena *arena, const PQconninfoOption *options, struct pg_target *target)
{
	size_t count = 0;

	for (const PQconninfoOption *option = options; option->keyword; option++) {
		const char *value = option->val;
		const char *keyword;

		if (strcmp(option->keyword, "client_encoding") == 0)
			value = NULL; /* ours, whatever the URL says */
		if (!value)
			value = default_of(option->keyword);
		if (!value)
			continue;
		keyword = str_cstr(arena, str_from(option->keyword));
		if (strcmp(option->keyword, "options") == 0) {
			struct str all = str_fmt(arena, "%s%s", value, session_settings);

			value = str_is_none(all) ? NULL : str_cstr(arena, all);
		} else {
			value = str_cstr(arena, str_from(value));
		}
		if (!keyword || !target_put(target, &count, keyword, value))
			return false;
	}
	target->count = count;
	target_list_hosts(arena, target);

	/* Of several servers the one that takes writes is meant, unless the URL says. */
	return target->host_count == 1 || target_value(target, "target_session_attrs") ||
		target_put(target, &target->count, "target_session_attrs", "read-write");
}

struct err *
pg_target_parse(
	struct ctx *ctx, struct arena *arena, struct str url, struct pg_target *ret)
{
	const char *text = str_cstr(arena, url);
	PQconninfoOption *options;
	char *complaint = NULL;
	bool is_filled;

	if (!text)
		return err_no_memory();
	options = PQconninfoParse(text, &complaint);
	PQfreemem(complaint); /* it may quote the password */
	if (!options)
		return err_new(ctx, ERR_INVALID,
			"the database URL cannot be read; it should look like "
			"postgresql://user@host:5432/database");
	is_filled = target_fill(arena, options, ret);
	PQconninfoFree(options);

	return is_filled ? NULL : err_no_memory();
}

/* --- Connecting --------------------------------------------------------------------- */

/* Warnings are counted: one on COMMIT casts doubt on it. */
static void
notice(void *arg, const PGresult *result)
{
	struct pg_conn *conn = arg;
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (severity && strcmp(severity, "WARNING") == 0) {
		conn->warnings++;
		log_warning(NULL, "database warning", LOG_TEXT("message", message));
	}
}

/* One line of libpq's message, which ends in a line end. */
static struct str
connection_complaint(const PGconn *pq)
{
	return str_trim(str_from(PQerrorMessage(pq)));
}

/* Drive the hand-shake. Between two steps libpq may close the socket and open another of
 * the same number, so the loop must not know it from before. */
static enum wait_end
shake_hands(PGconn *pq, int64_t deadline, PostgresPollingStatusType *ret_step,
	bool *ret_is_answered)
{
	PostgresPollingStatusType step = PGRES_POLLING_WRITING;
	enum wait_end end = WAIT_READY;

	while (end == WAIT_READY && step != PGRES_POLLING_OK &&
		step != PGRES_POLLING_FAILED) {
		int fd = PQsocket(pq);

		end = fiber_wait_fd(
			fd, step == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT, deadline);
		fiber_forget_fd(fd);
		if (PQstatus(pq) == CONNECTION_AWAITING_RESPONSE)
			*ret_is_answered = true;
		if (end == WAIT_READY)
			step = PQconnectPoll(pq);
	}
	*ret_step = step;

	return end;
}

/* What is wrong with a connection that was made; NULL when it will do. */
static struct err *
check_server(struct ctx *ctx, PGconn *pq)
{
	if (PQserverVersion(pq) < PG_VERSION_LEAST)
		return err_new(ctx, ERR_INVALID,
			"the database is PostgreSQL %d; at least version %d is needed",
			PQserverVersion(pq) / 10000, PG_VERSION_LEAST / 10000);
	if (PQsetnonblocking(pq, 1) != 0 || PQenterPipelineMode(pq) != 1)
		return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
			"no pipeline mode: " STR_FMT, STR_ARG(connection_complaint(pq)));
	return NULL;
}

static struct err *
connect_err(struct ctx *ctx, PGconn *pq, enum wait_end end, enum pool_fault fault)
{
	struct err *err;

	if (end == WAIT_CANCELLED)
		return wait_end_err(ctx, end, "a connection to the database");
	err = err_new(ctx, ERR_BUSY,
		fault == POOL_REFUSED ? "the database refuses connections"
				      : "cannot connect to the database");
	if (end == WAIT_TIMED_OUT)
		return err_note(err, "no answer from %s in time", PQhost(pq));
	return err_note(err, STR_FMT, STR_ARG(connection_complaint(pq)));
}

/* --- One host after another --------------------------------------------------------- */

/* Whether connecting to HOST begins with looking up its name, which blocks. */
static bool
has_name(const struct pg_host *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	return host->host && host->host[0] != '/' && host->host[0] != '@' &&
		!host->hostaddr && inet_pton(AF_INET, host->host, address) != 1 &&
		inet_pton(AF_INET6, host->host, address) != 1;
}

struct start {
	const char *keywords[PG_CONNINFO_MAX + 1];
	const char *values[PG_CONNINFO_MAX + 1];
	PGconn *pq;
};

static void
start_connecting(void *arg)
{
	struct start *start = arg;

	start->pq = PQconnectStartParams(start->keywords, start->values, 0);
}

/* The target's settings, and of its hosts the one. What comes later counts. */
static void
start_fill(const struct pg_target *target, const struct pg_host *host, struct start *ret)
{
	size_t count = target->count;

	memcpy(ret->keywords, target->keywords, count * sizeof(*ret->keywords));
	memcpy(ret->values, target->values, count * sizeof(*ret->values));
	ret->keywords[count] = "host";
	ret->values[count++] = host->host;
	ret->keywords[count] = "hostaddr";
	ret->values[count++] = host->hostaddr;
	ret->keywords[count] = "port";
	ret->values[count++] = host->port;
	ret->keywords[count] = NULL;
	ret->values[count] = NULL;
	ret->pq = NULL;
}

static struct err *
connect_host(struct ctx *ctx, struct start *start, int64_t deadline, struct pg_conn *conn,
	enum pool_fault *ret_fault)
{
	PostgresPollingStatusType step = PGRES_POLLING_FAILED;
	enum wait_end end = WAIT_READY;
	bool is_answered = false;
	PGconn *pq = start->pq;
	struct err *err;

	if (!pq)
		return err_no_memory();
	PQsetNoticeReceiver(pq, notice, conn);
	if (PQstatus(pq) != CONNECTION_BAD)
		end = shake_hands(pq, deadline, &step, &is_answered);
	if (end == WAIT_READY && step == PGRES_POLLING_OK)
		err = check_server(ctx, pq);
	else
		err = connect_err(ctx, pq, end,
			*ret_fault = is_answered ? POOL_REFUSED : POOL_CANNOT_CONNECT);
	if (err) {
		PQfinish(pq);
		return err;
	}
	conn->pq = pq;
	conn->fd = PQsocket(pq);

	return NULL;
}

struct err *
pg_connect(struct ctx *ctx, struct pg_target *target, int64_t deadline,
	struct pg_conn *conn, enum pool_fault *ret_fault)
{
	uint32_t first = atomic_load_explicit(&target->last_good, memory_order_relaxed);
	struct err *err = NULL;
	struct start start;

	memset(conn, 0, sizeof(*conn));
	list_init(&conn->link);
	for (uint32_t i = 0; i < target->host_count && !fiber_is_cancelled(); i++) {
		uint32_t at = (first + i) % target->host_count;
		const struct pg_host *host = &target->hosts[at];
		int64_t now = clock_monotonic_ns();
		/* Each of those left gets its share of the time left. */
		int64_t share = (deadline - now) / (target->host_count - i);

		start_fill(target, host, &start);
		if (!has_name(host))
			start_connecting(&start);
		else
			TRY(fiber_offload(ctx, start_connecting, &start));
		err = connect_host(ctx, &start, now + share, conn, ret_fault);
		if (!err) {
			conn->host = at;
			atomic_store_explicit(
				&target->last_good, at, memory_order_relaxed);
			return NULL;
		}
	}

	return err ? err : wait_end_err(ctx, WAIT_CANCELLED, "a database connection");
}

void
pg_disconnect(struct pg_conn *conn)
{
	if (!conn->pq)
		return;
	fiber_forget_fd(conn->fd);
	PQfinish(conn->pq);
	conn->pq = NULL;
}

/* --- Cancelling --------------------------------------------------------------------- */

/* Blocks: libpq opens a connection to say it. */
static void
cancel_blocking(void *arg)
{
	char complaint[STATUS_TEXT_MAX];

	if (PQcancel(arg, complaint, sizeof(complaint)) != 1)
		log_warning(NULL, "query not cancelled", LOG_TEXT("why", complaint));
}

static void
cancel_fiber(void *arg)
{
	struct arena arena;
	struct ctx ctx = { .arena = &arena,
		.deadline = clock_deadline_ms(PG_CONNECT_TIMEOUT_MS),
		.route = "cancel query" };

	arena_init(&arena, CANCEL_ARENA_BYTES);
	/* If no thread is free in time, statement_timeout ends the query. */
	if (fiber_offload(&ctx, cancel_blocking, arg))
		log_warning(NULL, "query not cancelled: no thread was free");
	arena_release(&arena);
	PQfreeCancel(arg);
}

void
pg_cancel(const struct pg_conn *conn)
{
	PGcancel *cancel = conn->pq ? PQgetCancel(conn->pq) : NULL;

	if (cancel && !fiber_spawn("db_cancel", cancel_fiber, cancel))
		PQfreeCancel(cancel);
}
