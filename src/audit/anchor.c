#include "audit/anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

#include "audit/check.h"
#include "base/num.h"
#include "base/vec.h"
#include "codec/hex.h"
#include "codec/iso_time.h"
#include "crypto/keyring.h"
#include "sys/file.h"
#include "sys/wait.h"

enum {
	LINE_LEN_MAX = 512,
};

#define FILE_BYTES_MAX ((size_t)1 << 30)

/* --- Writing */

struct putting {
	const char *path;
	struct str line;
	bool is_syslog;
	int error; /* errno, or 0 */
};

static int
line_append(const struct putting *putting)
{
	int fd = open(putting->path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	int error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, putting->line.ptr, putting->line.len) !=
			(ssize_t)putting->line.len ||
		fsync(fd) != 0)
		error = errno ? errno : ENOSPC;
	close(fd);
	return error;
}

static void
put_offloaded(void *arg)
{
	struct putting *putting = arg;

	errno = 0;
	putting->error = line_append(putting);
	if (putting->is_syslog)
		syslog(LOG_AUTHPRIV | LOG_NOTICE, "gridiron audit anchor " STR_FMT,
			STR_ARG(str_trim(putting->line)));
}

static void
line_format(
	struct buf *out, const struct key *key, const struct audit_link *link, int64_t at)
{
	struct str secret = { (const char *)key->secret, KEY_BYTES };
	struct audit_hash mac = audit_anchor_mac(secret, key_id(key), link, at);

	iso_time_format(out, at);
	buf_put_char(out, ' ');
	buf_put_i64(out, link->seq);
	buf_put_char(out, ' ');
	hex_encode(out, audit_hash_str(&link->hash));
	buf_put_char(out, ' ');
	buf_put(out, key_id(key));
	buf_put_char(out, ' ');
	hex_encode(out, audit_hash_str(&mac));
	buf_put_char(out, '\n');
}

static struct err *
path_of(struct ctx *ctx, struct str folder, const char **ret)
{
	struct str path = str_fmt(
		ctx->arena, STR_FMT "/" AUDIT_ANCHOR_FILE, STR_ARG(folder));

	*ret = str_is_none(path) ? NULL : str_cstr(ctx->arena, path);
	return *ret ? NULL : err_no_memory();
}

struct err *
anchor_put(struct ctx *ctx, const struct anchor_options *options,
	const struct audit_link *link)
{
	struct putting putting = { .is_syslog = options->is_syslog };
	struct buf line;

	buf_init(&line, ctx->arena, LINE_LEN_MAX);
	line_format(
		&line, keyring_current(ctx->keys, KEY_AUDIT, ctx->now), link, ctx->now);
	if (buf_is_cut(&line))
		return err_no_memory();
	putting.line = buf_str(&line);
	TRY(path_of(ctx, options->folder, &putting.path));
	TRY(fiber_offload(ctx, put_offloaded, &putting));
	if (putting.error)
		return err_new(ctx, ERR_INTERNAL, "cannot write %s: errno %d",
			putting.path, putting.error);
	return NULL;
}

/* --- Reading */

/* The next word of LINE as hexadecimal digits of a hash. */
static bool
hash_next(struct str *line, struct audit_hash *ret)
{
	struct buf bytes;
	struct str word;

	buf_init_fixed(&bytes, (char *)ret->bytes, AUDIT_HASH_BYTES);
	return str_next(line, ' ', &word) && hex_decode(&bytes, word) &&
		bytes.len == AUDIT_HASH_BYTES;
}

static bool
line_parse(
	const struct ctx *ctx, struct str line, struct audit_link *ret, int64_t *ret_at)
{
	struct str at, seq, id, secret;
	struct audit_hash mac, wanted;

	if (!str_next(&line, ' ', &at) || !iso_time_parse(at, ret_at) ||
		!str_next(&line, ' ', &seq) ||
		!num_parse_i64(seq, 1, INT64_MAX, &ret->seq) ||
		!hash_next(&line, &ret->hash) || !str_next(&line, ' ', &id) ||
		!hash_next(&line, &mac) || !str_is_none(line))
		return false;
	secret = audit_secret(ctx, id);
	if (str_is_none(secret))
		return false;
	wanted = audit_anchor_mac(secret, id, ret, *ret_at);
	return audit_hash_eq(&wanted, audit_hash_str(&mac));
}

static int
link_compare(const void *a, const void *b)
{
	const struct audit_link *one = a, *other = b;

	return (one->seq > other->seq) - (one->seq < other->seq);
}

struct err *
anchors_read(struct ctx *ctx, struct str folder, struct anchors *ret)
{
	struct {
		VEC_OF(struct audit_link)
	} links = { 0 };
	struct anchors anchors = { .count = 0 };
	struct str text, line;
	const char *path;
	int64_t number = 0;
	struct err *err;

	TRY(path_of(ctx, folder, &path));
	err = file_read(ctx->arena, path, FILE_BYTES_MAX, &text);
	if (err && err->code == ERR_NOT_FOUND) {
		*ret = anchors;
		return NULL;
	}
	TRY(err);
	while (str_next(&text, '\n', &line)) {
		struct audit_link link;

		number++;
		if (!line.len)
			continue;
		if (!line_parse(ctx, line, &link, &anchors.last_at))
			return err_new(ctx, ERR_INVALID,
				"line %lld of %s is damaged, or not ours",
				(long long)number, path);
		if (!VEC_PUSH(ctx->arena, &links, link))
			return err_no_memory();
	}
	if (links.count)
		qsort(links.items, links.count, sizeof(*links.items), link_compare);
	anchors.links = links.items;
	anchors.count = links.count;
	*ret = anchors;
	return NULL;
}
