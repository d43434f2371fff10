/*
 * Tests in the Test Anything Protocol, version 14. A test file is a list of claims:
 *
 *     TEST(sum_of_two_is_their_sum) { OK(1 + 1 == 2); EQ_I64(1 + 1, 2); }
 *
 * Each claim is one line of output, `ok` or `not ok`. The first failed check ends its
 * test and says where; the others still run. SKIP("why") leaves a claim unproved and says
 * so.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

struct tap_test {
	const char *name;
	void (*run)(void);
	struct tap_test *next;
};

extern bool tap_failed;
extern const char *tap_skipped;

/* Report a failed check of the running test. */
void tap_fail(const char *file, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Put TEST at the end of the list that main() runs: those whose name contains argv[1], or
 * all. */
void tap_register(struct tap_test *test);

/* A claim; it registers itself. */
#define TEST(test_name)                                                      \
	static void test_name(void);                                         \
	static struct tap_test test_name##_entry_ = { .name = #test_name,    \
		.run = test_name };                                          \
	__attribute__((constructor)) static void test_name##_register_(void) \
	{                                                                    \
		tap_register(&test_name##_entry_);                           \
	}                                                                    \
	static void test_name(void)

#define OK_OR(condition, ...)                                      \
	do {                                                       \
		if (!(condition)) {                                \
			tap_fail(__FILE__, __LINE__, __VA_ARGS__); \
			return;                                    \
		}                                                  \
	} while (0)
#define OK(condition) OK_OR(condition, "%s", #condition)
#define EQ_I64(got, want)                                                           \
	do {                                                                        \
		int64_t got_ = (int64_t)(got), want_ = (int64_t)(want);             \
		OK_OR(got_ == want_, "%s is %lld, not %lld", #got, (long long)got_, \
			(long long)want_);                                          \
	} while (0)
#define EQ_STR(got, want)                                                            \
	do {                                                                         \
		struct str got_ = (got), want_ = (want);                             \
		OK_OR(str_eq(got_, want_), "%s is '" STR_FMT "', not '" STR_FMT "'", \
			#got, STR_ARG(got_), STR_ARG(want_));                        \
	} while (0)
#define NEAR(got, want, tolerance)                                        \
	do {                                                              \
		double got_ = (got), want_ = (want), off_ = got_ - want_; \
		OK_OR(off_ <= (tolerance) && -off_ <= (tolerance),        \
			"%s is %.9g, not %.9g", #got, got_, want_);       \
	} while (0)
/* EXPR succeeds. */
#define OK_ERR(expr)                                                               \
	do {                                                                       \
		struct err *err_ = (expr);                                         \
		OK_OR(!err_, "%s: %s: " STR_FMT, #expr, err_code_name(err_->code), \
			STR_ARG(err_->message));                                   \
	} while (0)
/* EXPR fails with CODE. */
#define FAILS_WITH(expr, want_code)                                                     \
	do {                                                                            \
		struct err *err_ = (expr);                                              \
		OK_OR(err_, "%s succeeded, want %s", #expr, err_code_name(want_code));  \
		OK_OR(err_->code == (want_code), "%s: %s: " STR_FMT ", want %s", #expr, \
			err_code_name(err_->code), STR_ARG(err_->message),              \
			err_code_name(want_code));                                      \
	} while (0)
#define SKIP(why)                    \
	do {                         \
		tap_skipped = (why); \
		return;              \
	} while (0)

#endif
