/* One row of a batch: its members, each with what may be wrong with it. */
#include "predictions/upload_row.h"

#include <math.h>

#include "codec/json_canonical.h"
#include "codec/json_write.h"
#include "codec/plain_text.h"
#include "model/odds.h"
#include "predictions/forecast.h"
#include "predictions/lines.h"
#include "sys/random.h"

enum {
	DATA_BYTES_MAX = 2048,
	SUBJECT_BYTES_MAX = 100,
	MODEL_BYTES_MAX = 60,
};

static const double most_line = 10000;
static const double most_odds = 1000000;

const struct str upload_members[MEMBERS] = {
#define X(name) [MEMBER_##name] = STR_INIT(#name),
	ROW_MEMBERS(X)
#undef X
};

enum forecast_type { TYPE_GAME, TYPE_ATS, TYPE_TOTAL, TYPE_PROP, TYPES };
static const struct str type_names[TYPES] = { STR_INIT("game"), STR_INIT("ats"),
	STR_INIT("total"), STR_INIT("prop") };

struct err *
upload_fault_add(struct reading *reading, struct str field, struct str reason)
{
	struct upload_fault add = { .line = reading->line,
		.field = str_dup(reading->arena, field),
		.reason = str_dup(reading->arena, reason) };

	if (str_is_none(reason) || str_is_none(add.reason) || str_is_none(add.field) ||
		!VEC_PUSH(reading->arena, &reading->upload->faults, add))
		return err_no_memory();
	return NULL;
}

/* Read as far as it is good: false and a fault where it is not. */
struct row_state {
	struct reading *reading;
	const struct raw *raw;
	struct upload_put *row;
	enum forecast_type type;
	bool is_bad;
};

static struct err *
bad(struct row_state *state, enum member member, struct str reason)
{
	if (state->is_bad)
		return NULL;
	state->is_bad = true;
	return upload_fault_add(state->reading, upload_members[member], reason);
}

#define BAD(state, member, ...) \
	bad((state), (member), str_fmt(&(state)->reading->scratch, __VA_ARGS__))

/* The member as text; absent where it is missing, with a fault where it must be there or
 * is no text. */
static struct err *
text_of(struct row_state *state, enum member member, bool is_needed, struct str *ret)
{
	const struct json_node *node = state->raw->members[member];

	*ret = STR_NONE;
	if (!node || node->kind == JSON_IS_NULL)
		return is_needed ? BAD(state, member, "is missing") : NULL;
	if (node->kind != JSON_IS_TEXT)
		return BAD(state, member, "must be a text, not %s",
			json_kind_name(node->kind));
	*ret = node->text;
	return NULL;
}

static struct err *
number_of(struct row_state *state, enum member member, const double range[2],
	struct opt_f64 *ret)
{
	const struct json_node *node = state->raw->members[member];

	*ret = (struct opt_f64){ .is_set = false };
	if (!node || node->kind == JSON_IS_NULL)
		return NULL;
	if (node->kind != JSON_IS_I64 && node->kind != JSON_IS_F64)
		return BAD(state, member, "must be a number, not %s",
			json_kind_name(node->kind));
	if (!(node->f64 >= range[0] && node->f64 <= range[1]))
		return BAD(state, member, "must be a number from %.9g to %.9g", range[0],
			range[1]);
	*ret = (struct opt_f64)OPT(node->f64);
	return NULL;
}

static bool
is_cancelled(const struct game_set *games, struct str id)
{
	for (size_t i = 0; i < games->cancelled_count; i++)
		if (str_eq(games->cancelled[i], id))
			return true;
	return false;
}

static struct err *
read_game(struct row_state *state)
{
	struct reading *reading = state->reading;
	const struct game *game;
	struct str id;

	TRY(text_of(state, MEMBER_game_id, true, &id));
	if (str_is_none(id))
		return NULL;
	game = map_find(&reading->game_numbers, id);
	if (!game && is_cancelled(reading->games, id))
		return BAD(state, MEMBER_game_id, "the game was called off");
	if (!game)
		return BAD(state, MEMBER_game_id, "there is no game '" STR_FMT "'",
			STR_ARG(str_slice(id, 0, 40)));
	if (game->home_score.is_set || game_begins_at(game) <= reading->ctx->now)
		return BAD(state, MEMBER_game_id,
			"the game has begun: it can no longer be forecast");
	state->row->game_id = game->id;
	state->row->season = game->season;
	state->row->week = game->week;
	state->row->nflverse_id = game->nflverse_id;
	state->row->home_team = game->home_team;
	state->row->away_team = game->away_team;
	state->row->is_simulated = game->is_simulated;
	return NULL;
}

static struct err *
read_type(struct row_state *state)
{
	struct str type;

	state->type = TYPES;
	TRY(text_of(state, MEMBER_type, true, &type));
	for (int i = 0; i < TYPES; i++)
		if (str_eq(type, type_names[i]))
			state->type = (enum forecast_type)i;
	if (state->type == TYPES)
		return BAD(state, MEMBER_type, "must be game, ats, total or prop");
	state->row->prediction_type = type_names[state->type];
	return NULL;
}

