#include "audit/verify.h"

#include "audit/anchor.h"
#include "audit/anchored.h"
#include "audit/audit.h"
#include "audit/readable.h"
#include "audit/recall.h"
#include "audit/witness.h"
#include "codec/iso_time.h"
#include "db/db.h"

enum {
	PROGRESS_EVERY = 1024, /* rows; a power of two */
	FILE_FAULT_BYTES = 8192,
};

struct verifying {
	struct ctx *ctx;
	const struct audit_verify_options *options;
	struct audit_check check;
	struct audit_cut cut; /* the newest; seq 0: none */
	/* One behind it, whose key is missing. */
	struct audit_cut unproven_cut;
	struct audit_fault unproven_fault;
	struct anchors anchors;
	size_t next_anchor;
	struct anchored newest; /* what the database remembers: of any anchor */
	struct anchored own;    /* and of this one */
	int64_t file_seq;       /* as far as the file goes */
	int64_t end;            /* the number of the last link when this began */
	struct audit_verified result;
};

static struct err *
fault_set(struct verifying *verifying, int64_t seq, const char *what)
{
	struct audit_fault *fault = &verifying->result.fault;

	fault->seq = seq;
	fault->what = str_fmt(verifying->ctx->arena, "%s", what);
	return str_is_none(fault->what) ? err_no_memory() : NULL;
}

static bool
is_faulty(const struct verifying *verifying)
{
	return !str_is_none(verifying->result.fault.what);
}

/* --- Cuts */

/* Where the newest is, whoever made it; 0: nowhere. */
static int64_t
cut_end(const struct verifying *verifying)
{
	return verifying->unproven_cut.seq > verifying->cut.seq
		? verifying->unproven_cut.seq
		: verifying->cut.seq;
}

static struct err *
cuts_check(struct verifying *verifying)
{
	struct tx tx = db_auto(verifying->ctx, SHARD_GLOBAL);
	struct audit_cut_list cuts;

	TRY(q_audit_cut_list(&tx, &cuts));
	for (size_t i = 0; i < cuts.count && !is_faulty(verifying); i++) {
		struct audit_fault *fault = &verifying->result.fault;
		const struct audit_cut *cut = &cuts.items[i];

		TRY(audit_check_cut(verifying->ctx, cut, fault));
		/* A newer one that is ours vouches for it. */
		verifying->unproven_fault = *fault;
		if (str_is_none(fault->missing_key)) {
			verifying->cut = *cut;
			continue;
		}
		verifying->unproven_cut = *cut;
		*fault = (struct audit_fault){ .seq = 0 };
	}
	verifying->result.cut_seq = cut_end(verifying);
	return NULL;
}

/* A newest cut whose key is missing counts as unproven. Whoever begins behind it needs it
 * for nothing. */
static void
unproven_cut_take(struct verifying *verifying)
{
	struct audit_fault *fault = &verifying->unproven_fault;

	if (!str_is_none(fault->missing_key) && verifying->options->from <= fault->seq) {
		fault->seq = 0;
		audit_unproven_take(&verifying->result.unproven, fault);
		verifying->result.fault = *fault;
	}
}

/* --- Links */

/* ANCHOR, whose key is missing, is of another chain than this. */
static void
anchor_unproven(struct verifying *verifying, const struct anchor *anchor)
{
	struct audit_fault fault = {
		.what = STR("more keys are missing than ever were ours"),
		.missing_key = anchor->missing_key,
	};

	audit_unproven_take(&verifying->result.unproven, &fault);
	verifying->result.fault = fault;
}

/* What the anchor says of the links up to check->link. */
static struct err *
anchors_compare(struct verifying *verifying)
{
	const struct audit_link *link = &verifying->check.link;
	const struct anchors *anchors = &verifying->anchors;

	while (verifying->next_anchor < anchors->count && !is_faulty(verifying)) {
		const struct anchor *anchor = &anchors->items[verifying->next_anchor];
		bool is_proven = str_is_none(anchor->missing_key);

		if (anchor->link.seq > link->seq)
			return NULL;
		verifying->next_anchor++;
		/* One before the first link that is left, or asked for, says nothing. */
		if (anchor->link.seq < link->seq)
			continue;
		verifying->result.anchors += is_proven;
		if (audit_hash_eq(&link->hash, audit_hash_str(&anchor->link.hash)))
			continue;
		if (is_proven)
			return fault_set(verifying, link->seq,
				"is another than the anchor knows: the chain was made "
				"anew from there or before");
		anchor_unproven(verifying, anchor);
	}
	return NULL;
}

