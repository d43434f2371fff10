#include "db/db_postgres_value.h"

#include <assert.h>

#include "base/num.h"
#include "db/big_endian.h"

/*
 * The binary formats are those of the send and receive functions of each type in
 * PostgreSQL's src/backend/utils/adt; integers in network order.
 */

enum {
	/* From pg_type.dat. */
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_NAME = 19,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_JSON = 114,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_UNKNOWN = 705,
	OID_BPCHAR = 1042,
	OID_VARCHAR = 1043,
	OID_TIMESTAMP = 1114,
	OID_TIMESTAMPTZ = 1184,
	OID_NUMERIC = 1700,
	OID_UUID = 2950,
	OID_JSONB = 3802,

	JSONB_VERSION = 1,
	NUMERIC_BASE = 10000,
	NUMERIC_HEADER_BYTES = 8,
	NUMERIC_NEGATIVE = 0x4000,
	RATE_SCALE = 4,
};

/* 2000-01-01, from which PostgreSQL counts, in microseconds since 1970. */
static const int64_t EPOCH_2000_US = INT64_C(946684800000000);

const Oid pg_type_oids[] = {
	[DB_BOOL] = OID_BOOL,
	[DB_I32] = OID_INT4,
	[DB_I64] = OID_INT8,
	[DB_F64] = OID_FLOAT8,
	[DB_TEXT] = OID_TEXT,
	[DB_BYTES] = OID_BYTEA,
	[DB_JSON] = OID_JSONB,
	[DB_TIME] = OID_TIMESTAMPTZ,
	[DB_RATE] = OID_NUMERIC,
	[DB_UUID] = OID_UUID,
};

const char *
pg_type_name(enum db_type type)
{
	static const char *const names[] = {
		[DB_BOOL] = "bool",
		[DB_I32] = "int4",
		[DB_I64] = "int8",
		[DB_F64] = "float8",
		[DB_TEXT] = "text",
		[DB_BYTES] = "bytea",
		[DB_JSON] = "jsonb",
		[DB_TIME] = "timestamptz",
		[DB_RATE] = "numeric",
		[DB_UUID] = "uuid",
	};

	return names[type];
}

bool
pg_type_of_oid(Oid oid, enum db_type *ret)
{
	switch (oid) {
	case OID_NAME:
	case OID_BPCHAR:
	case OID_VARCHAR:
	case OID_UNKNOWN:
		*ret = DB_TEXT;
		return true;
	case OID_INT2:
		*ret = DB_I32;
		return true;
	case OID_FLOAT4:
		*ret = DB_F64;
		return true;
	case OID_JSON:
		*ret = DB_JSON;
		return true;
	case OID_TIMESTAMP:
		*ret = DB_TIME;
		return true;
	default: /* an Oid is a number, not an enum */
		break;
	}
	for (size_t type = 0; type <= DB_UUID; type++) {
		if (pg_type_oids[type] == oid) {
			*ret = (enum db_type)type;
			return true;
		}
	}

	return false;
}

/* --- Arguments ---------------------------------------------------------------------- */

static void
put_be16(unsigned char *to, int value)
{
	uint16_t be = htobe16((uint16_t)value);

	memcpy(to, &be, sizeof(be));
}

static int
put_be32(unsigned char *to, int32_t value)
{
	uint32_t be = htobe32((uint32_t)value);

	memcpy(to, &be, sizeof(be));
	return sizeof(be);
}

static int
put_be64(unsigned char *to, int64_t value)
{
	uint64_t be = htobe64((uint64_t)value);

	memcpy(to, &be, sizeof(be));
	return sizeof(be);
}

static int
put_f64(unsigned char *to, double value)
{
	int64_t bits;

	/* Zero has no sign: SQLite would not keep it. */
	value += 0.0;
	memcpy(&bits, &value, sizeof(bits));
	return put_be64(to, bits);
}

/* INT64_MAX and INT64_MIN stand for infinity and -infinity, as they do there. */
static int
put_time(unsigned char *to, int64_t us)
{
	bool is_infinite = us == INT64_MAX || us == INT64_MIN;

	return put_be64(to, is_infinite ? us : us - EPOCH_2000_US);
}

/* Ten-thousandths: one digit of base 10,000 before the point and one after. */
static int
put_rate(unsigned char *to, int64_t value)
{
	int64_t size = value < 0 ? -value : value;

	assert(size < (int64_t)NUMERIC_BASE * NUMERIC_BASE);
	put_be16(to, 2);
	put_be16(to + 2, 0); /* the first digit stands for ones */
	put_be16(to + 4, value < 0 ? NUMERIC_NEGATIVE : 0);
	put_be16(to + 6, RATE_SCALE);
	put_be16(to + 8, (int)(size / NUMERIC_BASE));
	put_be16(to + 10, (int)(size % NUMERIC_BASE));
	return NUMERIC_HEADER_BYTES + 4;
}

