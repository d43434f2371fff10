#include "crypto/breached.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/buf.h"
#include "codec/hex.h"
#include "crypto/digest.h"
#include "sys/file.h"

enum {
	HEX_LEN = 2 * SHA1_BYTES,
	/* More than the longest has: the digest, ":", 20 digits, CR, LF. */
	LINE_BYTES_MAX = 64,
	STEPS = 128, /* from the first line to the last, in a check */
};

struct file {
	struct arena *arena; /* for errors */
	const char *path;
	int fd;
	int64_t size;
};

struct line {
	int64_t begin;
	int64_t end; /* that of the next */
	uint8_t sha1[SHA1_BYTES];
};

static struct err *
file_look(struct file *file)
{
	struct stat about;

	if (file->fd < 0 || fstat(file->fd, &about) != 0)
		return file_err(file->arena, "read", file->path);
	if (!S_ISREG(about.st_mode))
		return err_in(file->arena, ERR_INVALID,
			"%s is no regular file; unpack it, and name the file itself",
			file->path);
	if (about.st_size == 0)
		return err_in(file->arena, ERR_INVALID, "%s is empty; download it again",
			file->path);
	file->size = about.st_size;
	return NULL;
}

/* Whether TEXT is a line; then its digest. */
static bool
line_parse(struct str text, uint8_t ret[static SHA1_BYTES])
{
	struct buf digest;

	if (text.len >= LINE_BYTES_MAX)
		return false;
	if (str_ends_with(text, STR("\r")))
		text.len--;
	buf_init_fixed(&digest, (char *)ret, SHA1_BYTES);
	if (text.len < HEX_LEN || !hex_decode(&digest, str_slice(text, 0, HEX_LEN)))
		return false;
	if (text.len == HEX_LEN)
		return true;
	for (size_t i = HEX_LEN + 1; i < text.len; i++)
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
	return text.ptr[HEX_LEN] == ':' && text.len > HEX_LEN + 1;
}

/* The line in which the byte AT stands; its end belongs to it. */
static struct err *
line_read(const struct file *file, int64_t at, struct line *ret)
{
	char bytes[2 * LINE_BYTES_MAX];
	int64_t from = at > LINE_BYTES_MAX ? at - LINE_BYTES_MAX : 0;
	size_t begin = (size_t)(at - from), end = begin, len;
	ssize_t got;

	do
		got = pread(file->fd, bytes, sizeof(bytes), from);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return file_err(file->arena, "read", file->path);
	len = (size_t)got;
	if (len <= begin)
		return err_in(file->arena, ERR_INTERNAL,
			"%s became shorter while it was read", file->path);
	while (begin > 0 && bytes[begin - 1] != '\n')
		begin--;
	while (end < len && bytes[end] != '\n')
		end++;
	ret->begin = from + (int64_t)begin;
	ret->end = from + (int64_t)end + 1;
	if (line_parse((struct str){ bytes + begin, end - begin }, ret->sha1))
		return NULL;
	return err_in(file->arena, ERR_INVALID,
		"%s, the line at byte %lld is not of the form SHA1:COUNT in hexadecimal "
		"digits; download it again as haveibeenpwned-downloader writes it",
		file->path, (long long)ret->begin);
}

struct err *
breached_find(struct arena *arena, const char *path, struct str password, bool *ret)
{
	CLEANUP(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct file file = { .arena = arena, .path = path, .fd = fd };
	uint8_t wanted[SHA1_BYTES];
	int64_t low = 0, high;
	bool is_found = false;

	TRY(file_look(&file));
	digest_sha1(password, wanted);
	/* Within [low, high), both at the beginning of a line, or the end. Each step
	 * makes it less, also in a file that changes meanwhile. */
	high = file.size;
	while (low < high && !is_found) {
		struct line line;
		int order;

		TRY(line_read(&file, low + (high - low) / 2, &line));
		order = memcmp(line.sha1, wanted, SHA1_BYTES);
		is_found = order == 0;
		if (order < 0)
			low = line.end;
		else
			high = line.begin;
	}
	*ret = is_found;
	return NULL;
}

struct err *
breached_check(struct arena *arena, const char *path)
{
	CLEANUP(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct file file = { .arena = arena, .path = path, .fd = fd };
	struct line before, line;

	TRY(file_look(&file));
	TRY(line_read(&file, 0, &before));
	for (int64_t i = 1; i <= STEPS; i++) {
		TRY(line_read(&file, (file.size - 1) * i / STEPS, &line));
		if (memcmp(before.sha1, line.sha1, SHA1_BYTES) > 0)
			return err_in(arena, ERR_INVALID,
				"%s, the line at byte %lld belongs before that at byte "
				"%lld; take the file that is sorted by hash",
				path, (long long)line.begin, (long long)before.begin);
		before = line;
	}
	return NULL;
}