/* Where the chain begins: behind nothing, behind a cut, or within what a cut lets go. */
static struct err *
begin(struct verifying *verifying, const struct audit_row *row)
{
	const struct audit_cut *cut = &verifying->cut;
	struct audit_link *link = &verifying->check.link;
	bool is_trusted = verifying->options->from > 0 || row->seq <= cut->seq ||
		(verifying->unproven_cut.seq > cut->seq &&
			row->seq <= verifying->unproven_cut.seq + 1);

	verifying->result.first = row->seq;
	*link = AUDIT_LINK_NONE;
	if (row->seq == 1)
		return NULL;
	if (!is_trusted && cut->seq > 0) {
		link->seq = cut->seq;
		if (audit_hash_from(cut->hash, &link->hash))
			return anchors_compare(verifying);
	} else if (is_trusted && row->seq > 1) {
		link->seq = row->seq - 1;
		if (audit_hash_from(row->previous_hash, &link->hash))
			return NULL;
	} else {
		/* The check of the row says that those before it are missing. */
		return NULL;
	}
	return fault_set(verifying, row->seq, "follows no hash");
}

/* What ROW says of the log itself. */
static void
said_count(struct audit_verified *result, const struct audit_row *row)
{
	if (str_eq(row->action, audit_action_name(AUDIT_AUDIT_TAMPERED)) &&
		!result->tampered++)
		result->tampered_first = row->seq;
	result->anchors_begun += str_eq(
		row->action, audit_action_name(AUDIT_AUDIT_ANCHOR_BEGUN));
}

static struct err *
link_check(struct verifying *verifying, const struct audit_row *row)
{
	struct audit_verified *result = &verifying->result;
	const struct audit_cut *cut = &verifying->cut;
	bool is_proven;

	if (!result->first)
		TRY(begin(verifying, row));
	if (is_faulty(verifying))
		return NULL;
	TRY(audit_check_row(&verifying->check, row, &result->fault));
	is_proven = !is_faulty(verifying);
	if (!str_is_none(result->fault.missing_key))
		audit_unproven_take(&result->unproven, &result->fault);
	if (is_faulty(verifying))
		return NULL;
	if (row->seq == cut->seq && !str_eq(row->hash, cut->hash))
		return fault_set(verifying, row->seq, "is another than was cut behind");
	TRY(anchors_compare(verifying));
	result->last = row->seq;
	result->rows += is_proven;
	if (is_proven)
		said_count(result, row);
	return NULL;
}

static struct err *
verify_row(void *arg, const struct audit_row *row)
{
	struct verifying *verifying = arg;
	const struct audit_verify_options *options = verifying->options;
	struct arena_mark mark = arena_mark(verifying->ctx->arena);

	if (is_faulty(verifying))
		return NULL;
	TRY(link_check(verifying, row));
	if (is_faulty(verifying))
		return NULL;
	arena_rewind(verifying->ctx->arena, mark);
	if (options->progress && row->seq % PROGRESS_EVERY == 0)
		options->progress(options->progress_arg, row->seq, verifying->end);
	return NULL;
}

/* Nothing is to be looked at; where the anchor knows of more, end_check says so. */
static struct err *
behind_end(struct verifying *verifying)
{
	verifying->check.link.seq = verifying->end;
	if (verifying->anchors.last_seq > verifying->end)
		return NULL;
	return err_new(verifying->ctx, ERR_INVALID,
		"the log ends at row %lld: there is nothing to verify from row %lld on",
		(long long)verifying->end, (long long)verifying->options->from);
}

