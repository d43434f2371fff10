#include "sqlgen/file.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "base/vec.h"

enum {
	FILE_BYTES_MAX = 16 << 20,
};

static void
close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

bool
file_exists(struct arena *arena, struct str path)
{
	return access(str_cstr(arena, path), R_OK) == 0;
}

/* Whether all of STREAM came, and fitted. */
static bool
stream_read(FILE *stream, struct buf *text)
{
	for (;;) {
		char *at = buf_reserve(text, BUFSIZ);
		size_t count = at ? fread(at, 1, BUFSIZ, stream) : 0;

		buf_added(text, count);
		if (count == 0)
			return at && !ferror(stream);
	}
}

static struct err *
read_all(struct arena *arena, struct str path, struct str *ret)
{
	FILE *stream = fopen(str_cstr(arena, path), "rbe");
	struct buf text;
	bool is_whole;

	if (!stream)
		return err_in(arena, ERR_INVALID, STR_FMT ": cannot be read: %s",
			STR_ARG(path), strerror(errno));
	buf_init(&text, arena, FILE_BYTES_MAX);
	is_whole = stream_read(stream, &text);
	fclose(stream);
	if (!is_whole)
		return err_in(arena, ERR_INVALID, STR_FMT ": cannot be read whole",
			STR_ARG(path));
	*ret = buf_str(&text);
	return NULL;
}

static struct str
name_of(struct str path)
{
	for (size_t i = path.len; i > 0; i--)
		if (path.ptr[i - 1] == '/')
			return str_slice(path, i, path.len);
	return path;
}

static struct str
stem_of(struct str name)
{
	ptrdiff_t dot = str_find_char(name, '.');

	return dot < 0 ? name : str_slice(name, 0, (size_t)dot);
}

struct err *
file_read(struct arena *arena, struct str path, struct file *ret)
{
	struct file file = { .path = path, .name = name_of(path) };

	file.stem = stem_of(file.name);
	TRY(read_all(arena, path, &file.text));
	if (!str_is_utf8(file.text))
		return err_in(
			arena, ERR_INVALID, STR_FMT ": is not UTF-8", STR_ARG(path));
	*ret = file;
	return NULL;
}

static int
by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

struct err *
file_read_folder(
	struct arena *arena, struct str folder, struct str suffix, struct file_list *ret)
{
	CLEANUP(close_folder) DIR *dir = opendir(str_cstr(arena, folder));
	struct {
		VEC_OF(struct str)
	} paths = { 0 };
	struct dirent *entry;
	struct file *files;

	if (!dir)
		return err_in(arena, ERR_INVALID, STR_FMT ": cannot be read: %s",
			STR_ARG(folder), strerror(errno));
	while ((entry = readdir(dir)) != NULL) {
		struct str name = str_from(entry->d_name);

		if (name.ptr[0] == '.' || !str_ends_with(name, suffix))
			continue;
		if (!VEC_PUSH(arena, &paths,
			    str_fmt(arena, STR_FMT "/%s", STR_ARG(folder),
				    entry->d_name)))
			return err_no_memory();
	}
	if (paths.count)
		qsort(paths.items, paths.count, sizeof(*paths.items), by_text);
	TRY_NEW(arena, files, paths.count + 1);
	for (size_t i = 0; i < paths.count; i++)
		TRY(file_read(arena, paths.items[i], &files[i]));
	*ret = (struct file_list){ .items = files, .count = paths.count };
	return NULL;
}

/* Whether the file at PATH could be made to hold TEXT. */
static bool
write_all(const char *path, struct str text)
{
	FILE *stream = fopen(path, "wbe");
	bool is_written;

	if (!stream)
		return false;
	is_written = fwrite(text.ptr, 1, text.len, stream) == text.len;
	return fclose(stream) == 0 && is_written;
}

struct err *
file_write(struct arena *arena, struct str path, const struct buf *text)
{
	if (buf_is_cut(text))
		return err_in(
			arena, ERR_INVALID, STR_FMT ": would be too long", STR_ARG(path));
	if (!write_all(str_cstr(arena, path), buf_str(text)))
		return err_in(arena, ERR_INVALID, STR_FMT ": cannot be written: %s",
			STR_ARG(path), strerror(errno));
	return NULL;
}
