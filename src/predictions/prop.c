#include "predictions/prop.h"

#include <math.h>

#include "base/map.h"
#include "base/num.h"
#include "codec/csv.h"
#include "codec/plain_text.h"
#include "predictions/on_record.h"
#include "predictions/publication.h"

enum {
	COLUMNS = 3,
	COLUMN_GAME = 0,
	COLUMN_SUBJECT = 1,
	COLUMN_VALUE = 2,
	SUBJECT_BYTES_MAX = 100,
	ROWS_MOST = 10000, /* a request's memory holds them */
	GAMES_MOST = 64,   /* whose forecasts are looked at for misspelt subjects */
};

static const struct str column_names[COLUMNS] = { STR_INIT("game_id"),
	STR_INIT("subject"), STR_INIT("value") };

/* What props of a game count. */
struct counted {
	struct known_subject_list list;
	struct map names;
};

struct props {
	struct ctx *ctx;
	struct map games;
	struct map told;      /* games with their subjects, of the rows before */
	struct map counted;   /* games → struct counted */
	int columns[COLUMNS]; /* which of the record's fields is game_id, … */
	struct {
		VEC_OF(struct prop_result_put)
	} rows;
	struct {
		VEC_OF(struct prop_ungrade)
	} ungrades;
	struct {
		VEC_OF(struct upload_fault)
	} faults;
	struct {
		VEC_OF(int64_t)
	} lines; /* of the rows */
	struct prop_counts counts;
};

static struct err *
fault(struct props *props, int64_t line, struct str field, const char *reason)
{
	struct upload_fault add = { .line = line,
		.field = str_dup(props->ctx->arena, field),
		.reason = str_from(reason) };

	return !str_is_none(add.field) && VEC_PUSH(props->ctx->arena, &props->faults, add)
		? NULL
		: err_no_memory();
}

static struct err *
read_head(struct props *props, const struct csv_row *row)
{
	uint32_t seen = 0;

	if (row->count != COLUMNS)
		return fault(props, row->line, STR("row"),
			"the columns must be game_id, subject and value");
	for (int i = 0; i < COLUMNS; i++)
		for (int name = 0; name < COLUMNS; name++)
			if (str_eq(str_trim(row->fields[i]), column_names[name])) {
				props->columns[name] = i;
				seen |= UINT32_C(1) << name;
			}
	for (int name = 0; name < COLUMNS; name++)
		if (!(seen >> name & 1))
			TRY(fault(props, row->line, column_names[name],
				"the column is missing"));
	return NULL;
}

/* Whether a row before says what the subject of PUT came to; from now on one does. */
static struct err *
note_told(struct props *props, const struct prop_result_put *put, bool *ret_is_told)
{
	struct str key = str_fmt(props->ctx->arena, STR_FMT "\n" STR_FMT,
		STR_ARG(put->nflverse_id), STR_ARG(put->subject));

	*ret_is_told = map_find(&props->told, key) != NULL;
	return !str_is_none(key) && map_put(&props->told, key, props) ? NULL
								      : err_no_memory();
}

static struct err *
read_record(struct props *props, const struct csv_row *row)
{
	struct prop_result_put put = { .now = props->ctx->now };
	struct str game, subject;
	const struct game *known;
	bool is_told;

	if (row->count != COLUMNS)
		return fault(props, row->line, STR("row"), "must have three fields");
	game = row->fields[props->columns[COLUMN_GAME]];
	subject = plain_text_trim(row->fields[props->columns[COLUMN_SUBJECT]]);
	known = map_find(&props->games, game);
	if (!known)
		return fault(props, row->line, column_names[COLUMN_GAME],
			"there is no such game");
	if (!known->home_score.is_set && props->ctx->now < game_begins_at(known))
		return fault(props, row->line, column_names[COLUMN_GAME],
			"the game has not begun, so nothing of it is known yet");
	if (subject.len < 1 || subject.len > SUBJECT_BYTES_MAX)
		return fault(props, row->line, column_names[COLUMN_SUBJECT],
			"must be 1 to 100 bytes");
	if (!num_parse_f64(row->fields[props->columns[COLUMN_VALUE]], &put.value))
		return fault(
			props, row->line, column_names[COLUMN_VALUE], "must be a number");
	put.nflverse_id = known->nflverse_id;
	put.subject = str_dup(props->ctx->arena, subject);
	if (str_is_none(put.subject))
		return err_no_memory();
	TRY(note_told(props, &put, &is_told));
	if (is_told)
		return fault(props, row->line, column_names[COLUMN_SUBJECT],
			"a row before says what this came to");
	if (!VEC_PUSH(props->ctx->arena, &props->rows, put) ||
		!VEC_PUSH(props->ctx->arena, &props->lines, row->line) ||
		!VEC_PUSH(props->ctx->arena, &props->ungrades,
			(struct prop_ungrade){ .nflverse_id = put.nflverse_id,
				.subject = put.subject,
				.value = put.value }))
		return err_no_memory();
	return NULL;
}

