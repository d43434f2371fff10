/* Every type at its extremes comes back as it went in, on both engines. */
#include <math.h>

#include "tests/db/engine.h"

#define ALL_KINDS                                                                     \
	DB_I32, DB_BOOL, DB_I32, DB_I64, DB_F64, DB_TEXT, DB_BYTES, DB_JSON, DB_TIME, \
		DB_RATE, DB_UUID

WRITE_ON_BOTH(kind_put,
	"INSERT INTO kinds VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
	"INSERT INTO kinds VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	TYPES(ALL_KINDS), TYPES());
READ_ON_BOTH(kind_get,
	"SELECT id, b, i, l, d, t, y, j, at, r, u FROM kinds WHERE id = $1",
	"SELECT id, b, i, l, d, t, y, j, at, r, u FROM kinds WHERE id = ?1",
	TYPES(DB_I32), TYPES(ALL_KINDS));

enum { ID, B, I, L, D, T, Y, J, AT, R, U, KINDS };

/* A row of NULLs but for its id. */
#define NULLS                                                                     \
	{                                                                         \
		V_I64(1), V_NULL, V_NULL, V_NULL, V_NULL, V_NULL, V_NULL, V_NULL, \
			V_NULL, V_NULL, V_NULL                                    \
	}

/* What comes back of VALUE in column INDEX; the row is replaced. */
static struct err *
there_and_back(struct ctx *ctx, size_t index, struct value value, struct value *ret)
{
	static int64_t id;
	struct value row[KINDS] = NULLS;
	struct rows rows;

	row[ID] = V_I64(++id);
	row[index] = value;
	TRY(auto_write(ctx, &kind_put, row));
	TRY(auto_read(ctx, &kind_get, VALUES(V_I64(id)), &rows));
	if (rows.count != 1)
		return err_new(ctx, ERR_INTERNAL, "%zu rows", rows.count);
	*ret = rows.items[0][index];
	return NULL;
}

DB_TEST(null_of_every_type_comes_back_as_null)
{
	struct value row[KINDS] = NULLS;
	struct rows rows;

	OK_ERR(auto_write(ctx, &kind_put, row));
	OK_ERR(auto_read(ctx, &kind_get, VALUES(V_I64(1)), &rows));
	EQ_I64(rows.count, 1);
	for (size_t i = 1; i < KINDS; i++)
		OK_OR(rows.items[0][i].is_null, "column %zu is not NULL", i);
}

DB_TEST(booleans_come_back)
{
	struct value got;

	OK_ERR(there_and_back(ctx, B, V_BOOL(true), &got));
	OK(!got.is_null && got.boolean);
	OK_ERR(there_and_back(ctx, B, V_BOOL(false), &got));
	OK(!got.is_null && !got.boolean);
}

DB_TEST(integers_come_back_at_their_extremes)
{
	static const int64_t i32s[] = { INT32_MIN, -1, 0, 1, INT32_MAX };
	static const int64_t i64s[] = { INT64_MIN, INT32_MIN - 1ll, -1, 0,
		INT32_MAX + 1ll, (1ll << 53) + 1, INT64_MAX };
	struct value got;

	for (size_t i = 0; i < COUNT_OF(i32s); i++) {
		OK_ERR(there_and_back(ctx, I, V_I64(i32s[i]), &got));
		EQ_I64(got.i64, i32s[i]);
	}
	for (size_t i = 0; i < COUNT_OF(i64s); i++) {
		OK_ERR(there_and_back(ctx, L, V_I64(i64s[i]), &got));
		EQ_I64(got.i64, i64s[i]);
	}
}

DB_TEST(an_integer_beyond_32_bits_is_refused_for_i32)
{
	struct value got;

	FAILS_WITH(there_and_back(ctx, I, V_I64(INT32_MAX + 1ll), &got), ERR_INVALID);
	FAILS_WITH(there_and_back(ctx, I, V_I64(INT32_MIN - 1ll), &got), ERR_INVALID);
}

DB_TEST(reals_come_back_to_the_last_bit)
{
	static const double reals[] = { 0.0, 1.0, -1.0, 0.1, 1.0 / 3, 5e-324,
		2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308,
		9007199254740993.0, INFINITY, -INFINITY };
	struct value got;

	for (size_t i = 0; i < COUNT_OF(reals); i++) {
		OK_ERR(there_and_back(ctx, D, V_F64(reals[i]), &got));
		OK_OR(memcmp(&got.f64, &reals[i], sizeof(double)) == 0, "%a is not %a",
			got.f64, reals[i]);
	}
	FAILS_WITH(there_and_back(ctx, D, V_F64(NAN), &got), ERR_INVALID);
}
