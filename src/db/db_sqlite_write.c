/*
 * The writer: one thread, one connection, one group of transactions after another.
 *
 * The group is whatever waits when the commit before it ends, so that under load one
 * fsync serves many, and a single transaction never waits for company. Each runs in a
 * savepoint of its own: one that fails is undone alone. All are answered after the
 * COMMIT, because even a failure may be owed to what a neighbour wrote.
 *
 * Some errors make SQLite undo the whole transaction (the interruption of a write, a full
 * disk). Then the one that met it is answered with it, and the others run again: a
 * transaction's function may run more than once.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.h"
#include "db/db_sqlite.h"
#include "sys/clock.h"

enum {
	/* A checkpoint costs the writer two fsyncs and a copy of the pages: do it when
	 * nobody waits, and beside that only when the WAL is so long that reads suffer.
	 */
	CHECKPOINT_IDLE_PAGES = 1000,
	CHECKPOINT_BUSY_PAGES = 8000,
	CHECKPOINT_IDLE_MS = 1000,
	SHRED_BUSY_MS = 50,
};

/* A transaction that waits for the writer, on the stack of its fiber. */
struct write_job {
	struct list_link link; /* waiting, or in the group */
	struct tx *tx;
	tx_fn fn;
	void *arg;
	bool is_alone;
	bool is_taken;             /* by the writer thread; under the writer's lock */
	_Atomic bool is_cancelled; /* its fiber wants no answer any more */
	struct err *err;
	bool may_retry;
	struct fiber_event answered;
};

static _Thread_local bool is_writer_thread;

bool
writer_is_here(void)
{
	return is_writer_thread;
}

/* --- The fiber's side --------------------------------------------------------------- */

static bool
submit(struct writer *writer, struct write_job *job)
{
	bool is_accepted, is_asleep;

	pthread_mutex_lock(&writer->lock);
	is_accepted = !writer->is_stopping;
	if (is_accepted)
		list_push_back(&writer->waiting, &job->link);
	is_asleep = writer->is_asleep;
	if (is_accepted && is_asleep)
		pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->lock);
	return is_accepted;
}

/* Take JOB back, if its turn has not come. */
static bool
take_back(struct writer *writer, struct write_job *job)
{
	bool is_taken;

	pthread_mutex_lock(&writer->lock);
	is_taken = job->is_taken;
	if (!is_taken)
		list_remove(&job->link);
	pthread_mutex_unlock(&writer->lock);
	return !is_taken;
}

struct err *
writer_transact(struct writer *writer, struct tx *tx, tx_fn fn, void *arg, bool is_alone,
	bool *ret_may_retry)
{
	struct write_job job = { .tx = tx, .fn = fn, .arg = arg, .is_alone = is_alone };
	enum wait_end end;

	if (is_writer_thread)
		return err_note(err_new(tx->ctx, ERR_INTERNAL, "internal error"),
			"a write inside a transaction, but not through it");
	fiber_event_init(&job.answered);
	if (!submit(writer, &job))
		return err_new(tx->ctx, ERR_BUSY, "the server is stopping");
	end = fiber_event_wait(&job.answered, tx->ctx->deadline);
	if (end != WAIT_READY) {
		if (take_back(writer, &job))
			return wait_end_err(tx->ctx, end, "the database's writer");
		/* It works in our memory. Past its COMMIT the answer counts, however
		 * late; before it, the deadline or this ends it soon. */
		atomic_store(&job.is_cancelled, true);
		fiber_event_join(&job.answered);
	}
	*ret_may_retry = job.may_retry;
	return job.err;
}

/* --- Groups ------------------------------------------------------------------------- */

/* Of a group that is not empty. */
static struct write_job *
first_job(const struct list_link *group)
{
	return CONTAINER_OF(group->next, struct write_job, link);
}

/* Afterwards the job is gone: it stood on its fiber's stack. */
static void
job_answer(struct write_job *job)
{
	list_remove(&job->link);
	fiber_event_set(&job->answered);
}

static void
limits_begin(struct conn *conn, struct write_job *job)
{
	conn->deadline = job->tx->ctx->deadline;
	conn->cancelled = &job->is_cancelled;
	conn->forbids_control = !job->is_alone;
	job->tx->handle = conn;
}

