/* The inside of the lanes, for lane.c, which asks and answers, lane_talk.c, which carries
 * that over the connection, and lane_open.c, which opens and closes. All but the counters
 * belongs to one loop. */
#ifndef DB_LANE_STATE_H
#define DB_LANE_STATE_H

#include "db/lane.h"
#include "db/wire.h"
#include "sys/fiber.h"
#include "sys/wait.h"

enum {
	LANE_QUERIES_MAX = 256,  /* under way on one lane; a power of two */
	LANE_STATEMENTS_MAX = 2, /* of an entry: who asks, and what he asks */
	LANE_FAULT_TEXT_MAX = 200,
};

/* One who waits for an answer; on his stack. */
struct lane_call {
	struct ctx *ctx;
	const struct query *query;
	const struct pg_params *params;
	struct pg_identity identity;

	struct wait_queue done;
	bool is_done;
	bool is_lost;       /* the connection went; nothing is known */
	bool was_first;     /* and the server was at this very query: did that end it? */
	bool is_disturbed;  /* the lane's query was cancelled meanwhile, perhaps this one
			    */
	const Oid *columns; /* the types of the columns */
	struct buf rows;    /* in the arena of ctx, as wire_keep_row leaves them */
	struct err *err;    /* what the server said */
	enum pg_remedy remedy;
	char state[8]; /* its SQLSTATE; "": it said nothing */
};

/* A query under way: its statements, and the Sync behind them. */
struct lane_entry {
	struct lane_call *call; /* NULL: he gave up */
	uint32_t cancels;       /* of the lane, when it was sent */
	int64_t sent_at;
	const struct query *statements[LANE_STATEMENTS_MAX];
	uint8_t count;
	uint8_t done;     /* of them, those carried out */
	uint8_t prepares; /* bit i: statement i is prepared on the way */
	uint8_t prepared; /* bit i: and the server has done so */
	bool is_failed;   /* statement `done` failed; those behind it were left out */
	bool is_stale;    /* because what was prepared is unknown or out of date */
};

enum lane_state { LANE_CLOSED, LANE_OPENING, LANE_OPEN };

struct lane {
	struct lane_set *set;
	enum lane_state state;
	struct pg_conn conn;
	int64_t reopen_at;
	struct loop_deferred sending; /* what this turn of the loop gathers */
	bool is_stuck;                /* the socket takes no more; a fiber waits for it */
	uint32_t cancels;             /* asked for on this connection */
	int64_t cancelled_at;         /* when the last was; it may arrive much later */
	struct loop_timer timer;      /* looks after queries given up */
	bool is_timed;
	uint32_t timed_first; /* what was first when it started */
	uint32_t first; /* entries[first … end), modulo their number, are under way */
	uint32_t end;
	int64_t answered_at; /* when the last answer was taken */
	struct lane_entry entries[LANE_QUERIES_MAX];
	Oid *columns[PG_STATEMENTS_MAX]; /* the types of each statement's columns */
	struct wire wire;
};

struct lane_set {
	struct list_link link; /* in the database's, under its lock */
	struct arena arena;    /* this struct lives in it */
	struct pg_db *db;
	struct loop *loop;
	struct wait_queue changed; /* a lane was opened, failed to, or closed */
	struct wait_queue room;    /* a full lane has room again */
	uint32_t opening;
	uint32_t callers; /* fibers that are in here, waiting or not */
	bool is_closing;
	uint32_t host;         /* of the target's servers, the one that lanes go to */
	int64_t failing_since; /* 0: the last lane did open */
	enum pool_fault fault;
	char fault_text[LANE_FAULT_TEXT_MAX];
	/* Written by the loop alone, read by anyone. */
	_Atomic uint32_t open;
	_Atomic uint32_t outstanding;
	_Atomic uint64_t queries;
	_Atomic uint64_t retries;
	uint32_t count;
	struct lane lanes[];
};

#define COUNT_BY(counter, n)                                                  \
	atomic_store_explicit(&(counter),                                     \
		atomic_load_explicit(&(counter), memory_order_relaxed) + (n), \
		memory_order_relaxed)

static inline uint32_t
lane_outstanding(const struct lane *lane)
{
	return lane->end - lane->first;
}

static inline struct lane_entry *
lane_entry_at(struct lane *lane, uint32_t at)
{
	return &lane->entries[at & (LANE_QUERIES_MAX - 1)];
}

/* Close a lane whose connection is of no use. What was under way is lost. */
void lane_break(struct lane *lane);

/* --- lane_talk.c */

/* Put CALL's query on its way, with what else this turn of the loop brings. ROOM: the
 * lane takes no more now. TOO_LARGE: it never will. LOST: the lane was closed, and CALL,
 * if it was taken in, told. */
enum lane_put { LANE_PUT, LANE_NO_ROOM, LANE_TOO_LARGE, LANE_LOST };
enum lane_put
lane_put(struct lane *lane, struct lane_call *call, struct lane_entry **ret) MUST_USE;
/* On the loop, when a lane's socket is readable: ARG is the lane. */
void lane_readable(void *arg);
/* What the server takes for QUERY, as far as is known: microseconds; 0: nothing is. */
uint32_t lane_service_us(const struct query *query);

/* --- lane_open.c */

/* This loop's lanes; NULL when it has none. */
struct lane_set *lanes_find(struct pg_db *db);
/* Make them, closed; NULL without memory. */
struct lane_set *lanes_new(struct pg_db *db);
/* Open those that are closed, all at once; one that failed just now waits a little. */
void lanes_open(struct lane_set *set);

#endif