static bool
is_model_name(struct str name)
{
	if (name.len < 1 || name.len > MODEL_BYTES_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' &&
			c != '_' && c != '-')
			return false;
	}
	return true;
}

static bool
is_of_the_house(struct str name)
{
	for (int tier = 0; tier < TIERS; tier++)
		if (str_eq(name, forecast_model_name((enum tier)tier)))
			return true;
	return false;
}

struct str
upload_model_fault(struct arena *arena, struct str name)
{
	if (!is_model_name(name))
		return STR("must be 1 to 60 of a-z, 0-9, dot, dash and underscore");
	if (is_of_the_house(name))
		return str_fmt(arena, "'" STR_FMT "' is the house's own", STR_ARG(name));
	return STR_NONE;
}

/* Most rows have the model of the row before: its name is copied once. */
static struct err *
read_model(struct row_state *state)
{
	struct reading *reading = state->reading;
	const struct upload *upload = reading->upload;
	struct str model, reason;

	TRY(text_of(state, MEMBER_model, false, &model));
	if (str_is_none(model))
		model = reading->options->model;
	if (str_is_none(model))
		return BAD(state, MEMBER_model,
			"is missing: name it in the row, or for all rows by '?model=' "
			"('--model' of publish)");
	reason = upload_model_fault(&reading->scratch, model);
	if (!str_is_none(reason))
		return bad(state, MEMBER_model, reason);
	if (upload->rows.count > 0 &&
		str_eq(model, upload->rows.items[upload->rows.count - 1].model))
		model = upload->rows.items[upload->rows.count - 1].model;
	else
		model = str_dup(reading->arena, model);
	state->row->model = model;
	return str_is_none(model) ? err_no_memory() : NULL;
}

static struct err *
read_pick(struct row_state *state)
{
	static const struct str sides[2][2] = { { STR_INIT("home"), STR_INIT("away") },
		{ STR_INIT("over"), STR_INIT("under") } };
	bool is_points = state->type == TYPE_TOTAL || state->type == TYPE_PROP;
	const struct str *known = sides[is_points];
	struct str pick;

	TRY(text_of(state, MEMBER_pick, true, &pick));
	for (int i = 0; i < 2; i++)
		if (str_eq(pick, known[i])) {
			state->row->pick = known[i];
			return NULL;
		}
	return BAD(state, MEMBER_pick, "must be " STR_FMT " or " STR_FMT,
		STR_ARG(known[0]), STR_ARG(known[1]));
}

static struct err *
read_chances(struct row_state *state)
{
	static const double range[2] = { 0, 1 };
	struct opt_f64 probability, confidence;

	TRY(number_of(state, MEMBER_probability, range, &probability));
	TRY(number_of(state, MEMBER_confidence, range, &confidence));
	if (!probability.is_set)
		return BAD(state, MEMBER_probability, "is missing");
	state->row->probability = probability.value;
	state->row->confidence = confidence.is_set ? confidence.value : probability.value;
	return NULL;
}

static struct err *
read_terms(struct row_state *state)
{
	bool is_margin = state->type == TYPE_ATS;
	const double line_range[2] = { is_margin ? -most_line : 0, most_line };
	const double odds_range[2] = { -most_odds, most_odds };
	struct opt_f64 line, odds;

	TRY(number_of(state, MEMBER_line, line_range, &line));
	if (line.is_set && state->type == TYPE_GAME)
		return BAD(state, MEMBER_line, "a winner is picked without a line");
	if (!line.is_set && state->type != TYPE_GAME)
		return BAD(state, MEMBER_line, "is missing");
	if (line.is_set && state->type != TYPE_PROP && !line_is_half_points(line.value))
		return BAD(state, MEMBER_line,
			"must be whole or half points, not %.9g: a forecast cannot be "
			"half right",
			line.value);
	state->row->line = line;
	TRY(number_of(state, MEMBER_odds, odds_range, &odds));
	if (!odds.is_set)
		return NULL;
	if (!odds_are_american(odds.value) || odds.value != trunc(odds.value))
		return BAD(state, MEMBER_odds,
			"must be whole American odds, -100 or less or 100 or more");
	state->row->odds = (struct opt_i32)OPT((int32_t)odds.value);
	return NULL;
}

static struct err *
read_subject(struct row_state *state)
{
	struct str subject;

	state->row->subject = STR("");
	TRY(text_of(state, MEMBER_subject, state->type == TYPE_PROP, &subject));
	if (str_is_none(subject) || state->is_bad)
		return NULL;
	subject = plain_text_trim(subject);
	if (state->type != TYPE_PROP)
		return BAD(state, MEMBER_subject, "only a prop has one");
	if (subject.len < 1 || subject.len > SUBJECT_BYTES_MAX)
		return BAD(state, MEMBER_subject, "must be 1 to %d bytes",
			SUBJECT_BYTES_MAX);
	if (plain_text_fault(subject, true) != PLAIN_TEXT_GOOD)
		return BAD(state, MEMBER_subject,
			"has characters that cannot be seen, or none that can");
	state->row->subject = str_dup(state->reading->arena, subject);
	return str_is_none(state->row->subject) ? err_no_memory() : NULL;
}