/* What the driver itself does (COMMIT, checkpoints) knows no deadline. */
static void
limits_end(struct conn *conn)
{
	conn->deadline = DEADLINE_NEVER;
	conn->cancelled = NULL;
	conn->forbids_control = false;
}

static bool
has_open_references(struct conn *conn)
{
	int count = 0, highest = 0;

	sqlite3_db_status(
		conn->sqlite, SQLITE_DBSTATUS_DEFERRED_FKS, &count, &highest, 0);
	return count != 0;
}

static struct err *
run_fn(struct conn *conn, struct write_job *job)
{
	struct ctx *ctx = job->tx->ctx;

	TRY(conn_check(ctx, conn));
	TRY(job->fn(job->tx, job->arg));
	/* A deferred foreign key left open would fail the COMMIT of all. */
	if (has_open_references(conn))
		return conn_err(ctx, conn, SQLITE_CONSTRAINT_FOREIGNKEY, "commit");
	return NULL;
}

static void
roll_back(struct conn *conn)
{
	if (!sqlite3_get_autocommit(conn->sqlite))
		conn_control(conn, CONTROL_ROLLBACK);
}

/* Run JOB within the open transaction. False: it failed, and that transaction is gone. */
static bool
job_run(struct conn *conn, struct write_job *job)
{
	struct ctx *ctx = job->tx->ctx;
	int rc = conn_control(conn, CONTROL_SAVEPOINT);

	limits_begin(conn, job);
	job->err = rc == SQLITE_OK ? run_fn(conn, job)
				   : conn_err(ctx, conn, rc, "savepoint");
	limits_end(conn);
	if (sqlite3_get_autocommit(conn->sqlite)) {
		assert(job->err);
		return false;
	}
	if (job->err)
		rc = conn_control(conn, CONTROL_ROLLBACK_TO);
	if (rc == SQLITE_OK)
		rc = conn_control(conn, CONTROL_RELEASE);
	if (rc == SQLITE_OK)
		return true;
	/* Half a transaction may not be committed with the others. */
	if (!job->err)
		job->err = conn_err(ctx, conn, rc, "release");
	roll_back(conn);
	return false;
}

/* Run every job of GROUP in the open transaction. False: one of them made SQLite undo it
 * all; that one is answered and off the list. */
static bool
run_all(struct conn *conn, const struct list_link *group)
{
	LIST_FOR_EACH(link, group) {
		struct write_job *job = CONTAINER_OF(link, struct write_job, link);

		if (!job_run(conn, job)) {
			job_answer(job);
			return false;
		}
	}
	return true;
}

/*
 * The error of one job where the COMMIT failed with RC. The commit's last record is
 * written before it is synced, so after an input or output error it may be found in the
 * WAL by the next process that opens the file: not known. After any other error, a full
 * disk above all, it was not written.
 */
static struct err *
commit_err(struct conn *conn, struct write_job *job, int rc)
{
	struct ctx *ctx = job->tx->ctx;

	if ((rc & 0xff) != SQLITE_IOERR)
		return conn_err(ctx, conn, rc, "commit");
	return err_note(
		err_new(ctx, ERR_UNCERTAIN,
			"the disk failed: it is not known whether this was written"),
		"commit: sqlite %d, %s", rc, sqlite3_errmsg(conn->sqlite));
}

/* COMMIT failed: so did they all, also those that had failed before, perhaps because of
 * what a neighbour wrote that is not there now. */
static void
fail_commit(struct conn *conn, struct list_link *group, int rc)
{
	LIST_FOR_EACH(link, group) {
		struct write_job *job = CONTAINER_OF(link, struct write_job, link);

		job->err = commit_err(conn, job, rc);
	}
}

static void
fail_begin(struct conn *conn, struct list_link *group, int rc)
{
	LIST_FOR_EACH(link, group) {
		struct write_job *job = CONTAINER_OF(link, struct write_job, link);

		job->err = conn_err(job->tx->ctx, conn, rc, "begin");
		job->may_retry = (rc & 0xff) == SQLITE_BUSY;
	}
}

/* Nothing is written where it would be lost. */
static void
fail_moved(struct list_link *group)
{
	LIST_FOR_EACH(link, group) {
		struct write_job *job = CONTAINER_OF(link, struct write_job, link);

		job->err = place_err(job->tx->ctx);
	}
}

