#include "audit/watch.h"

#include "audit/alarm.h"
#include "audit/recall.h"
#include "base/log.h"
#include "db/db.h"
#include "sys/clock.h"

enum {
	PATIENCE_MS = 10000,
	LOOK_MS = 1000,
	OVERDUE_MAX = 64,
};

/* One look. */
struct looking {
	struct ctx *ctx;
	struct watch *watch;
	const struct audit_cut *cut;
	int64_t until; /* monotonic */
	bool is_own;   /* the file that is read */
};

/* RET: where the entry of LINE is; LOST also where it is there as another. */
static struct err *
line_look_up(const struct looking *looking, const struct witness_line *line,
	enum recall_state *ret)
{
	struct tx tx = db_auto(looking->ctx, SHARD_GLOBAL);
	struct audit_fault fault;

	TRY(audit_recall_line(&tx, line, looking->cut, &fault, ret));
	if (str_is_none(fault.what))
		return NULL;
	/* One that waits, altered, is met again by whoever takes it in. */
	if (*ret == RECALL_WAITS)
		TRY(alarm_tell_once(
			looking->ctx, looking->watch->alarm, line->id, &fault));
	else
		TRY(alarm_tell(looking->ctx, looking->watch->alarm, &fault));
	looking->watch->lost++;
	*ret = RECALL_LOST;
	return NULL;
}

/* --- Files */

/* RET: it is done with. Else memory has no room for it. */
static struct err *
found_look_up(const struct looking *looking, const struct witness_file *file,
	const struct witness_found *found, bool *ret)
{
	struct witness *witness = looking->watch->witness;
	enum recall_state state;

	*ret = true;
	if (found->is_damaged)
		log_warning(looking->ctx, "a line of an audit witness is damaged",
			LOG_TEXT("path", file->path));
	if (!found->is_line)
		return NULL;
	TRY(line_look_up(looking, &found->line, &state));
	if (state != RECALL_WAITS)
		return NULL;
	if (looking->is_own)
		*ret = witness_recover(witness, &found->line);
	else
		witness_adopt(witness, &found->line);
	return NULL;
}

/* RET_MORE: there is room for more, and time. */
static struct err *
page_look_up(const struct looking *looking, struct witness_file *file, bool *ret_more)
{
	struct witness_page page;
	bool is_done = true;

	TRY(witness_page_read(looking->ctx, file, &page));
	*ret_more = page.count > 0;
	for (size_t i = 0; i < page.count && *ret_more; i++) {
		TRY(found_look_up(looking, file, &page.items[i], &is_done));
		if (is_done)
			witness_file_pass(file, &page.items[i]);
		*ret_more = is_done && clock_monotonic_ns() < looking->until;
	}
	return NULL;
}

static struct err *
file_look_up(const struct looking *looking, struct witness_file *file)
{
	struct arena *arena = looking->ctx->arena;
	bool is_more = true;

	while (is_more) {
		struct arena_mark mark = arena_mark(arena);

		TRY(page_look_up(looking, file, &is_more));
		arena_rewind(arena, mark);
	}
	return NULL;
}

static struct err *
dead_look_up(const struct looking *looking)
{
	struct watch *watch = looking->watch;

	while (watch->dead_count < watch->dead.count) {
		struct witness_file *file = &watch->dead.items[watch->dead_count];

		TRY(file_look_up(looking, file));
		if (file->begin < file->end)
			return NULL;
		watch->dead_count++;
	}
	return NULL;
}

static struct err *
overflow_look_up(const struct looking *looking)
{
	struct witness *witness = looking->watch->witness;
	struct looking own = *looking;
	struct witness_file file;
	struct err *err;

	if (!witness_overflow(witness, &file))
		return NULL;
	own.is_own = true;
	err = file_look_up(&own, &file);
	witness_overflow_pass(witness, &file);
	return err;
}

/* --- What is in memory */

static struct err *
overdue_look_up(const struct looking *looking)
{
	struct watch *watch = looking->watch;
	int64_t until = clock_monotonic_ns() - watch->patience_ms * NANOSECONDS_PER_MS;
	struct witness_entry overdue[OVERDUE_MAX];
	size_t count = witness_overdue(watch->witness, until, overdue, OVERDUE_MAX);

	for (size_t i = 0; i < count; i++) {
		struct witness_line line = { overdue[i].id, overdue[i].mac };
		enum recall_state state;

		TRY(line_look_up(looking, &line, &state));
		if (state == RECALL_WAITS)
			witness_put_off(watch->witness, line.id);
		else
			witness_forget(watch->witness, line.id);
	}
	return NULL;
}

/* --- All of it */

struct err *
watch_look(struct ctx *ctx, struct watch *watch, const struct audit_cut *cut)
{
	const struct looking looking = { .ctx = ctx,
		.watch = watch,
		.cut = cut,
		.until = clock_deadline_ms(LOOK_MS) };

	/* One that fails keeps none of the others. */
	struct err *dead = dead_look_up(&looking);
	struct err *overdue = overdue_look_up(&looking);

	TRY(overflow_look_up(&looking));
	TRY(overdue);
	return dead;
}

bool
watch_dead_done(const struct watch *watch)
{
	return watch->dead.count && watch->dead_count == watch->dead.count;
}

void
watch_dead_remove(struct watch *watch)
{
	for (size_t i = 0; i < watch->dead.count; i++)
		witness_file_remove(&watch->dead.items[i]);
	watch->dead.count = watch->dead_count = 0;
}

struct err *
watch_open(struct ctx *ctx, struct str folder, struct alarm *alarm, struct watch *ret)
{
	struct watch watch = { .alarm = alarm, .patience_ms = PATIENCE_MS };
	struct err *err;

	TRY(witness_open(ctx, folder, &watch.witness));
	err = str_is_none(folder) ? NULL
				  : witness_files_take(ctx->arena, folder, &watch.dead);
	if (err)
		witness_close(watch.witness, false);
	else
		*ret = watch;
	return err;
}

void
watch_close(struct watch *watch, bool is_anchored)
{
	witness_files_close(&watch->dead);
	witness_close(watch->witness, is_anchored);
}
