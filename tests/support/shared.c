#include "tests/support/shared.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FOLDER_FILE_BYTES_MAX = 1 << 20,
};

static const char *
shared_path(struct arena *arena, const char *name)
{
	const char *shared = getenv("GRIDIRON_SHARED");

	return str_cstr(arena,
		shared ? str_fmt(arena, "%s/%s", shared, name)
		       : str_fmt(arena, SOURCE_ROOT "/../shared/%s", name));
}

bool
shared_file_read(struct arena *arena, const char *name, struct str *ret)
{
	const char *path = shared_path(arena, name);
	FILE *file = path ? fopen(path, "rbe") : NULL;
	char *bytes;
	long size;
	size_t got;

	if (!file)
		return false;
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	bytes = size > 0 ? arena_alloc_text(arena, (size_t)size) : NULL;
	got = bytes ? fread(bytes, 1, (size_t)size, file) : 0;
	fclose(file);
	*ret = (struct str){ .ptr = bytes, .len = got };
	return got > 0 && got == (size_t)size;
}

/* Of any length, none included. */
static struct str
read_whole(struct arena *arena, const char *path)
{
	char *bytes = arena_alloc_text(arena, FOLDER_FILE_BYTES_MAX);
	FILE *file = bytes ? fopen(path, "rbe") : NULL;
	size_t got;

	if (!file)
		return STR_NONE;
	got = fread(bytes, 1, FOLDER_FILE_BYTES_MAX, file);
	fclose(file);
	return (struct str){ .ptr = bytes, .len = got };
}

bool
shared_folder_each(const char *name,
	void (*fn)(void *arg, struct str name, struct str text), void *arg)
{
	struct arena arena;
	const struct dirent *entry;
	const char *path;
	DIR *folder;

	arena_init(&arena, 16 << 20);
	path = shared_path(&arena, name);
	folder = path ? opendir(path) : NULL;
	while (folder && (entry = readdir(folder))) {
		struct arena_mark mark = arena_mark(&arena);
		const char *file = str_cstr(
			&arena, str_fmt(&arena, "%s/%s", path, entry->d_name));
		struct str text = read_whole(&arena, file);

		if (entry->d_name[0] != '.' && !str_is_none(text))
			fn(arg, str_from(entry->d_name), text);
		arena_rewind(&arena, mark);
	}
	if (folder)
		closedir(folder);
	arena_release(&arena);
	return folder != NULL;
}