static void
group_run(struct conn *conn, struct list_link *group)
{
	int rc;

	do {
		if (list_is_empty(group))
			return;
		rc = conn_control(conn, CONTROL_BEGIN_WRITE);
		if (rc != SQLITE_OK) {
			fail_begin(conn, group, rc);
			return;
		}
	} while (!run_all(conn, group));
	rc = conn_control(conn, CONTROL_COMMIT);
	if (rc != SQLITE_OK)
		fail_commit(conn, group, rc);
	roll_back(conn);
}

/* By itself, in no transaction of ours: text of migrations and tests. */
static void
alone_run(struct conn *conn, struct write_job *job)
{
	struct ctx *ctx = job->tx->ctx;

	limits_begin(conn, job);
	job->err = conn_check(ctx, conn);
	if (!job->err)
		job->err = job->fn(job->tx, job->arg);
	limits_end(conn);
	if (sqlite3_get_autocommit(conn->sqlite))
		return;
	roll_back(conn);
	if (!job->err)
		job->err = err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
			"the text left a transaction open; it was rolled back");
}

/* --- Checkpoints -------------------------------------------------------------------- */

static int
note_wal_pages(void *arg, sqlite3 *sqlite, const char *schema, int pages)
{
	struct writer *writer = arg;

	(void)sqlite, (void)schema;
	/* The WAL began again. */
	if (pages < writer->wal_pages)
		writer->checkpoint_pages = 0;
	writer->wal_pages = pages;
	writer->is_wal_dirty = true;
	return SQLITE_OK;
}

static void
checkpoint_tell(const struct writer *writer, int rc)
{
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
		log_warning(NULL, "database checkpoint failed",
			LOG_TEXT("path", writer->conn->path), LOG_I64("sqlite", rc),
			LOG_TEXT("why", sqlite3_errmsg(writer->conn->sqlite)));
}

/*
 * Copy what the WAL holds into the database file. PASSIVE waits for nobody; where a long
 * read keeps it from finishing, try again only when there is more to do.
 */
static void
checkpoint(struct writer *writer)
{
	int pages = 0, copied = 0;
	int rc = sqlite3_wal_checkpoint_v2(
		writer->conn->sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);

	checkpoint_tell(writer, rc);
	writer->is_wal_dirty = false;
	writer->checkpoint_pages = pages + CHECKPOINT_IDLE_PAGES;
}

static bool
is_shred_due(const struct writer *writer)
{
	return atomic_load_explicit(&writer->is_shred_due, memory_order_relaxed) &&
		clock_monotonic_ns() >= writer->shred_at;
}

/* Empty the WAL, which keeps what it held until it is written over. Reads that are under
 * way are in the way: then it is tried again, but not all the time, since it holds up
 * those who write. */
static void
shred(struct writer *writer)
{
	int rc;

	sqlite3_busy_timeout(writer->conn->sqlite, SHRED_BUSY_MS);
	rc = sqlite3_wal_checkpoint_v2(
		writer->conn->sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(writer->conn->sqlite, WRITER_BUSY_MS);
	if (rc != SQLITE_OK) {
		checkpoint_tell(writer, rc);
		writer->shred_at = clock_deadline_ms(CHECKPOINT_IDLE_MS);
		return;
	}
	writer->wal_pages = 0;
	writer->checkpoint_pages = 0;
	writer->is_wal_dirty = false;
	writer->shred_at = 0;
	atomic_store(&writer->is_shred_due, false);
}

void
writer_shred(struct writer *writer)
{
	pthread_mutex_lock(&writer->lock);
	atomic_store(&writer->is_shred_due, true);
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->lock);
}

/* After a group, with more waiting (IS_BUSY) or not. */
static bool
is_checkpoint_due(const struct writer *writer, bool is_busy)
{
	int least = is_busy ? CHECKPOINT_BUSY_PAGES : CHECKPOINT_IDLE_PAGES;

	return writer->is_wal_dirty && writer->wal_pages >= least &&
		writer->wal_pages >= writer->checkpoint_pages;
}

/* --- The thread --------------------------------------------------------------------- */

/* Sleep until there is work, or while the WAL is dirty, a second: false then. Under the
 * lock. */