static struct err *
encode_json(struct ctx *ctx, struct str text, const char **ret, int *ret_length)
{
	char *copy = arena_alloc_text(ctx->arena, text.len + 1);

	if (!copy)
		return err_no_memory();
	copy[0] = JSONB_VERSION;
	memcpy(copy + 1, text.ptr ? text.ptr : "", text.len);
	*ret = copy;
	*ret_length = (int)text.len + 1;
	return NULL;
}

static struct err *
encode(struct ctx *ctx, enum db_type type, const struct value *value, size_t i,
	struct pg_params *ret)
{
	unsigned char *to = ret->storage[i];

	ret->values[i] = (const char *)to;
	switch (type) {
	case DB_BOOL:
		to[0] = value->boolean;
		ret->lengths[i] = 1;
		break;
	case DB_I32:
		ret->lengths[i] = put_be32(to, (int32_t)value->i64);
		break;
	case DB_I64:
		ret->lengths[i] = put_be64(to, value->i64);
		break;
	case DB_F64:
		ret->lengths[i] = put_f64(to, value->f64);
		break;
	case DB_TEXT:
	case DB_BYTES:
		ret->values[i] = value->text.ptr ? value->text.ptr : "";
		ret->lengths[i] = (int)value->text.len;
		break;
	case DB_JSON:
		return encode_json(ctx, value->text, &ret->values[i], &ret->lengths[i]);
	case DB_TIME:
		ret->lengths[i] = put_time(to, value->i64);
		break;
	case DB_RATE:
		ret->lengths[i] = put_rate(to, value->i64);
		break;
	case DB_UUID:
		ret->values[i] = (const char *)value->uuid.bytes;
		ret->lengths[i] = sizeof(value->uuid.bytes);
		break;
	}

	return NULL;
}

struct err *
pg_params_encode(struct ctx *ctx, const struct query *query, const struct value *values,
	struct pg_params *ret)
{
	ret->count = query->param_count;
	for (size_t i = 0; i < query->param_count; i++) {
		if (values[i].is_null) {
			ret->values[i] = NULL;
			ret->lengths[i] = 0;
		} else {
			TRY(encode(ctx, query->param_types[i], &values[i], i, ret));
		}
	}

	return NULL;
}

/* --- Columns ------------------------------------------------------------------------ */

/* A numeric in ten-thousandths, rounded half away from zero; false where it does not fit
 * or is no number. */
static bool
get_rate(struct str bytes, int64_t *ret)
{
	size_t digits;
	int weight, rounding;
	bool is_negative;
	int64_t value = 0;

	if (bytes.len < NUMERIC_HEADER_BYTES)
		return false;
	digits = get_be16(bytes.ptr);
	weight = (int16_t)get_be16(bytes.ptr + 2);
	is_negative = get_be16(bytes.ptr + 4) == NUMERIC_NEGATIVE;
	/* Signs other than plus and minus are NaN and the infinities. */
	if ((!is_negative && get_be16(bytes.ptr + 4) != 0) || weight > 2 ||
		bytes.len < NUMERIC_HEADER_BYTES + 2 * digits)
		return false;
	/* From the highest place that can be set down to the ten-thousandths. */
	for (int place = weight; place >= -1; place--) {
		size_t i = (size_t)(weight - place);

		value *= NUMERIC_BASE;
		if (i < digits)
			value += get_be16(bytes.ptr + NUMERIC_HEADER_BYTES + 2 * i);
	}
	rounding = weight + 2;
	if (rounding >= 0 && (size_t)rounding < digits &&
		get_be16(bytes.ptr + NUMERIC_HEADER_BYTES + 2 * (size_t)rounding) >=
			NUMERIC_BASE / 2)
		value++;
	*ret = is_negative ? -value : value;

	return true;
}

/* An integer of any width. */
static bool
get_integer(Oid oid, struct str bytes, int64_t *ret)
{
	if (oid == OID_INT4 && bytes.len == 4)
		*ret = (int32_t)get_be32(bytes.ptr);
	else if (oid == OID_INT8 && bytes.len == 8)
		*ret = (int64_t)get_be64(bytes.ptr);
	else if (oid == OID_INT2 && bytes.len == 2)
		*ret = (int16_t)get_be16(bytes.ptr);
	else
		return false;

	return true;
}

