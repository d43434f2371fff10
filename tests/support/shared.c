#include "tests/support/shared.h"

#include <stdio.h>
#include <stdlib.h>

bool
shared_file_read(struct arena *arena, const char *name, struct str *ret)
{
	const char *shared = getenv("GRIDIRON_SHARED");
	struct str path = shared ? str_fmt(arena, "%s/%s", shared, name)
				 : str_fmt(arena, SOURCE_ROOT "/../shared/%s", name);
	const char *terminated = str_cstr(arena, path);
	FILE *file = terminated ? fopen(terminated, "rbe") : NULL;
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