static bool
sleep_for_work(struct writer *writer)
{
	struct timespec until;
	int64_t at = clock_deadline_ms(CHECKPOINT_IDLE_MS);
	int rc = 0;

	until.tv_sec = at / NANOSECONDS_PER_SECOND;
	until.tv_nsec = at % NANOSECONDS_PER_SECOND;
	writer->is_asleep = true;
	if (writer->is_wal_dirty || writer->is_shred_due)
		rc = pthread_cond_timedwait(&writer->work, &writer->lock, &until);
	else
		rc = pthread_cond_wait(&writer->work, &writer->lock);
	writer->is_asleep = false;
	return rc != ETIMEDOUT;
}

/* Move what waits to GROUP: all up to one that must be alone, or that one. Under the
 * lock. */
static void
take_group(struct writer *writer, struct list_link *group)
{
	while (!list_is_empty(&writer->waiting)) {
		struct write_job *job = first_job(&writer->waiting);

		if (job->is_alone && !list_is_empty(group))
			return;
		list_remove(&job->link);
		list_push_back(group, &job->link);
		job->is_taken = true;
		if (job->is_alone)
			return;
	}
}

/* False: the end. GROUP stays empty where the writer should use the pause. */
static bool
wait_for_group(struct writer *writer, struct list_link *group)
{
	bool is_end;

	pthread_mutex_lock(&writer->lock);
	while (list_is_empty(&writer->waiting) && !writer->is_stopping)
		if (!sleep_for_work(writer))
			break;
	is_end = writer->is_stopping && list_is_empty(&writer->waiting);
	take_group(writer, group);
	pthread_mutex_unlock(&writer->lock);
	return !is_end;
}

static bool
is_more_waiting(struct writer *writer)
{
	bool is_more;

	pthread_mutex_lock(&writer->lock);
	is_more = !list_is_empty(&writer->waiting);
	pthread_mutex_unlock(&writer->lock);
	return is_more;
}

/* And answer. */
static void
carry_out(struct writer *writer, struct list_link *group)
{
	struct conn *conn = writer->conn;

	if (UNLIKELY(!place_holds(&writer->place)))
		fail_moved(group);
	else if (first_job(group)->is_alone)
		alone_run(conn, first_job(group));
	else
		group_run(conn, group);
	while (!list_is_empty(group))
		job_answer(first_job(group));
}

static void *
writer_main(void *arg)
{
	struct writer *writer = arg;
	struct list_link group;

	is_writer_thread = true;
	list_init(&group);
	while (wait_for_group(writer, &group)) {
		bool is_pause = list_is_empty(&group);

		if (!is_pause)
			carry_out(writer, &group);
		if (is_pause || is_checkpoint_due(writer, is_more_waiting(writer)))
			checkpoint(writer);
		if (UNLIKELY(is_shred_due(writer)))
			shred(writer);
	}
	return NULL;
}

/* Signals are for the loops. */
static int
thread_start(struct writer *writer)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&writer->thread, NULL, writer_main, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* Whether a crash left a WAL behind: it may hold what was deleted, and is emptied
 * first. */
static bool
is_log_left(struct ctx *ctx, const char *path)
{
	const char *log = str_cstr(ctx->arena, str_fmt(ctx->arena, "%s-wal", path));
	struct stat found;

	return log && stat(log, &found) == 0 && found.st_size > 0;
}

struct err *
writer_start(struct writer *writer, struct ctx *ctx, const char *path)
{
	pthread_condattr_t monotonic;

	*writer = (struct writer){ .is_shred_due = is_log_left(ctx, path) };
	TRY(conn_open(ctx, path, false, &writer->conn));
	if (!place_find(&writer->place, path)) {
		conn_close(writer->conn);
		return place_err(ctx);
	}
	list_init(&writer->waiting);
	pthread_mutex_init(&writer->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->work, &monotonic);
	pthread_condattr_destroy(&monotonic);
	sqlite3_wal_hook(writer->conn->sqlite, note_wal_pages, writer);
	if (thread_start(writer) != 0) {
		conn_close(writer->conn);
		return err_new(ctx, ERR_INTERNAL, "cannot start the database's writer");
	}
	return NULL;
}

void
writer_stop(struct writer *writer)
{
	pthread_mutex_lock(&writer->lock);
	writer->is_stopping = true;
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->lock);
	pthread_join(writer->thread, NULL);
	pthread_cond_destroy(&writer->work);
	pthread_mutex_destroy(&writer->lock);
	/* The last connection to close copies the WAL and removes it. */
	conn_close(writer->conn);
}