/* Nothing is left behind it. */
static struct err *
behind_cut(struct verifying *verifying)
{
	struct audit_link *link = &verifying->check.link;
	int64_t seq = cut_end(verifying);
	const struct audit_cut *cut = seq > verifying->cut.seq ? &verifying->unproven_cut
							       : &verifying->cut;

	*link = AUDIT_LINK_NONE;
	link->seq = seq;
	if (seq > 0 && !audit_hash_from(cut->hash, &link->hash))
		return fault_set(verifying, seq, "has no hash");
	return anchors_compare(verifying);
}

static struct err *
links_check(struct verifying *verifying)
{
	struct tx tx = db_auto(verifying->ctx, SHARD_GLOBAL);
	int64_t from = verifying->options->from;
	struct audit_head head;
	bool found;

	TRY(q_audit_head(&tx, &head, &found));
	verifying->end = found ? head.seq : cut_end(verifying);
	if (from > verifying->end)
		return behind_end(verifying);
	if (found)
		TRY(q_audit_from(&tx,
			(struct audit_from){
				.first = from > 0 ? from : INT64_MIN, .last = head.seq },
			verify_row, verifying));
	if (is_faulty(verifying) || verifying->result.first)
		return NULL;
	return behind_cut(verifying);
}

static struct err *
end_check(struct verifying *verifying)
{
	const struct anchors *anchors = &verifying->anchors;
	int64_t last = verifying->check.link.seq;

	for (size_t i = verifying->next_anchor; i < anchors->count; i++)
		if (!str_is_none(anchors->items[i].missing_key) && !is_faulty(verifying))
			anchor_unproven(verifying, &anchors->items[i]);
	if (anchors->last_seq <= last || is_faulty(verifying))
		return NULL;
	return fault_set(verifying, last + 1,
		"is missing, and all behind it: the anchor knows of more, the end of the "
		"chain was cut off, or an older backup put back");
}

/* What is personal in these links, which hold. */
static struct err *
personal_check(struct verifying *verifying)
{
	struct audit_readable *readable = &verifying->result.readable;
	struct str text;

	if (!verifying->result.first)
		return NULL;
	TRY(audit_readable_check(verifying->ctx, verifying->result.first,
		verifying->result.last, &verifying->cut, readable));
	if (!readable->rows)
		return NULL;
	text = audit_readable_text(verifying->ctx->arena, readable);
	verifying->result.fault.what = text;
	return str_is_none(text) ? err_no_memory() : NULL;
}

/* --- What waits, and what processes remember */

static struct err *
waiting_check(struct verifying *verifying)
{
	struct audit_verified *result = &verifying->result;
	struct tx tx = db_auto(verifying->ctx, SHARD_GLOBAL);
	struct uuid after = { { 0 } };

	for (;;) {
		struct arena_mark mark = arena_mark(verifying->ctx->arena);
		struct audit_waiting_list page;

		TRY(q_audit_waiting_list(&tx, after, &page));
		for (size_t i = 0; i < page.count; i++) {
			bool is_gone;

			TRY(audit_recall_waiting(&tx, &page.items[i], &verifying->cut,
				&result->fault, &is_gone));
			if (!str_is_none(result->fault.missing_key))
				audit_unproven_take(&result->unproven, &result->fault);
			if (is_faulty(verifying))
				return NULL;
			result->waiting += !is_gone;
		}
		if (!page.count)
			return NULL;
		after = page.items[page.count - 1].id.uuid;
		arena_rewind(verifying->ctx->arena, mark);
	}
}

static struct err *
page_check(struct verifying *verifying, struct witness_file *file,
	const struct witness_page *page, struct audit_fault *ret)
{
	struct tx tx = db_auto(verifying->ctx, SHARD_GLOBAL);

	for (size_t i = 0; i < page->count && str_is_none(ret->what); i++) {
		const struct witness_found *found = &page->items[i];
		enum recall_state state;

		witness_file_pass(file, found);
		verifying->result.witnesses_torn += found->is_damaged;
		if (!found->is_line)
			continue;
		TRY(audit_recall_line(&tx, &found->line, &verifying->cut, ret, &state));
		/* Whoever meets that row tells of its key. */
		if (!str_is_none(ret->missing_key))
			*ret = (struct audit_fault){ .seq = 0 };
		verifying->result.witnessed++;
	}
	return NULL;
}

