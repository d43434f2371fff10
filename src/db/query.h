/*
 * What tools/sqlgen emits and the drivers carry out: named queries, their arguments and
 * their rows.
 *
 * Domain code calls the generated q_<name> functions (see docs/sql.md) and never this
 * header directly.
 */
#ifndef DB_QUERY_H
#define DB_QUERY_H

#include "base/ctx.h"
#include "base/err.h"
#include "base/histogram.h"
#include "base/id.h"
#include "base/opt.h"

struct tx;

enum dialect { DIALECT_POSTGRES, DIALECT_SQLITE };
enum { DIALECT_COUNT = 2 };

/* How a value travels. RATE: ten-thousandths as an integer in C and SQLite, numeric(5,4)
 * in PostgreSQL. TIME: microseconds UTC. */
enum db_type {
	DB_BOOL,
	DB_I32,
	DB_I64,
	DB_F64,
	DB_TEXT,
	DB_BYTES,
	DB_JSON,
	DB_TIME,
	DB_RATE,
	DB_UUID
};

/* One argument or column. Text of a column is the driver's and lasts until the row
 * function returns. */
struct value {
	bool is_null;
	union {
		bool boolean;
		int64_t i64; /* I32, I64, TIME, RATE */
		double f64;
		struct str text; /* TEXT, BYTES, JSON */
		struct uuid uuid;
	};
};

/* How many rows: ONE must exist (NOT_FOUND), OPT may be absent, MANY are bounded and come
 * at once (:many, :visit), EACH streamed, EXEC none, ROWS a count, BATCH the statement
 * once per set of arguments. */
enum query_shape {
	QUERY_ONE,
	QUERY_OPT,
	QUERY_MANY,
	QUERY_EACH,
	QUERY_EXEC,
	QUERY_ROWS,
	QUERY_BATCH
};

enum {
	QUERY_PARAMS_MAX = 64,
	QUERY_COLUMNS_MAX = 64,
};

/* Statistics of one query, filled by db/observe.c; one writer a loop at a time is not
 * assumed. */
struct query_stats {
	struct histogram duration;
	_Atomic uint64_t rows;
	_Atomic uint64_t failures;
	_Atomic uint32_t service_us;   /* a moving mean of what PostgreSQL takes, of
				      * queries on lanes; 0: not known */
	_Atomic int64_t plan_again_at; /* monotonic; until then its plan was told */
};

struct query {
	const char *name;               /* "affiliate_by_code" */
	const char *file;               /* "affiliates.sql" */
	const char *sql[DIALECT_COUNT]; /* with $1 or ?1 for arguments */
	const char *copy; /* `bulk: copy`: the same as a COPY in binary, or NULL */
	enum query_shape shape;
	bool is_write;  /* anything but a plain SELECT */
	bool is_actor;  /* `as: actor`: runs under row security of ctx->actor */
	bool is_system; /* `as: system`: passes row security, see db/driver.h */
	bool is_slow;   /* `pool: batch`: expected to be slow, kept off the lanes */
	bool allows_replica;
	bool allows_scan; /* `scan: ok` */
	uint8_t param_count;
	uint8_t column_count;
	const enum db_type *param_types;
	const enum db_type *column_types;
	const bool *column_nullable;
	struct query_stats *stats;
	/* What db/row.c checks and says; a query made by hand may leave them out. */
	uint8_t actor_param; /* which argument is :actor, from 1; 0: none */
	const bool *param_nullable;
	const char *const *param_names;
	const char *const *column_names;
};

/* Called for each row in turn; an error ends the query and is returned by it. */
typedef struct err *(*row_fn)(void *arg, const struct value *columns);

struct row_sink {
	row_fn row; /* NULL: rows are dropped */
	void *arg;
	bool *texts_last; /* set by a driver whose texts lie in ctx->arena, before the
			   * first row; may be NULL */
};

/* Run QUERY with its param_count PARAMS. ret_affected (may be NULL): rows inserted,
 * updated or deleted. */
struct err *query_run(struct tx *tx, const struct query *query,
	const struct value *params, struct row_sink sink, int64_t *ret_affected) MUST_USE;

/*
 * Run QUERY once for each of SETS sets of arguments, one after another in PARAMS. Inside
 * a transaction of kind TX_WRITE only; PostgreSQL sends them in pipelines. The first
 * error ends it, with a note saying which set (from 0).
 */
struct err *query_run_batch(struct tx *tx, const struct query *query,
	const struct value *params, size_t sets, int64_t *ret_affected) MUST_USE;

/* Every query of the program, collected by the generator from all files; for tests,
 * statistics and warming. */
extern const struct query *const query_registry[];
extern const size_t query_registry_count;

#endif
