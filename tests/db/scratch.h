/*
 * Databases for tests of the schema and of migrations: empty ones, made and removed
 * through sessions, on the engine of GRIDIRON_TEST_ENGINE (see tests/db/engine.h).
 */
#ifndef TESTS_DB_SCRATCH_H
#define TESTS_DB_SCRATCH_H

#include "db/migrate.h"
#include "db/session.h"
#include "tests/tap.h"

struct scratch {
	struct arena arena;
	struct ctx ctx;
	struct migrate_options options; /* its url is the database */
	char folder[256];               /* of the SQLite file */
	struct str name;                /* of the PostgreSQL database */
};

enum dialect scratch_dialect(void);
bool scratch_is_postgres(void);

/* A new, empty database. SKIPPED where there is no server: then ret_is_there is false. */
struct err *scratch_open(struct scratch *scratch, bool *ret_is_there) MUST_USE;
void scratch_close(struct scratch *scratch);
/* Bring it to the newest schema; on PostgreSQL by copying a template that the first call
 * of the process makes. */
struct err *scratch_migrate(struct scratch *scratch) MUST_USE;

/* The database's address as USER instead of the superuser. */
struct str scratch_url_as(struct scratch *scratch, const char *user);
/* Open a session, run SQL, close it. */
struct err *scratch_run(struct scratch *scratch, const char *sql) MUST_USE;
/* The first column of the only row. */
struct err *
scratch_value(struct scratch *scratch, const char *sql, struct str *ret) MUST_USE;
/* The schema as it stands, as lines. */
struct err *
scratch_snapshot(struct scratch *scratch, struct migrate_report *ret) MUST_USE;
/* The first difference between two snapshots, or absent. */
struct str report_difference(struct arena *arena, const struct migrate_report *a,
	const struct migrate_report *b);
/* Whether some line of REPORT holds TEXT. */
bool report_has(const struct migrate_report *report, const char *text);

/* What a migration says that it does. */
struct scratch_seen {
	size_t statements;
	size_t foreign_keys; /* statements that make some */
};
/* Count into SEEN, from nothing, what migrations say from here on. */
void scratch_count_steps(struct scratch *scratch, struct scratch_seen *seen);

/* Two snapshots are the same schema. */
#define SAME_SCHEMA(a, b)                                                    \
	do {                                                                 \
		struct str difference_ = report_difference(&s->arena, a, b); \
		OK_OR(str_is_none(difference_), "schemas differ: " STR_FMT,  \
			STR_ARG(difference_));                               \
	} while (0)

/* A test on a scratch database, named `s` within. */
#define SCRATCH_TEST(name)                                   \
	static void name##_on_scratch(struct scratch *s);    \
	TEST(name)                                           \
	{                                                    \
		struct scratch scratch_;                     \
		bool is_there_;                              \
		OK_ERR(scratch_open(&scratch_, &is_there_)); \
		if (!is_there_)                              \
			SKIP("needs PostgreSQL");            \
		name##_on_scratch(&scratch_);                \
		scratch_close(&scratch_);                    \
	}                                                    \
	static void name##_on_scratch(struct scratch *s)

#endif
