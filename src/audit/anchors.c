/* Reading the anchor. */
#include "audit/anchor.h"

#include <errno.h>
#include <unistd.h>

#include "base/vec.h"
#include "crypto/digest.h"
#include "sys/file.h"

enum {
	PAGE_BYTES = 64 << 10,
};

struct reading {
	VEC_OF(struct anchor)
	struct anchors anchors;
	const char *path;
	int64_t number; /* of the line */
	bool is_ours;   /* one before it is */
};

static struct err *
line_err(struct ctx *ctx, const struct reading *reading, struct str what)
{
	return err_new(ctx, ERR_INVALID, "line %lld of %s " STR_FMT,
		(long long)reading->number, reading->path, STR_ARG(what));
}

static int
anchor_compare(const void *a, const void *b)
{
	const struct anchor *one = a, *other = b;

	return (one->link.seq > other->link.seq) - (one->link.seq < other->link.seq);
}

static void
seq_note(struct anchors *anchors, int64_t seq)
{
	if (seq > anchors->last_seq)
		anchors->last_seq = seq;
}

/* Nobody can tell whether a line is ours, which was signed with key ID. Where that was
 * retired, a newer one signed all that is behind it. */
static struct err *
unproven_take(struct ctx *ctx, struct reading *reading, struct str id, struct str *ret)
{
	struct audit_fault fault = { .what = id, .missing_key = id };
	const struct anchor *before = reading->count ? &reading->items[reading->count - 1]
						     : NULL;

	*ret = before && str_eq(before->missing_key, id) ? before->missing_key
							 : str_dup(ctx->arena, id);
	if (str_is_none(*ret))
		return err_no_memory();
	if (!reading->is_ours)
		audit_unproven_take(&reading->anchors.unproven, &fault);
	if (str_is_none(fault.what))
		return NULL;
	/* Not for each line: there may be hundreds of thousands. */
	fault.what = str_fmt(ctx->arena, KEY_MISSING_FMT, STR_ARG(id));
	return str_is_none(fault.what) ? err_no_memory()
				       : line_err(ctx, reading, fault.what);
}

static struct err *
torn_take(struct ctx *ctx, struct reading *reading, struct str line, bool is_open)
{
	struct anchors *anchors = &reading->anchors;
	struct str torn = line, key;
	enum anchor_signer signer = is_open ? ANCHOR_US
					    : anchor_torn_parse(ctx, line, &torn, &key);

	if (signer == ANCHOR_NOBODY)
		return line_err(ctx, reading, STR("is damaged, or not ours"));
	anchors->torn++;
	anchors->is_last_torn = is_open;
	if (signer == ANCHOR_MISSING_KEY)
		return unproven_take(ctx, reading, key, &key);
	seq_note(anchors, anchor_torn_seq(torn));
	return NULL;
}

/* IS_OPEN: no line end stands behind it. */
static struct err *
line_take(struct ctx *ctx, struct reading *reading, struct str line, bool is_open)
{
	struct anchors *anchors = &reading->anchors;
	struct anchor anchor = { .missing_key = STR_NONE };
	struct str key;
	enum anchor_signer signer = anchor_line_parse(ctx, line, &anchor.link, &key);

	if (signer == ANCHOR_NOBODY)
		return torn_take(
			ctx, reading, line, is_open && line.len < ANCHOR_LINE_LEN_MAX);
	if (signer == ANCHOR_MISSING_KEY)
		TRY(unproven_take(ctx, reading, key, &anchor.missing_key));
	else
		seq_note(anchors, anchor.link.seq);
	reading->is_ours = reading->is_ours || signer == ANCHOR_US;
	if (!reading->count)
		digest_sha256(line, anchors->file.bytes);
	return VEC_PUSH(ctx->arena, reading, anchor) ? NULL : err_no_memory();
}

/* The lines of TEXT, but for what no line end stands behind, unless IS_LAST. RET:
 * that. */
static struct err *
lines_take(struct ctx *ctx, struct reading *reading, struct str text, bool is_last,
	struct str *ret)
{
	while (text.len) {
		ptrdiff_t end = str_find_char(text, '\n');
		size_t len = end < 0 ? text.len : (size_t)end;

		if (end < 0 && !is_last)
			break;
		reading->number++;
		if (len)
			TRY(line_take(ctx, reading, str_slice(text, 0, len), end < 0));
		text = str_slice(text, len + (end >= 0), text.len);
	}
	*ret = text;
	return NULL;
}

/* Page by page: a year of it may be a hundred megabytes. */
static struct err *
file_take(struct ctx *ctx, struct reading *reading, int fd)
{
	char *bytes = arena_alloc_text(ctx->arena, PAGE_BYTES);
	struct str rest = STR("");
	ssize_t got;

	if (!bytes)
		return err_no_memory();
	do {
		if (rest.len)
			memmove(bytes, rest.ptr, rest.len);
		if (rest.len == PAGE_BYTES) {
			reading->number++;
			return line_err(ctx, reading, STR("is damaged, or not ours"));
		}
		got = read(fd, bytes + rest.len, PAGE_BYTES - rest.len);
		if (got < 0)
			return err_new(ctx, ERR_INTERNAL, "cannot read %s: %s",
				reading->path, strerror(errno));
		TRY(lines_take(ctx, reading,
			(struct str){ bytes, rest.len + (size_t)got }, got == 0, &rest));
	} while (got > 0);
	return NULL;
}

struct err *
anchors_read(struct ctx *ctx, struct str folder, struct anchors *ret)
{
	struct reading reading = { .count = 0 };

	TRY(anchor_file_path(ctx, folder, &reading.path));
	CLEANUP(file_close) int fd = -1;

	TRY(anchor_file_open(ctx, reading.path, &fd));
	reading.anchors.is_there = fd >= 0;
	if (fd >= 0)
		TRY(file_take(ctx, &reading, fd));
	if (reading.count)
		qsort(reading.items, reading.count, sizeof(*reading.items),
			anchor_compare);
	reading.anchors.items = reading.items;
	reading.anchors.count = reading.count;
	*ret = reading.anchors;
	return NULL;
}

/* Whether OTHER says nothing that KNOWN does not. */
static bool
is_told(const struct anchor *known, const struct anchor *other)
{
	return known &&
		audit_hash_eq(&known->link.hash, audit_hash_str(&other->link.hash)) &&
		(str_is_none(known->missing_key) || !str_is_none(other->missing_key));
}

struct err *
anchors_add(struct ctx *ctx, struct anchors *anchors, const struct anchor *others,
	size_t count)
{
	size_t known = anchors->count;
	struct anchor *all;

	TRY_NEW(ctx->arena, all, known + count);
	if (known)
		memcpy(all, anchors->items, known * sizeof(*all));
	for (size_t i = 0; i < count; i++) {
		const struct anchor *same = known
			? bsearch(&others[i], all, known, sizeof(*all), anchor_compare)
			: NULL;

		if (str_is_none(others[i].missing_key))
			seq_note(anchors, others[i].link.seq);
		if (!is_told(same, &others[i]))
			all[anchors->count++] = others[i];
	}
	if (anchors->count)
		qsort(all, anchors->count, sizeof(*all), anchor_compare);
	anchors->items = all;
	return NULL;
}