static struct err *
witness_check(struct verifying *verifying, const char *path, struct audit_fault *ret)
{
	struct arena *arena = verifying->ctx->arena;
	CLEANUP(witness_file_close) struct witness_file file = { .fd = -1 };
	struct err *err = witness_file_open(arena, path, &file);
	struct witness_page page = { .count = 0 };

	if (err)
		return err->code == ERR_NOT_FOUND ? NULL : err;
	do {
		struct arena_mark mark = arena_mark(arena);

		TRY(witness_page_read(verifying->ctx, &file, &page));
		TRY(page_check(verifying, &file, &page, ret));
		if (str_is_none(ret->what))
			arena_rewind(arena, mark);
	} while (page.count && str_is_none(ret->what));
	return NULL;
}

/* RET: what is wrong with what processes remember, to be told where nothing else is. */
static struct err *
witnesses_check(struct verifying *verifying, struct audit_fault *ret)
{
	struct witness_paths paths;

	TRY(witness_paths_list(
		verifying->ctx->arena, verifying->options->folder, &paths));
	for (size_t i = 0; i < paths.count && str_is_none(ret->what); i++)
		TRY(witness_check(verifying, paths.items[i], ret));
	return NULL;
}

/* --- The anchor itself */

/* RET: what ALL have of the anchor that was read. */
static void
own_find(const struct anchors *anchors, const struct anchored_list *all,
	struct anchored *ret)
{
	for (size_t i = 0; i < all->count && anchors->count; i++)
		if (str_is_none(all->items[i].missing_key) &&
			audit_hash_eq(
				&anchors->file, audit_hash_str(&all->items[i].file)))
			*ret = all->items[i];
}

/* RET: of all of which that can be told, what went furthest. */
static void
newest_find(const struct anchored_list *all, struct anchored *ret)
{
	for (size_t i = 0; i < all->count; i++) {
		if (str_is_none(all->items[i].missing_key)) {
			*ret = all->items[i];
			return;
		}
	}
}

/* An anchor that is damaged proves nothing; the chain is gone along all the same. */
static struct err *
file_take(struct verifying *verifying)
{
	const struct audit_verify_options *options = verifying->options;
	struct ctx *ctx = verifying->ctx;
	struct err *err;

	if (str_is_none(options->folder) || options->is_without_anchor)
		return NULL;
	err = anchors_read(ctx, options->folder, &verifying->anchors);
	if (!err || err->code != ERR_INVALID)
		return err;
	verifying->result.anchor_fault = str_fmt(ctx->arena,
		STR_FMT "; compare it with what was sent elsewhere (docs/audit.md), "
			"then stop the servers, put it aside and keep it: the next one "
			"begins another. gridiron audit verify --without-anchor leaves "
			"it out",
		STR_ARG(err->message));
	return str_is_none(verifying->result.anchor_fault) ? err_no_memory() : NULL;
}

/* What the database remembers goes first: a server adds to the file, then to that. */
static struct err *
anchors_take(struct verifying *verifying)
{
	const struct audit_verify_options *options = verifying->options;
	struct anchors *anchors = &verifying->anchors;
	struct anchored_list all;
	struct anchor *remembered;

	TRY(anchored_all(verifying->ctx, &all, &verifying->result.fault));
	if (is_faulty(verifying) && !options->is_without_anchor)
		return NULL;
	if (is_faulty(verifying)) {
		verifying->result.fault = (struct audit_fault){ .seq = 0 };
		all.count = 0;
	}
	TRY(file_take(verifying));
	own_find(anchors, &all, &verifying->own);
	newest_find(&all, &verifying->newest);
	verifying->result.anchored_seq = verifying->newest.link.seq;
	verifying->result.anchors_unproven = anchors->unproven;
	verifying->result.anchors_torn = (int64_t)anchors->torn;
	verifying->result.is_anchor_open = anchors->is_last_torn;
	verifying->file_seq = anchors->last_seq;
	TRY_NEW(verifying->ctx->arena, remembered, all.count);
	for (size_t i = 0; i < all.count; i++)
		remembered[i] = (struct anchor){ all.items[i].link,
			all.items[i].missing_key };
	TRY(anchors_add(verifying->ctx, anchors, remembered, all.count));
	return NULL;
}