static struct err *
read_all(struct props *props, struct str text)
{
	struct csv_memory memory = { .rest = text };
	struct csv_reader reader;
	struct csv_row row;
	bool found;

	TRY(csv_reader_init(&reader, props->ctx->arena, csv_from_memory(&memory),
		(struct csv_options){ .fields_max = 0 }));
	TRY(csv_next(&reader, &row, &found));
	if (!found)
		return err_new(props->ctx, ERR_INVALID,
			"there are no rows: CSV with the columns game_id, subject, "
			"value");
	TRY(read_head(props, &row));
	while (props->faults.count == 0 || props->counts.rows > 0) {
		TRY(csv_next(&reader, &row, &found));
		if (!found)
			break;
		if (++props->counts.rows > ROWS_MOST)
			return err_new(props->ctx, ERR_TOO_LARGE,
				"at most %d results at a time", ROWS_MOST);
		TRY(read_record(props, &row));
	}
	return NULL;
}

/* --- Results that nothing was forecast of: misspelt, maybe, and would grade nothing */

static struct err *
counted_of(struct props *props, struct str game, const struct counted **ret)
{
	struct tx tx = db_auto(props->ctx, SHARD_GLOBAL);
	const struct game *known = map_find(&props->games, game);
	struct counted *counted;

	*ret = map_find(&props->counted, game);
	if (*ret || !known || props->counted.count == GAMES_MOST)
		return NULL;
	TRY_NEW(props->ctx->arena, counted, 1);
	TRY(q_prop_subjects_of(&tx, known->id, &counted->list));
	map_init(&counted->names, props->ctx->arena);
	for (size_t i = 0; i < counted->list.count; i++)
		if (!map_put(&counted->names, counted->list.items[i].subject, counted))
			return err_no_memory();
	*ret = counted;
	return map_put(&props->counted, game, counted) ? NULL : err_no_memory();
}

static struct err *
warn(struct props *props, size_t i, const struct known_subject_list *list)
{
	const struct prop_result_put *row = &props->rows.items[i];
	struct upload_news *news = &props->counts.news;
	struct arena *arena = props->ctx->arena;
	struct str guess, text;

	news->new_subjects++;
	if (news->warnings.count == UPLOAD_WARNINGS_MOST)
		return NULL;
	guess = upload_subject_guess(arena, list, row->subject);
	text = str_fmt(arena,
		"line %lld: no forecast of " STR_FMT " counts '" STR_FMT "'" STR_FMT,
		(long long)props->lines.items[i], STR_ARG(row->nflverse_id),
		STR_ARG(row->subject), STR_ARG(guess));
	return !str_is_none(text) && VEC_PUSH(arena, &news->warnings, text)
		? NULL
		: err_no_memory();
}

static struct err *
subjects_check(struct props *props)
{
	const struct counted *counted;

	for (size_t i = 0; i < props->rows.count; i++) {
		const struct prop_result_put *row = &props->rows.items[i];

		TRY(counted_of(props, row->nflverse_id, &counted));
		if (counted && !map_find(&counted->names, row->subject))
			TRY(warn(props, i, &counted->list));
	}
	return NULL;
}

static struct err *
store_in_tx(struct tx *tx, void *arg)
{
	struct props *props = arg;
	struct prop_counts *counts = &props->counts;

	/* Before the results change: it compares with those that are there. */
	TRY(q_prop_ungrade(
		tx, props->ungrades.items, props->ungrades.count, &counts->regraded));
	TRY(q_prop_result_put(tx, props->rows.items, props->rows.count, &counts->stored));
	TRY(on_record_counts(tx,
		(struct audit_entry){ .action = AUDIT_ADMIN_PROP_RESULTS },
		(const struct on_record_count[]){ { "rows", counts->rows },
			{ "stored", counts->stored }, { "regraded", counts->regraded } },
		3));
	return counts->stored ? publication_renew(tx) : NULL;
}

struct err *
prop_results_run(struct ctx *ctx, struct str text, bool is_dry_run,
	struct prop_counts *ret, struct upload_faults *ret_faults)
{
	struct props props = { .ctx = ctx };
	struct game_set games = { .count = 0 };

	TRY(game_set_read(ctx, &games));
	map_init(&props.games, ctx->arena);
	map_init(&props.told, ctx->arena);
	map_init(&props.counted, ctx->arena);
	for (size_t i = 0; i < games.count; i++)
		if (!map_put(&props.games, games.games[i].nflverse_id, &games.games[i]))
			return err_no_memory();
	TRY(read_all(&props, text));
	if (props.faults.count == 0)
		TRY(subjects_check(&props));
	if (props.faults.count == 0 && !is_dry_run)
		TRY(db_transact(ctx, TX_WRITE, SHARD_GLOBAL, store_in_tx, &props));
	*ret = props.counts;
	*ret_faults = (struct upload_faults){ props.faults.items, props.faults.count };
	return NULL;
}
