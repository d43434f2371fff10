/* Every type at its extremes comes back as it went in, on both engines. */
#include <math.h>

#include "base/buf.h"
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
	/* SQLite keeps no sign of zero, so neither does PostgreSQL. */
	OK_ERR(there_and_back(ctx, D, V_F64(-0.0), &got));
	OK(got.f64 == 0 && !signbit(got.f64));
	FAILS_WITH(there_and_back(ctx, D, V_F64(NAN), &got), ERR_INVALID);
}

DB_TEST(texts_come_back_byte_by_byte)
{
	static const struct str texts[] = { STR_INIT(""), STR_INIT(" "), STR_INIT("a"),
		STR_INIT("'; DROP TABLE kinds; --"), STR_INIT("\x01\x7f\\\"'\r\n\t"),
		STR_INIT("Zürich Köln Łódź"),
		STR_INIT("\xf0\x9f\x8f\x88 \xf4\x8f\xbf\xbf"),
		STR_INIT("e\xcc\x81 \xe2\x80\x8f\xef\xbb\xbf") };
	struct value got;

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		OK_ERR(there_and_back(ctx, T, V_STR(texts[i]), &got));
		OK(!got.is_null);
		EQ_STR(got.text, texts[i]);
	}
}

DB_TEST(an_empty_text_is_not_null_and_an_absent_pointer_is_empty)
{
	struct value got;

	OK_ERR(there_and_back(ctx, T, V_STR(STR_NONE), &got));
	OK(!got.is_null);
	EQ_I64(got.text.len, 0);
	OK_ERR(there_and_back(ctx, Y, V_STR(STR_NONE), &got));
	OK(!got.is_null);
	EQ_I64(got.text.len, 0);
}

DB_TEST(a_text_of_megabytes_comes_back)
{
	enum { SIZE = 5 << 20 };
	char *text = arena_alloc_text(ctx->arena, SIZE);
	struct value got;

	OK(text);
	memset(text, 'x', SIZE);
	OK_ERR(there_and_back(ctx, T, V_STR(((struct str){ text, SIZE })), &got));
	EQ_STR(got.text, ((struct str){ text, SIZE }));
}

DB_TEST(text_that_is_not_utf8_or_holds_nul_is_refused)
{
	static const struct str texts[] = { STR_INIT("a\0b"), STR_INIT("\xff"),
		STR_INIT("\xc3"), STR_INIT("\xc0\x80"), STR_INIT("\xed\xa0\x80"),
		STR_INIT("\xf4\x90\x80\x80") };
	struct value got;

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		FAILS_WITH(there_and_back(ctx, T, V_STR(texts[i]), &got), ERR_INVALID);
		FAILS_WITH(there_and_back(ctx, J, V_STR(texts[i]), &got), ERR_INVALID);
	}
}

DB_TEST(bytes_come_back_whatever_they_are)
{
	char all[256];
	struct value got;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	OK_ERR(there_and_back(ctx, Y, V_STR(((struct str){ all, sizeof(all) })), &got));
	EQ_STR(got.text, ((struct str){ all, sizeof(all) }));
}

DB_TEST(times_keep_their_microseconds_before_and_after_1970)
{
	static const int64_t times[] = { 0, 1, -1, 999999, -999999, 1700000000123456,
		-1000000000000001, -62135596800000000 /* 0001-01-01 */,
		253402300799999999 /* the end of 9999 */, INT64_MAX /* for ever */,
		INT64_MIN };
	struct value got;

	for (size_t i = 0; i < COUNT_OF(times); i++) {
		OK_ERR(there_and_back(ctx, AT, V_I64(times[i]), &got));
		EQ_I64(got.i64, times[i]);
	}
	FAILS_WITH(there_and_back(ctx, AT, V_I64(-62135596800000001), &got), ERR_INVALID);
	FAILS_WITH(there_and_back(ctx, AT, V_I64(253402300800000000), &got), ERR_INVALID);
}

