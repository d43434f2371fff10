#include "base/map.h"
#include "predictions/upload.h"
#include "sys/wait.h"

enum {
	WARNINGS_MOST = 20,
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
	struct upload_counts *counts;
	struct err *err;
};

/* The known subject that SUBJECT may have been meant to be; absent: none is near. A slip
 * leaves one half as it was. */
static struct str
nearest_of(const struct checking *checking, struct str subject)
{
	struct str begin = str_slice(subject, 0, subject.len / 2);
	struct str end = str_slice(subject, subject.len / 2, subject.len);
	size_t least = EDITS_MOST + 1;
	int compared = 0;
	struct str nearest = STR_NONE;

	for (size_t i = 0; i < checking->known.count && compared < COMPARED_MOST; i++) {
		struct str known = checking->known.items[i].subject;
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

static struct err *
warn(struct checking *checking, const struct upload_subject *subject)
{
	struct arena *arena = checking->ctx->arena;
	struct upload_counts *counts = checking->counts;
	struct str nearest, text;

	counts->new_subjects++;
	if (checking->known.count == 0 || counts->warnings.count == WARNINGS_MOST)
		return NULL;
	nearest = nearest_of(checking, subject->subject);
	text = str_fmt(arena,
		"line %lld: '" STR_FMT "' is new to model '" STR_FMT "'%s" STR_FMT "%s",
		(long long)subject->line, STR_ARG(subject->subject),
		STR_ARG(checking->model), str_is_none(nearest) ? "" : "; is it '",
		STR_ARG(nearest), str_is_none(nearest) ? "" : "'?");
	return !str_is_none(text) && VEC_PUSH(arena, &counts->warnings, text)
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
	struct ctx *ctx, const struct upload *upload, struct upload_counts *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct checking checking = { .ctx = ctx, .upload = upload, .counts = ret };
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
