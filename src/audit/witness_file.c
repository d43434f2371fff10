#include "audit/witness_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

#include "base/vec.h"
#include "codec/hex.h"
#include "sys/wait.h"

enum {
	PAGE_BYTES = 64 << 10,
	TAKEN_MAX = 64,
};

/* --- Lines */

void
witness_line_format(struct buf *out, const struct witness_line *line)
{
	uuid_format(out, line->id);
	buf_put_char(out, ' ');
	hex_encode(out, audit_hash_str(&line->mac));
	buf_put_char(out, '\n');
}

static bool
line_parse(struct str text, struct witness_line *ret)
{
	struct buf mac;

	buf_init_fixed(&mac, (char *)ret->mac.bytes, AUDIT_HASH_BYTES);
	return text.len == WITNESS_LINE_LEN - 1 && text.ptr[UUID_TEXT_LEN] == ' ' &&
		uuid_parse(str_slice(text, 0, UUID_TEXT_LEN), &ret->id) &&
		hex_decode(&mac, str_slice(text, UUID_TEXT_LEN + 1, text.len)) &&
		mac.len == AUDIT_HASH_BYTES;
}

/* --- Files and their locks */

static bool
is_at(int fd, const char *path)
{
	struct stat opened, there;

	return fstat(fd, &opened) == 0 && stat(path, &there) == 0 &&
		opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

int
witness_file_make(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
	int error;

	if (fd < 0)
		return -1;
	/* Before it was locked it looked like one that was left. */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_at(fd, path))
		return fd;
	error = errno == EWOULDBLOCK || errno == ENOENT ? EAGAIN : errno;
	close(fd);
	errno = error;
	return -1;
}

struct err *
witness_file_open(struct arena *arena, const char *path, struct witness_file *ret)
{
	struct witness_file file = { .path = path,
		.fd = open(path, O_RDONLY | O_CLOEXEC) };
	struct stat status;

	if (file.fd < 0)
		return err_in(arena, errno == ENOENT ? ERR_NOT_FOUND : ERR_INTERNAL,
			"cannot read %s: %s", path, strerror(errno));
	if (fstat(file.fd, &status) != 0) {
		close(file.fd);
		return err_in(arena, ERR_INTERNAL, "cannot read %s", path);
	}
	file.end = status.st_size;
	*ret = file;
	return NULL;
}

