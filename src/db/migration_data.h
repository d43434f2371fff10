/*
 * The migrations of sql/migrations, embedded in the program by tools/sqlgen, and which
 * tables are whose. docs/sql.md describes the files.
 */
#ifndef DB_MIGRATION_DATA_H
#define DB_MIGRATION_DATA_H

#include "db/query.h"

/* Statements in order, each complete and without its semicolon. */
struct migration_script {
	const struct str *statements;
	size_t count;
};

struct migration {
	int32_t number;         /* 1, 2, 3 … without gaps */
	struct str name;        /* "users", of 0001_users.sql */
	struct str file;        /* "0001_users.sql" */
	struct str description; /* the line `-- migration: …` */
	struct str source;      /* the whole file as it is, for its checksum */
	bool is_transactional;  /* false: `-- transaction: none, why` */
	struct str why_not;     /* the why; absent where transactional */
	struct migration_script up[DIALECT_COUNT];
	struct migration_script down[DIALECT_COUNT];
};

/* In order of their numbers. */
extern const struct migration migrations[];
extern const size_t migrations_count;

/* USER: the primary key begins with user_id, rows live with their user. GLOBAL: one
 * copy. */
enum residency { RESIDENCY_USER, RESIDENCY_GLOBAL };

struct table_residency {
	struct str table;
	enum residency residency;
};

/* Every table that stands after all migrations, in order of their names. */
extern const struct table_residency table_residencies[];
extern const size_t table_residencies_count;

#endif