static bool
get_real(Oid oid, struct str bytes, double *ret)
{
	if (oid == OID_FLOAT8 && bytes.len == 8) {
		uint64_t bits = get_be64(bytes.ptr);

		memcpy(ret, &bits, sizeof(*ret));
		return true;
	}
	if (oid == OID_FLOAT4 && bytes.len == 4) {
		uint32_t bits = get_be32(bytes.ptr);
		float single;

		memcpy(&single, &bits, sizeof(single));
		*ret = single;
		return true;
	}

	return false;
}

static bool
get_time(Oid oid, struct str bytes, int64_t *ret)
{
	int64_t us;

	if ((oid != OID_TIMESTAMPTZ && oid != OID_TIMESTAMP) || bytes.len != 8)
		return false;
	us = (int64_t)get_be64(bytes.ptr);
	*ret = us == INT64_MAX || us == INT64_MIN ? us : us + EPOCH_2000_US;

	return true;
}

static bool
get_json(Oid oid, struct str bytes, struct str *ret)
{
	if (oid == OID_JSONB && bytes.len > 0 && bytes.ptr[0] == JSONB_VERSION)
		*ret = str_slice(bytes, 1, bytes.len);
	else if (oid == OID_JSON)
		*ret = bytes;
	else
		return false;

	return true;
}

static bool
is_text(Oid oid)
{
	return oid == OID_TEXT || oid == OID_VARCHAR || oid == OID_BPCHAR ||
		oid == OID_NAME || oid == OID_UNKNOWN;
}

bool
pg_decode(enum db_type type, Oid oid, struct str bytes, struct value *ret)
{
	switch (type) {
	case DB_BOOL:
		ret->boolean = bytes.len == 1 && bytes.ptr[0] != 0;
		return oid == OID_BOOL && bytes.len == 1;
	case DB_I32:
	case DB_I64:
		return get_integer(oid, bytes, &ret->i64) &&
			(type == DB_I64 ||
				(ret->i64 >= INT32_MIN && ret->i64 <= INT32_MAX));
	case DB_F64:
		return get_real(oid, bytes, &ret->f64);
	case DB_TEXT:
		ret->text = bytes;
		return is_text(oid);
	case DB_BYTES:
		ret->text = bytes;
		return oid == OID_BYTEA;
	case DB_JSON:
		return get_json(oid, bytes, &ret->text);
	case DB_TIME:
		return get_time(oid, bytes, &ret->i64);
	case DB_RATE:
		return oid == OID_NUMERIC && get_rate(bytes, &ret->i64);
	case DB_UUID:
		if (oid != OID_UUID || bytes.len != sizeof(ret->uuid.bytes))
			return false;
		memcpy(ret->uuid.bytes, bytes.ptr, sizeof(ret->uuid.bytes));
		return true;
	}

	return false;
}

struct err *
pg_column_err(struct ctx *ctx, const struct query *query, size_t column, Oid oid)
{
	enum db_type type;
	const char *declared = pg_type_name(query->column_types[column]);
	const char *given = pg_type_of_oid(oid, &type) ? pg_type_name(type)
						       : "another type";

	return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
		"query %s: column %zu (%s) is declared %s and cannot be read from %s "
		"(oid "
		"%u); cast it in the query",
		query->name, column + 1,
		query->column_names ? query->column_names[column] : "?", declared, given,
		oid);
}

struct err *
pg_rows(struct ctx *ctx, const struct query *query, const PGresult *result,
	struct row_sink sink)
{
	WRITTEN_FIRST struct value columns[QUERY_COLUMNS_MAX];
	WRITTEN_FIRST Oid oids[QUERY_COLUMNS_MAX];
	int rows = PQntuples(result);

	if (!sink.row || rows == 0)
		return NULL;
	if (PQnfields(result) != query->column_count)
		return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
			"query %s gives %d columns and declares %d", query->name,
			PQnfields(result), query->column_count);
	for (int column = 0; column < query->column_count; column++)
		oids[column] = PQftype(result, column);

	for (int row = 0; row < rows; row++) {
		for (int column = 0; column < query->column_count; column++) {
			struct value *value = &columns[column];
			struct str bytes = { .ptr = PQgetvalue(result, row, column),
				.len = (size_t)PQgetlength(result, row, column) };

			/* NULL has no length; most columns need not be asked. */
			value->is_null = bytes.len == 0 &&
				PQgetisnull(result, row, column);
			if (value->is_null)
				value->text = STR_NONE;
			else if (!pg_decode(query->column_types[column], oids[column],
					 bytes, value))
				return pg_column_err(
					ctx, query, (size_t)column, oids[column]);
		}
		TRY(sink.row(sink.arg, columns));
	}

	return NULL;
}

int64_t
pg_affected(const struct query *query, PGresult *result)
{
	int64_t affected;

	if (!query->is_write ||
		!num_parse_i64(str_from(PQcmdTuples(result)), 0, INT64_MAX, &affected))
		return 0;

	return affected;
}
