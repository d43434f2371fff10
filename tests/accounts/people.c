#include "tests/accounts/people.h"

#include "accounts/standing.h"
#include "base/buf.h"
#include "codec/hex.h"
#include "codec/iso_time.h"
#include "codec/uuid.h"

enum {
	SQL_BYTES_MAX = 8192,
	/* A UUID of version 7 whose last four bytes are a number. */
	NUMBER_AT = 12,
};

#define DAY (INT64_C(86400) * MICROSECONDS_PER_SECOND)

struct user_id
person(int number)
{
	struct user_id id = { { { 0x01, 0x90, 0, 0, 0, 0, 0x70, 0, 0x80 } } };

	for (int i = 0; i < 4; i++)
		id.uuid.bytes[NUMBER_AT + i] = (uint8_t)(number >> (24 - 8 * i));
	return id;
}

static void
put_time(struct buf *out, bool is_postgres, int64_t time)
{
	if (!is_postgres) {
		buf_put_i64(out, time);
		return;
	}
	buf_put_char(out, '\'');
	iso_time_format(out, time);
	buf_put_char(out, '\'');
}

static void
put_id(struct buf *out, bool is_postgres, struct user_id id)
{
	if (is_postgres) {
		buf_put_char(out, '\'');
		uuid_format(out, id.uuid);
		buf_put_char(out, '\'');
	} else {
		buf_fmt(out, "x'");
		for (size_t i = 0; i < sizeof(id.uuid.bytes); i++)
			buf_fmt(out, "%02x", id.uuid.bytes[i]);
		buf_put_char(out, '\'');
	}
}

static struct str
sql_fill(const struct ctx *ctx, const char *sql)
{
	bool is_postgres = db_dialect(ctx->db) == DIALECT_POSTGRES;
	struct str rest = str_from(sql), part;
	struct buf out;

	buf_init(&out, ctx->arena, SQL_BYTES_MAX);
	while (str_next(&rest, '{', &part)) {
		struct str word;

		buf_put(&out, part);
		if (str_is_none(rest) || !str_next(&rest, '}', &word))
			continue;
		if (word.len == 0)
			buf_put(&out, STR("{}"));
		else if (str_eq(word, STR("now")))
			put_time(&out, is_postgres, ctx->now);
		else if (str_eq(word, STR("day")))
			put_time(&out, is_postgres, ctx->now + DAY);
		else if (str_eq(word, STR("ago")))
			put_time(&out, is_postgres, ctx->now - DAY);
		else if (str_eq(word, STR("yes")))
			buf_fmt(&out, is_postgres ? "true" : "1");
		else if (str_eq(word, STR("no")))
			buf_fmt(&out, is_postgres ? "false" : "0");
		else if (word.ptr[0] == 'u') {
			int number = 0;

			for (size_t i = 1; i < word.len; i++)
				number = 10 * number + word.ptr[i] - '0';
			put_id(&out, is_postgres, person(number));
		}
	}
	return buf_str(&out);
}

static struct err *
run_in_tx(struct tx *tx, void *arg)
{
	return db_run_text(tx, sql_fill(tx->ctx, arg));
}

struct err *
people_run(struct ctx *ctx, const char *sql)
{
	/* Cast: the function of a transaction takes what it may write to. */
	return db_transact(
		ctx, TX_WRITE, SHARD_GLOBAL, run_in_tx, (void *)(uintptr_t)sql);
}

struct statements {
	const char *const *sqls;
	size_t count;
};

static struct err *
run_all_in_tx(struct tx *tx, void *arg)
{
	const struct statements *statements = arg;

	for (size_t i = 0; i < statements->count; i++)
		TRY_CTX(db_run_text(tx, sql_fill(tx->ctx, statements->sqls[i])), "%s",
			statements->sqls[i]);
	return NULL;
}

struct err *
people_run_all(struct ctx *ctx, const char *const *sqls, size_t count)
{
	struct statements statements = { .sqls = sqls, .count = count };

	return db_transact(ctx, TX_WRITE, SHARD_GLOBAL, run_all_in_tx, &statements);
}

struct err *
person_put(struct ctx *ctx, int number)
{
	struct str sql = str_fmt(ctx->arena,
		"INSERT INTO users (id, email, password_hash, created_at, updated_at) "
		"VALUES ({u%d}, 'person%d@example.org', '!', {now}, {now})",
		number, number);

	return people_run(ctx, str_cstr(ctx->arena, sql));
}

struct change {
	int number;
	const char *sql;
};

static struct err *
change_in_tx(struct tx *tx, void *arg)
{
	const struct change *change = arg;

	TRY(db_run_text(tx, sql_fill(tx->ctx, change->sql)));
	return standing_changed(tx, person(change->number));
}

struct err *
people_change(struct ctx *ctx, int number, const char *sql)
{
	struct change change = { .number = number, .sql = sql };

	return db_transact(
		ctx, TX_WRITE, db_shard_of(person(number)), change_in_tx, &change);
}