static struct str
file_state(const struct verifying *verifying, bool is_older)
{
	const struct anchors *anchors = &verifying->anchors;

	if (is_older)
		return STR(" was cut or is an older copy");
	if (anchors->unproven.count)
		return STR(" has no line but of keys that the keyring has not");
	return anchors->is_there ? STR(" is empty") : STR(" is missing");
}

/* Whether the file is there, and as whole as it was. */
static struct err *
file_check(struct verifying *verifying)
{
	const struct audit_verify_options *options = verifying->options;
	bool is_older = verifying->own.link.seq > verifying->file_seq;
	const struct anchored *known = is_older ? &verifying->own : &verifying->newest;
	struct buf what;

	if (str_is_none(options->folder) || options->is_without_anchor ||
		!known->link.seq || (verifying->file_seq && !is_older))
		return NULL;
	buf_init(&what, verifying->ctx->arena, FILE_FAULT_BYTES);
	buf_put(&what, options->folder);
	buf_put(&what, STR("/" AUDIT_ANCHOR_FILE));
	buf_put(&what, file_state(verifying, is_older));
	buf_fmt(&what, ", though the chain was anchored up to row %lld at ",
		(long long)known->link.seq);
	iso_time_format(&what, known->at);
	buf_put(&what,
		is_older
			? STR(": put it back from a backup; or, where this data folder "
			      "and another were copied with one anchor, and the other "
			      "went on: stop the server of this one, put its file aside "
			      "and keep it, the next server begins another and puts that "
			      "on record; verify --without-anchor leaves it out")
			: STR(": put it back from a backup, or verify --without-anchor; "
			      "where it was put aside, or this data folder is a new one, "
			      "the next server makes it anew and puts that on record"));
	if (buf_is_cut(&what))
		return err_no_memory();
	verifying->result.fault.what = buf_str(&what);
	return NULL;
}

/* --- All of it */

/* What is remembered goes first: a process gives up what it remembers when the anchor has
 * it, so that is read later, and before the chain, which only grows. */
static struct err *
remembered(struct verifying *verifying, struct audit_fault *ret)
{
	struct str folder = verifying->options->folder;

	if (!str_is_none(folder))
		TRY(witnesses_check(verifying, ret));
	return anchors_take(verifying);
}

static struct err *
verify(struct verifying *verifying)
{
	struct audit_fault forgotten = { .seq = 0 };

	TRY(cuts_check(verifying));
	if (is_faulty(verifying))
		return NULL;
	TRY(remembered(verifying, &forgotten));
	if (is_faulty(verifying))
		return NULL;
	/* That may take its time, in which the log is cut and pruned. */
	TRY(cuts_check(verifying));
	if (!is_faulty(verifying))
		unproven_cut_take(verifying);
	if (!is_faulty(verifying))
		TRY(links_check(verifying));
	if (!is_faulty(verifying))
		TRY(end_check(verifying));
	if (!is_faulty(verifying))
		TRY(waiting_check(verifying));
	if (!is_faulty(verifying))
		verifying->result.fault = forgotten;
	if (!is_faulty(verifying))
		TRY(personal_check(verifying));
	if (!is_faulty(verifying))
		verifying->result.fault.what = verifying->result.anchor_fault;
	return is_faulty(verifying) ? NULL : file_check(verifying);
}

struct err *
audit_verify(struct ctx *ctx, const struct audit_verify_options *options,
	struct audit_verified *ret)
{
	struct verifying verifying = {
		.ctx = ctx,
		.options = options,
		.check = { .ctx = ctx },
		.cut = { .seq = 0, .entries_until = INT64_MIN },
	};

	if (!ctx->keys)
		return err_note(err_new(ctx, ERR_INTERNAL, "internal error"),
			"the audit log is verified without a keyring");
	TRY(verify(&verifying));
	*ret = verifying.result;
	return NULL;
}
