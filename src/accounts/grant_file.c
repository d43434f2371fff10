#include "accounts/grant_file.h"

#include "base/map.h"
#include "base/num.h"
#include "codec/csv.h"
#include "codec/plain_text.h"
#include "mail/address.h"
#include "sys/random.h"

enum {
	/* Of the rows, beside the memory of the request. */
	ARENA_BYTES_MAX = 64 << 20,
	FAULTS_BYTES_MAX = 4 << 20,
	LINE_BYTES_MAX = 4096,
};

#define COLUMNS(X)     \
	X(email)       \
	X(tier)        \
	X(days)        \
	X(access_type) \
	X(notes)

enum column {
#define X(name) COLUMN_##name,
	COLUMNS(X)
#undef X
		COLUMN_COUNT
};

static const struct str column_names[] = {
#define X(name) STR_INIT(#name),
	COLUMNS(X)
#undef X
};

struct reading {
	struct ctx *ctx; /* with an arena for all rows */
	struct grant_tier_list tiers;
	size_t places[COLUMN_COUNT]; /* where each column stands; SIZE_MAX: it does not */
	size_t field_count;
	struct map lines; /* address to struct grant_wish */
	struct {
		VEC_OF(struct grant_wish *)
	} wishes;
	struct grant_faults faults;
	int64_t rows;
};

/* --- The first line ----------------------------------------------------------------- */

static struct err *
read_head(struct reading *reading, const struct csv_row *row)
{
	struct ctx *ctx = reading->ctx;

	for (size_t i = 0; i < COLUMN_COUNT; i++)
		reading->places[i] = SIZE_MAX;
	for (size_t i = 0; i < row->count; i++) {
		struct str name = str_trim(row->fields[i]);
		size_t column = 0;

		while (column < COLUMN_COUNT &&
			!str_eq_nocase(name, column_names[column]))
			column++;
		if (column == COLUMN_COUNT && row->count == 1 &&
			(str_find_char(name, ';') >= 0 || str_find_char(name, '\t') >= 0))
			return err_new(ctx, ERR_INVALID,
				"line 1: columns are separated by commas, not by "
				"semicolons or tabs");
		if (column == COLUMN_COUNT)
			return err_new(ctx, ERR_INVALID,
				"line 1: unknown column '" STR_FMT
				"'; there are email, tier, days, access_type and notes",
				STR_ARG(str_slice(name, 0, 60)));
		if (reading->places[column] != SIZE_MAX)
			return err_new(ctx, ERR_INVALID,
				"line 1: the column '" STR_FMT "' is there twice",
				STR_ARG(name));
		reading->places[column] = i;
	}
	if (reading->places[COLUMN_email] == SIZE_MAX ||
		reading->places[COLUMN_tier] == SIZE_MAX)
		return err_new(
			ctx, ERR_INVALID, "line 1 must name the columns email and tier");
	reading->field_count = row->count;
	return NULL;
}

/* --- The rows ----------------------------------------------------------------------- */

static struct err *
fault(struct reading *reading, int64_t line, struct str field, struct str reason)
{
	struct grant_fault fault = { .line = line, .field = field, .reason = reason };

	if (str_is_none(reason) ||
		!VEC_PUSH(reading->ctx->arena, &reading->faults, fault))
		return err_no_memory();
	return NULL;
}

