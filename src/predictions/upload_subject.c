#include "base/map.h"
#include "predictions/upload.h"
#include "sys/wait.h"

enum {
	MODELS_MOST = 20,      /* of a batch, that are looked at */
	COMPARED_MOST = 10000, /* known subjects with one that is new, for the nearest */
	EDITS_MOST = 3,
};

struct checking {
	struct ctx *ctx;
	const struct upload *upload;
	struct str model;
	struct known_subject_list known;
	struct map known_names;
	struct upload_news *news;
	struct err *err;
};

/* Absent: none is near. A slip leaves one half as it was. */
static struct str
nearest_of(const struct known_subject_list *list, struct str subject)
{
	struct str begin = str_slice(subject, 0, subject.len / 2);
	struct str end = str_slice(subject, subject.len / 2, subject.len);
	size_t least = EDITS_MOST + 1;
	struct str nearest = STR_NONE;
	int compared = 0;

	for (size_t i = 0; i < list->count && compared < COMPARED_MOST; i++) {
		struct str known = list->items[i].subject;
		size_t edits;

		if (!str_starts_with(known, begin) && !str_ends_with(known, end))
			continue;
		compared++;
		edits = str_distance(known, subject);
		if (edits < least) {
			least = edits;
			nearest = known;
		}
	}
	return nearest;
}

struct str
upload_subject_guess(
	struct arena *arena, const struct known_subject_list *known, struct str subject)
{
	struct str nearest = nearest_of(known, subject);

	return str_is_none(nearest)
		? STR("")
		: str_fmt(arena, "; is it '" STR_FMT "'?", STR_ARG(nearest));
}

static struct err *
warn(struct checking *checking, const struct upload_subject *subject)
{
	struct arena *arena = checking->ctx->arena;
	struct upload_news *news = checking->news;
	struct str guess, text;

	news->new_subjects++;
	if (checking->known.count == 0 || news->warnings.count == UPLOAD_WARNINGS_MOST)
		return NULL;
	guess = upload_subject_guess(arena, &checking->known, subject->subject);
	text = str_fmt(arena,
		"line %lld: '" STR_FMT "' is new to model '" STR_FMT "'" STR_FMT,
		(long long)subject->line, STR_ARG(subject->subject),
		STR_ARG(checking->model), STR_ARG(guess));
	return !str_is_none(text) && VEC_PUSH(arena, &news->warnings, text)
		? NULL
		: err_no_memory();
}

static struct err *
compare(struct checking *checking)
{
	const struct known_subject_list *known = &checking->known;
	const struct upload *upload = checking->upload;

	map_init(&checking->known_names, checking->ctx->arena);
	for (size_t i = 0; i < known->count; i++)
		if (!map_put(&checking->known_names, known->items[i].subject,
			    &known->items[i]))
			return err_no_memory();
	for (size_t i = 0; i < upload->subjects.count; i++) {
		const struct upload_subject *subject = &upload->subjects.items[i];

		if (str_eq(subject->model, checking->model) &&
			!map_find(&checking->known_names, subject->subject))
			TRY(warn(checking, subject));
	}
	return NULL;
}

/* On another thread: there may be a hundred thousand of each. */
static void
compare_elsewhere(void *arg)
{
	struct checking *checking = arg;

	checking->err = compare(checking);
}

struct err *
upload_subjects_check(
	struct ctx *ctx, const struct upload *upload, struct upload_news *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct checking checking = { .ctx = ctx, .upload = upload, .news = ret };
	struct map done;

	map_init(&done, ctx->arena);
	/* A model at a time: nearly always there is one. */
	for (size_t i = 0; i < upload->subjects.count && done.count < MODELS_MOST; i++) {
		checking.model = upload->subjects.items[i].model;
		if (map_find(&done, checking.model))
			continue;
		if (!map_put(&done, checking.model, &checking))
			return err_no_memory();
		TRY(q_upload_subjects_known(&tx, checking.model,
			upload->rows.items[0].season - 1, &checking.known));
		TRY(fiber_offload(ctx, compare_elsewhere, &checking));
		TRY(checking.err);
	}
	return NULL;
}