/* What /lines would answer of the pick is what the row says of it. */
static struct err *
check_chance(struct row_state *state)
{
	static const enum bet bets[TYPES] = { [TYPE_GAME] = BET_HOME,
		[TYPE_ATS] = BET_HOME_SPREAD,
		[TYPE_TOTAL] = BET_OVER };
	const struct upload_put *row = state->row;
	bool is_second = str_eq(row->pick, STR("away")) ||
		str_eq(row->pick, STR("under"));
	struct str fault;

	if (state->type == TYPE_PROP)
		return NULL;
	fault = lines_disagreement(&state->reading->scratch,
		state->raw->members[MEMBER_data],
		(enum bet)(bets[state->type] + is_second),
		row->line.is_set ? row->line.value : 0, row->probability);
	return str_is_none(fault) ? NULL : bad(state, MEMBER_probability, fault);
}

static struct err *
read_data(struct row_state *state)
{
	struct reading *reading = state->reading;
	const struct json_node *node = state->raw->members[MEMBER_data];
	struct buf text;
	struct json json = json_begin(&text);
	struct str fault;
	struct err *err;

	state->row->prediction_data = STR("{}");
	if (!node || node->kind == JSON_IS_NULL)
		return NULL;
	if (node->kind != JSON_IS_OBJECT)
		return BAD(state, MEMBER_data, "must be an object, not %s",
			json_kind_name(node->kind));
	fault = lines_fault(&reading->scratch, node);
	if (!str_is_none(fault))
		return bad(state, MEMBER_data, fault);
	buf_init(&text, &reading->scratch, DATA_BYTES_MAX);
	json_put_node(&json, node);
	if (buf_is_cut(&text))
		return BAD(state, MEMBER_data, "is longer than %d bytes", DATA_BYTES_MAX);
	err = json_canonical(&reading->scratch, buf_str(&text), DATA_BYTES_MAX,
		&state->row->prediction_data);
	if (err)
		return bad(state, MEMBER_data, err->message);
	state->row->prediction_data = str_dup(
		reading->arena, state->row->prediction_data);
	return str_is_none(state->row->prediction_data) ? err_no_memory() : NULL;
}

/* No two rows of a batch forecast the same. */
static struct err *
check_alone(struct row_state *state)
{
	struct reading *reading = state->reading;
	const struct upload_put *row = state->row;
	struct str key = str_fmt(&reading->scratch,
		STR_FMT "\n" STR_FMT "\n" STR_FMT "\n" STR_FMT, STR_ARG(row->nflverse_id),
		STR_ARG(row->prediction_type), STR_ARG(row->model),
		STR_ARG(row->subject));
	const int64_t *other = map_find(&reading->seen, key);
	int64_t *line;

	if (other)
		return BAD(state, MEMBER_game_id, "line %lld forecasts the same",
			(long long)*other);
	key = str_dup(reading->arena, key);
	TRY_NEW(reading->arena, line, 1);
	*line = reading->line;
	return !str_is_none(key) && map_put(&reading->seen, key, line) ? NULL
								       : err_no_memory();
}

/* What a prop counts, where no row before did: it may be misspelt (upload_subject.c). */
static struct err *
note_subject(struct row_state *state)
{
	struct reading *reading = state->reading;
	const struct upload_put *row = state->row;
	struct str key;

	if (state->type != TYPE_PROP)
		return NULL;
	key = str_fmt(&reading->scratch, STR_FMT "\n" STR_FMT, STR_ARG(row->model),
		STR_ARG(row->subject));
	if (map_find(&reading->subjects, key))
		return NULL;
	key = str_dup(reading->arena, key);
	return !str_is_none(key) && map_put(&reading->subjects, key, reading) &&
			VEC_PUSH(reading->arena, &reading->upload->subjects,
				(struct upload_subject){ .model = row->model,
					.subject = row->subject,
					.line = reading->line })
		? NULL
		: err_no_memory();
}

struct err *
upload_row_read(struct reading *reading, const struct raw *raw)
{
	static struct err *(*const parts[])(struct row_state * state) = { read_game,
		read_type, read_model, read_pick, read_chances, read_terms, read_subject,
		read_data, check_chance, check_alone, note_subject };
	struct upload_put row = { .season = 0 };
	struct row_state state = { .reading = reading, .raw = raw, .row = &row };

	for (size_t i = 0; i < COUNT_OF(parts) && !state.is_bad; i++)
		TRY(parts[i](&state));
	if (state.is_bad)
		return NULL;
	row.id.uuid = uuid_v7(reading->ctx->now);
	return VEC_PUSH(reading->arena, &reading->upload->rows, row) ? NULL
								     : err_no_memory();
}