#define FAULT(reading, line, column, ...)                   \
	fault(reading, line, column_names[COLUMN_##column], \
		str_fmt((reading)->ctx->arena, __VA_ARGS__))

/* The field of a column, without blanks around it; "" where the file does not have it. */
static struct str
field_of(const struct reading *reading, const struct csv_row *row, enum column column)
{
	size_t place = reading->places[column];

	return place == SIZE_MAX ? STR("") : str_trim(row->fields[place]);
}

static struct err *
take_email(struct reading *reading, struct str text, struct grant_wish *wish)
{
	const struct grant_wish *earlier;

	wish->email = address_in_lower_case(reading->ctx->arena, text);
	if (str_is_none(wish->email))
		return err_no_memory();
	if (!address_is_valid(wish->email))
		return FAULT(reading, wish->line, email,
			"'" STR_FMT "' is no e-mail address",
			STR_ARG(str_slice(wish->email, 0, 80)));
	earlier = map_find(&reading->lines, wish->email);
	if (earlier)
		return FAULT(reading, wish->line, email,
			"this address is in line %lld already", (long long)earlier->line);
	return map_put(&reading->lines, wish->email, wish) ? NULL : err_no_memory();
}

static struct err *
take_tier(struct reading *reading, struct str text, struct grant_wish *wish)
{
	wish->tier = grant_tier_find(&reading->tiers, text);
	return wish->tier ? NULL
			  : FAULT(reading, wish->line, tier,
				    "'" STR_FMT "' is no tier that can be given",
				    STR_ARG(str_slice(text, 0, 60)));
}

static struct err *
take_days(struct reading *reading, struct str text, struct grant_wish *wish)
{
	if (text.len == 0)
		wish->days = wish->tier ? wish->tier->duration_days : 1;
	else if (!num_parse_i32(text, 1, GRANT_DAYS_MAX, &wish->days))
		return FAULT(reading, wish->line, days,
			"'" STR_FMT "' is no number of days from 1 to %d",
			STR_ARG(str_slice(text, 0, 20)), GRANT_DAYS_MAX);
	return NULL;
}

static struct err *
take_type(struct reading *reading, struct str text, struct grant_wish *wish)
{
	wish->access_type = str_dup(reading->ctx->arena, text);
	if (str_is_none(wish->access_type))
		return err_no_memory();
	if (text.len == 0 && wish->tier)
		wish->access_type = grant_type_for(wish->tier);
	else if (text.len > 0 && !grant_type_is_known(text))
		return FAULT(reading, wish->line, access_type,
			"'" STR_FMT "' is none of friends_family, beta_tester, "
			"promotional and compensation",
			STR_ARG(str_slice(text, 0, 40)));
	return NULL;
}

static struct err *
take_notes(struct reading *reading, struct str text, struct grant_wish *wish)
{
	if (str_count_characters(text) > GRANT_NOTES_MAX)
		return FAULT(reading, wish->line, notes, "longer than %d characters",
			GRANT_NOTES_MAX);
	if (text.len == 0)
		return NULL;
	if (plain_text_fault(text, true) != PLAIN_TEXT_GOOD)
		return FAULT(reading, wish->line, notes,
			"has characters that cannot be seen, or none that can");
	wish->notes = str_dup(reading->ctx->arena, text);
	return str_is_none(wish->notes) ? err_no_memory() : NULL;
}

static struct err *
read_row(struct reading *reading, const struct csv_row *row)
{
	struct grant_wish *wish;

	if (++reading->rows > GRANT_ROWS_MAX)
		return err_new(reading->ctx, ERR_TOO_LARGE,
			"more than %d rows; send them in several files", GRANT_ROWS_MAX);
	if (row->count != reading->field_count)
		return fault(reading, row->line, STR(""),
			str_fmt(reading->ctx->arena, "%zu fields, but line 1 has %zu",
				row->count, reading->field_count));
	TRY_NEW(reading->ctx->arena, wish, 1);
	wish->line = row->line;
	TRY(take_email(reading, field_of(reading, row, COLUMN_email), wish));
	TRY(take_tier(reading, field_of(reading, row, COLUMN_tier), wish));
	TRY(take_days(reading, field_of(reading, row, COLUMN_days), wish));
	TRY(take_type(reading, field_of(reading, row, COLUMN_access_type), wish));
	TRY(take_notes(reading, field_of(reading, row, COLUMN_notes), wish));
	return VEC_PUSH(reading->ctx->arena, &reading->wishes, wish) ? NULL
								     : err_no_memory();
}

static struct err *
read_file(struct reading *reading, struct str file)
{
	struct csv_memory memory = { .rest = file };
	struct csv_reader reader;
	struct csv_row row;
	bool found;

	TRY(csv_reader_init(&reader, reading->ctx->arena, csv_from_memory(&memory),
		(struct csv_options){ .line_max = LINE_BYTES_MAX, .fields_max = 16 }));
	TRY(csv_next(&reader, &row, &found));
	if (!found)
		return err_new(reading->ctx, ERR_INVALID, "the file is empty");
	TRY(read_head(reading, &row));
	for (;;) {
		TRY(csv_next(&reader, &row, &found));
		if (!found)
			break;
		TRY(read_row(reading, &row));
	}
	return reading->rows ? NULL
			     : err_new(reading->ctx, ERR_INVALID,
				       "the file names columns and has no rows");
}

/* --- Carrying it out ---------------------------------------------------------------- */

struct importing {
	struct grant_wish *wishes;
	size_t count;
	struct grant_faults *faults;
	struct grant_counts counts;
	bool is_dry_run;
	struct uuid batch;
};

static struct err *
import_in_tx(struct tx *tx, void *arg)
{
	struct importing *importing = arg;

	/* This may be a second try. */
	importing->faults->count = 0;
	TRY(grants_plan(tx, importing->wishes, importing->count, importing->faults,
		&importing->counts));
	if (importing->is_dry_run || importing->faults->count > 0)
		return NULL;
	return grants_carry_out(
		tx, importing->wishes, importing->count, importing->batch);
}

/* The faults as a file, in the order of its lines. */
static struct err *
write_faults(struct ctx *ctx, const struct grant_faults *faults, struct str *ret)
{
	struct buf out;
	struct csv csv = csv_begin(&out);

	buf_init(&out, ctx->arena, FAULTS_BYTES_MAX);
	buf_put(&out, STR("line,field,reason\r\n"));
	for (size_t i = 0; i < faults->count; i++) {
		csv_put_i64(&csv, faults->items[i].line);
		csv_put_text(&csv, faults->items[i].field);
		csv_put_text(&csv, faults->items[i].reason);
		csv_put_row_end(&csv);
	}
	*ret = buf_str(&out);
	return buf_is_cut(&out)
		? err_new(ctx, ERR_TOO_LARGE, "too many rows are faulty to name them all")
		: NULL;
}

/* The wishes in one piece, as planning takes them. */
static struct err *
flatten(struct reading *reading, struct importing *ret)
{
	TRY_NEW(reading->ctx->arena, ret->wishes, reading->wishes.count + 1);
	for (size_t i = 0; i < reading->wishes.count; i++)
		ret->wishes[i] = *reading->wishes.items[i];
	ret->count = reading->wishes.count;
	ret->faults = &reading->faults;
	return NULL;
}

/* In READING's arena but for RET, which goes into that of CTX. */
static struct err *
import(struct ctx *ctx, struct reading *reading, struct str file, bool is_dry_run,
	struct grant_report *ret)
{
	struct importing importing = { .is_dry_run = is_dry_run };
	struct tx tx = db_auto(reading->ctx, SHARD_GLOBAL);
	struct grant_report report = { .is_dry_run = is_dry_run };

	TRY(q_grant_tiers(&tx, &reading->tiers));
	map_init(&reading->lines, reading->ctx->arena);
	TRY(read_file(reading, file));
	TRY(flatten(reading, &importing));
	if (reading->faults.count == 0) {
		importing.batch = uuid_v7(ctx->now);
		TRY(db_transact(
			reading->ctx, TX_WRITE, SHARD_GLOBAL, import_in_tx, &importing));
		report.counts = importing.counts;
	}
	report.rows = reading->rows;
	report.fault_count = (int64_t)reading->faults.count;
	if (report.fault_count > 0)
		TRY(write_faults(ctx, &reading->faults, &report.faults));
	else if (!is_dry_run)
		report.batch = importing.batch;
	*ret = report;
	return NULL;
}

struct err *
grant_file_import(
	struct ctx *ctx, struct str file, bool is_dry_run, struct grant_report *ret)
{
	struct arena arena;
	struct ctx own = *ctx;
	struct reading reading = { .ctx = &own };
	struct err *err;

	arena_init(&arena, ARENA_BYTES_MAX);
	own.arena = &arena;
	err = import(ctx, &reading, file, is_dry_run, ret);
	if (err && err->arena == &arena)
		err = err_new(ctx, err->code, STR_FMT, STR_ARG(err->message));
	arena_release(&arena);
	return err;
}
