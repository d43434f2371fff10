/* Both engines refuse the same rows with the same codes. */
#include "tests/db/engine.h"

WRITE_ON_BOTH(person_put, "INSERT INTO people VALUES ($1, $2)",
	"INSERT INTO people VALUES (?1, ?2)", TYPES(DB_UUID, DB_TEXT), TYPES());
WRITE_ON_BOTH(person_delete, "DELETE FROM people WHERE id = $1",
	"DELETE FROM people WHERE id = ?1", TYPES(DB_UUID), TYPES());
WRITE_ON_BOTH(pet_put, "INSERT INTO pets VALUES ($1, $2, $3)",
	"INSERT INTO pets VALUES (?1, ?2, ?3)", TYPES(DB_I64, DB_UUID, DB_TEXT), TYPES());
WRITE_ON_BOTH(note_put, "INSERT INTO notes VALUES ($1, $2)",
	"INSERT INTO notes VALUES (?1, ?2)", TYPES(DB_I64, DB_UUID), TYPES());
WRITE_ON_BOTH(account_put, "INSERT INTO accounts VALUES ($1, $2)",
	"INSERT INTO accounts VALUES (?1, ?2)", TYPES(DB_I64, DB_I64), TYPES());
READ_ON_BOTH(notes_count, "SELECT count(*) FROM notes", "SELECT count(*) FROM notes",
	TYPES(), TYPES(DB_I64));
READ_ON_BOTH(people_count, "SELECT count(*) FROM people", "SELECT count(*) FROM people",
	TYPES(), TYPES(DB_I64));

/* Whether a note for the operator contains TEXT. */
static bool
notes_say(const struct err *err, struct str text)
{
	for (const struct err_note *note = err->notes; note; note = note->older)
		if (str_find(note->text, text) >= 0)
			return true;
	return false;
}

DB_TEST(a_duplicate_is_a_conflict)
{
	struct err *err;

	OK_ERR(auto_write(ctx, &person_put, VALUES(V_UUID(1), V_TEXT("a@example.com"))));
	FAILS_WITH(
		auto_write(ctx, &person_put, VALUES(V_UUID(1), V_TEXT("b@example.com"))),
		ERR_CONFLICT);
	err = auto_write(ctx, &person_put, VALUES(V_UUID(2), V_TEXT("a@example.com")));
	OK(err && err->code == ERR_CONFLICT);
	/* The constraint is named there, on SQLite by its column; the value is not. */
	OK(notes_say(err, STR("email")));
	OK(!notes_say(err, STR("a@example.com")));
	OK(str_find(err->message, STR("email")) < 0);
}

DB_TEST(a_foreign_key_is_a_conflict_on_either_side)
{
	FAILS_WITH(auto_write(ctx, &pet_put, VALUES(V_I64(1), V_UUID(1), V_TEXT("rex"))),
		ERR_CONFLICT);
	OK_ERR(auto_write(ctx, &person_put, VALUES(V_UUID(1), V_TEXT("a@example.com"))));
	OK_ERR(auto_write(ctx, &pet_put, VALUES(V_I64(1), V_UUID(1), V_TEXT("rex"))));
	FAILS_WITH(auto_write(ctx, &person_delete, VALUES(V_UUID(1))), ERR_CONFLICT);
}

DB_TEST(check_and_not_null_are_invalid)
{
	struct err *err = auto_write(ctx, &account_put, VALUES(V_I64(1), V_I64(-1)));

	OK(err && err->code == ERR_INVALID);
	OK(notes_say(err, STR("balance_positive")));
	FAILS_WITH(auto_write(ctx, &account_put, VALUES(V_I64(1), V_NULL)), ERR_INVALID);
	OK_ERR(auto_write(ctx, &person_put, VALUES(V_UUID(1), V_TEXT("a@example.com"))));
	FAILS_WITH(auto_write(ctx, &pet_put,
			   VALUES(V_I64(1), V_UUID(1), V_TEXT("rumpelstiltskin"))),
		ERR_INVALID);
	FAILS_WITH(auto_write(ctx, &pet_put, VALUES(V_I64(1), V_UUID(1), V_NULL)),
		ERR_INVALID);
}

DB_TEST(a_deferred_foreign_key_is_a_conflict_at_the_end)
{
	int64_t count;

	FAILS_WITH(auto_write(ctx, &note_put, VALUES(V_I64(1), V_UUID(1))), ERR_CONFLICT);
	OK_ERR(auto_i64(ctx, &notes_count, VALUES_NONE, &count));
	EQ_I64(count, 0);
}

static struct err *
note_then_person(struct tx *tx, void *unused)
{
	(void)unused;
	TRY(rows_write(tx, &note_put, VALUES(V_I64(1), V_UUID(7))));
	return rows_write(tx, &person_put, VALUES(V_UUID(7), V_TEXT("g@example.com")));
}

DB_TEST(a_deferred_foreign_key_may_be_satisfied_later)
{
	int64_t count;

	OK_ERR(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, note_then_person, NULL));
	OK_ERR(auto_i64(ctx, &notes_count, VALUES_NONE, &count));
	EQ_I64(count, 1);
}

/* The second of three fails, and the function says nothing of it. */
static struct err *
swallow_a_conflict(struct tx *tx, void *arg)
{
	struct err **second = arg;

	TRY(rows_write(tx, &person_put, VALUES(V_UUID(1), V_TEXT("a@example.com"))));
	*second = rows_write(tx, &person_put, VALUES(V_UUID(1), V_TEXT("b@example.com")));
	(void)!rows_write(tx, &person_put, VALUES(V_UUID(3), V_TEXT("c@example.com")));
	return NULL;
}

DB_TEST(a_failed_query_dooms_its_transaction_whatever_the_function_says)
{
	struct err *second = NULL;
	int64_t count;

	FAILS_WITH(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, swallow_a_conflict, &second),
		ERR_CONFLICT);
	OK(second && second->code == ERR_CONFLICT);
	OK_ERR(auto_i64(ctx, &people_count, VALUES_NONE, &count));
	EQ_I64(count, 0);
}
