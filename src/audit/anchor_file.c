#include "audit/anchor_file.h"

#include <errno.h>
#include <fcntl.h>

#include <sys/stat.h>

#include "audit/check.h"
#include "base/num.h"
#include "codec/hex.h"
#include "codec/iso_time.h"
#include "crypto/digest.h"
#include "crypto/keyring.h"

/* No line holds it: times, numbers and digits do not. */
#define TORN_MARK " torn "

struct err *
anchor_file_path(struct ctx *ctx, struct str folder, const char **ret)
{
	struct str path = str_fmt(
		ctx->arena, STR_FMT "/" AUDIT_ANCHOR_FILE, STR_ARG(folder));

	*ret = str_is_none(path) ? NULL : str_cstr(ctx->arena, path);
	return *ret ? NULL : err_no_memory();
}

struct err *
anchor_file_open(struct ctx *ctx, const char *path, int *ret)
{
	struct stat status;

	*ret = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*ret < 0 && errno == ENOENT)
		return NULL;
	if (*ret < 0 || fstat(*ret, &status) != 0)
		return err_new(
			ctx, ERR_INTERNAL, "cannot read %s: %s", path, strerror(errno));
	if (S_ISREG(status.st_mode))
		return NULL;
	return err_new(ctx, ERR_INVALID,
		"%s is the anchor, which must be a file, but is a %s: put it back from a "
		"backup, or take it away",
		path,
		S_ISDIR(status.st_mode)            ? "folder"
			: S_ISFIFO(status.st_mode) ? "pipe"
						   : "device");
}

/* --- Lines */

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

/* Who signed LINK and AT, where LINE goes on with a key's id and its signature, and
 * ends. */
static enum anchor_signer
signer_of(const struct ctx *ctx, struct str line, const struct audit_link *link,
	int64_t at, struct str *ret_key)
{
	struct audit_hash mac, wanted;
	struct str id, secret;

	if (!str_next(&line, ' ', &id) || !hash_next(&line, &mac) || !str_is_none(line))
		return ANCHOR_NOBODY;
	secret = audit_secret(ctx, id);
	if (str_is_none(secret)) {
		*ret_key = id;
		return audit_is_key_id(id) ? ANCHOR_MISSING_KEY : ANCHOR_NOBODY;
	}
	wanted = audit_anchor_mac(secret, id, link, at);
	return audit_hash_eq(&wanted, audit_hash_str(&mac)) ? ANCHOR_US : ANCHOR_NOBODY;
}

static void
put_signature(struct buf *out, struct ctx *ctx, const struct audit_link *link, int64_t at)
{
	const struct key *key = keyring_current(ctx->keys, KEY_AUDIT, ctx->now);
	struct str secret = { (const char *)key->secret, KEY_BYTES };
	struct audit_hash mac = audit_anchor_mac(secret, key_id(key), link, at);

	buf_put_char(out, ' ');
	buf_put(out, key_id(key));
	buf_put_char(out, ' ');
	hex_encode(out, audit_hash_str(&mac));
	buf_put_char(out, '\n');
}

enum anchor_signer
anchor_line_parse(const struct ctx *ctx, struct str line, struct audit_link *ret,
	struct str *ret_key)
{
	struct str at_text, seq;
	int64_t at;

	if (!str_next(&line, ' ', &at_text) || !iso_time_parse(at_text, &at) ||
		!str_next(&line, ' ', &seq) ||
		!num_parse_i64(seq, 1, INT64_MAX, &ret->seq) ||
		!hash_next(&line, &ret->hash))
		return ANCHOR_NOBODY;
	return signer_of(ctx, line, ret, at, ret_key);
}

void
anchor_line_format(struct buf *out, struct ctx *ctx, const struct audit_link *link)
{
	iso_time_format(out, ctx->now);
	buf_put_char(out, ' ');
	buf_put_i64(out, link->seq);
	buf_put_char(out, ' ');
	hex_encode(out, audit_hash_str(&link->hash));
	put_signature(out, ctx, link, ctx->now);
}

/* What stands in the signature for a torn line: 0 is the number of no link. */
static struct audit_link
torn_link(struct str torn)
{
	struct audit_link link = { .seq = 0 };

	digest_sha256(torn, link.hash.bytes);
	return link;
}

void
anchor_torn_end(struct buf *out, struct ctx *ctx, struct str torn)
{
	const struct audit_link link = torn_link(torn);

	buf_put(out, STR(TORN_MARK));
	iso_time_format(out, ctx->now);
	put_signature(out, ctx, &link, ctx->now);
}

enum anchor_signer
anchor_torn_parse(
	const struct ctx *ctx, struct str line, struct str *ret, struct str *ret_key)
{
	ptrdiff_t end = str_find(line, STR(TORN_MARK));
	struct audit_link link;
	struct str rest, at_text;
	int64_t at;

	if (end < 0)
		return ANCHOR_NOBODY;
	*ret = str_slice(line, 0, (size_t)end);
	rest = str_slice(line, (size_t)end + sizeof(TORN_MARK) - 1, line.len);
	link = torn_link(*ret);
	if (!str_next(&rest, ' ', &at_text) || !iso_time_parse(at_text, &at))
		return ANCHOR_NOBODY;
	return signer_of(ctx, rest, &link, at, ret_key);
}

int64_t
anchor_torn_seq(struct str torn)
{
	struct str at, seq;
	int64_t ret = 0;

	if (!str_next(&torn, ' ', &at) || !str_next(&torn, ' ', &seq) ||
		str_is_none(torn) || !num_parse_i64(seq, 1, INT64_MAX, &ret))
		return 0;
	return ret;
}