void
witness_file_close(struct witness_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

void
witness_file_remove(struct witness_file *file)
{
	unlink(file->path);
	witness_file_close(file);
}

/* --- Reading */

struct reading {
	const struct witness_file *file;
	char *bytes;
	ssize_t len;
	int error;
};

/* On the other thread. */
static void
read_offloaded(void *arg)
{
	struct reading *reading = arg;
	off_t left = reading->file->end - reading->file->begin;
	size_t wanted = left < PAGE_BYTES ? (size_t)left : PAGE_BYTES;

	reading->len = pread(
		reading->file->fd, reading->bytes, wanted, reading->file->begin);
	reading->error = errno;
}

struct page_vec {
	VEC_OF(struct witness_found)
};

static void
found_parse(struct str text, struct witness_found *ret)
{
	size_t whole = WITNESS_LINE_LEN - 1;
	size_t begin = text.len > whole ? text.len - whole : 0;

	ret->is_line = line_parse(str_slice(text, begin, text.len), &ret->line);
	ret->is_damaged = text.len && (begin || !ret->is_line);
}

/* TEXT is what stands at file->begin. */
static struct err *
page_parse(struct arena *arena, const struct witness_file *file, struct str text,
	struct witness_page *ret)
{
	/* Less than a page is all that there is, even where the file was longer. */
	bool is_last = text.len < PAGE_BYTES ||
		file->begin + (off_t)text.len >= file->end;
	struct witness_found found = { .next = file->begin,
		.is_inside = file->is_inside };
	struct page_vec page = { 0 };

	while (text.len) {
		ptrdiff_t end = str_find_char(text, '\n');
		size_t len = end < 0 ? text.len : (size_t)end;
		bool was_inside = found.is_inside;

		found.is_inside = end < 0 && !is_last;
		/* The next page has all of it, unless it is longer than that. */
		if (found.is_inside && page.count)
			break;
		if (found.is_inside)
			len -= WITNESS_LINE_LEN;
		found_parse(str_slice(text, 0, len), &found);
		found.is_damaged = found.is_damaged && !was_inside;
		len += end >= 0;
		found.next += (off_t)len;
		if (!VEC_PUSH(arena, &page, found))
			return err_no_memory();
		text = found.is_inside ? STR("") : str_slice(text, len, text.len);
	}
	ret->items = page.items;
	ret->count = page.count;
	return NULL;
}

struct err *
witness_page_read(
	struct ctx *ctx, const struct witness_file *file, struct witness_page *ret)
{
	struct reading reading = { .file = file };

	if (file->begin >= file->end) {
		*ret = (struct witness_page){ .count = 0 };
		return NULL;
	}
	reading.bytes = arena_alloc_text(ctx->arena, PAGE_BYTES);
	if (!reading.bytes)
		return err_no_memory();
	TRY(fiber_offload(ctx, read_offloaded, &reading));
	if (reading.len <= 0)
		return err_new(ctx, ERR_INTERNAL, "cannot read %s: %s", file->path,
			reading.len ? strerror(reading.error)
				    : "it is shorter than it was");
	return page_parse(ctx->arena, file,
		(struct str){ reading.bytes, (size_t)reading.len }, ret);
}

void
witness_file_pass(struct witness_file *file, const struct witness_found *found)
{
	file->begin = found->next;
	file->is_inside = found->is_inside;
}

/* --- The files of a folder */

static bool
is_named(const char *name, const char *begin)
{
	return str_starts_with(str_from(name), str_from(begin));
}

/* The names in FOLDER that begin with one of ours. */
static struct err *
names_list(DIR *dir, struct arena *arena, const char *folder, struct witness_paths *ret)
{
	struct {
		VEC_OF(const char *)
	} paths = { 0 };
	const struct dirent *entry;

	/* It says by errno alone whether it came to the end. */
	for (errno = 0; (entry = readdir(dir)); errno = 0) {
		const char *path;

		if (!is_named(entry->d_name, WITNESS_PREFIX) &&
			!is_named(entry->d_name, WITNESS_ASIDE_PREFIX))
			continue;
		path = str_cstr(arena, str_fmt(arena, "%s/%s", folder, entry->d_name));
		if (!path || !VEC_PUSH(arena, &paths, path))
			return err_no_memory();
	}
	if (errno)
		return err_in(arena, ERR_INTERNAL, "cannot look into %s: %s", folder,
			strerror(errno));
	ret->items = paths.items;
	ret->count = paths.count;
	return NULL;
}

static bool
is_aside(const char *path)
{
	return is_named(strrchr(path, '/') + 1, WITNESS_ASIDE_PREFIX);
}

static struct err *
folder_read(struct arena *arena, struct str folder, struct witness_paths *ret)
{
	const char *path = str_cstr(arena, folder);
	struct err *err;
	DIR *dir;

	if (!path)
		return err_no_memory();
	dir = opendir(path);
	if (!dir)
		return err_in(arena, ERR_INTERNAL, "cannot look into %s: %s", path,
			strerror(errno));
	err = names_list(dir, arena, path, ret);
	closedir(dir);
	return err;
}

struct err *
witness_paths_list(struct arena *arena, struct str folder, struct witness_paths *ret)
{
	struct witness_paths all, files = { .count = 0 };

	TRY(folder_read(arena, folder, &all));
	files.items = all.items;
	for (size_t i = 0; i < all.count; i++)
		if (!is_aside(all.items[i]))
			files.items[files.count++] = all.items[i];
	*ret = files;
	return NULL;
}

/* False: its process lives, or has ended just now. */
static struct err *
file_take(
	struct arena *arena, const char *path, struct witness_file *ret, bool *ret_taken)
{
	struct err *err = witness_file_open(arena, path, ret);

	*ret_taken = false;
	if (err)
		return err->code == ERR_NOT_FOUND ? NULL : err;
	*ret_taken = flock(ret->fd, LOCK_EX | LOCK_NB) == 0 && is_at(ret->fd, path);
	if (!*ret_taken)
		witness_file_close(ret);
	return NULL;
}

struct err *
witness_files_take(struct arena *arena, struct str folder, struct witness_files *ret)
{
	struct witness_files files = { .count = 0 };
	struct witness_paths paths;
	struct err *err = NULL;

	TRY(folder_read(arena, folder, &paths));
	TRY_NEW(arena, files.items, TAKEN_MAX);
	for (size_t i = 0; i < paths.count && files.count < TAKEN_MAX && !err; i++) {
		struct witness_file *file = &files.items[files.count];
		bool is_taken;

		err = file_take(arena, paths.items[i], file, &is_taken);
		if (err || !is_taken)
			continue;
		/* The one that it was to replace is there. */
		if (is_aside(file->path))
			witness_file_remove(file);
		else
			files.count++;
	}
	if (err)
		witness_files_close(&files);
	else
		*ret = files;
	return err;
}

void
witness_files_close(struct witness_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		witness_file_close(&files->items[i]);
}
