/* Users, subscriptions and what else the tests of accounts need to be on file. */
#ifndef TESTS_ACCOUNTS_PEOPLE_H
#define TESTS_ACCOUNTS_PEOPLE_H

#include "db/db.h"

/* A user whose id ends in NUMBER, with an address of his own. */
struct user_id person(int number);
struct err *person_put(struct ctx *ctx, int number) MUST_USE;

/* Run SQL that is written from FMT: the same for both engines but for {now}, {day} (after
 * now), {ago} (a day before now), {yes}, {no}, and {uN}: the id of person N. */
struct err *people_run(struct ctx *ctx, const char *sql) MUST_USE;

/* COUNT of them in one transaction. */
struct err *
people_run_all(struct ctx *ctx, const char *const *sqls, size_t count) MUST_USE;

/* The same in a transaction that tells of a change of person NUMBER. */
struct err *people_change(struct ctx *ctx, int number, const char *sql) MUST_USE;

#endif