DB_TEST(rates_keep_their_ten_thousandths)
{
	static const int64_t rates[] = { 0, 1, -1, 3000, 9999, 10000, 10001, 99999,
		-99999 };
	struct value got;

	for (size_t i = 0; i < COUNT_OF(rates); i++) {
		OK_ERR(there_and_back(ctx, R, V_I64(rates[i]), &got));
		EQ_I64(got.i64, rates[i]);
	}
	FAILS_WITH(there_and_back(ctx, R, V_I64(100000), &got), ERR_INVALID);
	FAILS_WITH(there_and_back(ctx, R, V_I64(-100000), &got), ERR_INVALID);
}

DB_TEST(uuids_come_back)
{
	struct value got, ones = { .is_null = false };

	memset(ones.uuid.bytes, 0xff, sizeof(ones.uuid.bytes));
	OK_ERR(there_and_back(ctx, U, ones, &got));
	OK(uuid_eq(got.uuid, ones.uuid));
	OK_ERR(there_and_back(ctx, U, (struct value){ .is_null = false }, &got));
	OK(!got.is_null && uuid_is_nil(got.uuid));
	OK_ERR(there_and_back(ctx, U, V_UUID(123456), &got));
	OK(uuid_eq(got.uuid, uuid_of(123456)));
}

READ_ON_BOTH(texts_sorted, "SELECT t FROM kinds WHERE t IS NOT NULL ORDER BY t",
	"SELECT t FROM kinds WHERE t IS NOT NULL ORDER BY t", TYPES(), TYPES(DB_TEXT));
READ_ON_BOTH(texts_like, "SELECT count(*) FROM kinds WHERE t LIKE $1",
	"SELECT count(*) FROM kinds WHERE t LIKE ?1", TYPES(DB_TEXT), TYPES(DB_I64));

DB_TEST(texts_sort_by_bytes_and_like_tells_case)
{
	static const struct str sorted[] = { STR_INIT(""), STR_INIT("B"), STR_INIT("a"),
		STR_INIT("aa"), STR_INIT("b"), STR_INIT("é"),
		STR_INIT("\xf0\x9f\x8f\x88") };
	struct value got;
	struct rows rows;
	int64_t count;

	for (size_t i = COUNT_OF(sorted); i-- > 0;)
		OK_ERR(there_and_back(ctx, T, V_STR(sorted[i]), &got));
	OK_ERR(auto_read(ctx, &texts_sorted, VALUES_NONE, &rows));
	EQ_I64(rows.count, COUNT_OF(sorted));
	for (size_t i = 0; i < COUNT_OF(sorted); i++)
		EQ_STR(rows.items[i][0].text, sorted[i]);
	OK_ERR(auto_i64(ctx, &texts_like, VALUES(V_TEXT("b%")), &count));
	EQ_I64(count, 1);
}

/* The largest of the limits on both sides: 64 arguments and 64 columns. */
#define EIGHT(x) x, x, x, x, x, x, x, x
#define SIXTY_FOUR(x) \
	EIGHT(x), EIGHT(x), EIGHT(x), EIGHT(x), EIGHT(x), EIGHT(x), EIGHT(x), EIGHT(x)

DB_TEST(a_query_of_64_arguments_and_columns_runs)
{
	static const enum db_type types[] = { SIXTY_FOUR(DB_I64) };
	static struct query wide = { .name = "wide",
		.shape = QUERY_MANY,
		.param_count = 64,
		.column_count = 64,
		.param_types = types,
		.column_types = types,
		.column_nullable = all_nullable };
	struct value params[64];
	struct buf sql;
	struct rows rows;

	buf_init(&sql, ctx->arena, 4096);
	for (int i = 0; i < 64; i++) {
		params[i] = V_I64(i * 1000);
		buf_fmt(&sql,
			engine_dialect() == DIALECT_POSTGRES ? "%s$%d::bigint" : "%s?%d",
			i ? ", " : "SELECT ", i + 1);
	}
	wide.sql[engine_dialect()] = str_cstr(ctx->arena, buf_str(&sql));
	OK_ERR(auto_read(ctx, &wide, params, &rows));
	EQ_I64(rows.count, 1);
	for (int i = 0; i < 64; i++)
		EQ_I64(rows.items[0][i].i64, i * 1000);
}
