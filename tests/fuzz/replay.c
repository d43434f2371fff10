/* Runs a fuzz target over the files of a folder, in builds without libFuzzer: what
 * fuzzing once found stays found. One claim a file; a target ends the process where it
 * finds fault, so the name is printed before. */
#include <dirent.h>
#include <stdio.h>

#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_BYTES_MAX = 1 << 20 };

/* Run the target on the file at PATH; false where it cannot be read. */
static bool
replay(const char *path)
{
	struct arena arena;
	size_t len = 0;
	char *data;
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	arena_init(&arena, 2 * FILE_BYTES_MAX);
	data = arena_alloc_text(&arena, FILE_BYTES_MAX);
	if (data) {
		len = fread(data, 1, FILE_BYTES_MAX, file);
		(void)LLVMFuzzerTestOneInput((const uint8_t *)data, len);
	}
	fclose(file);
	arena_release(&arena);
	return data != NULL;
}

int
main(int argc, char **argv)
{
	DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
	const struct dirent *entry;
	size_t count = 0, failed = 0;
	char path[4096];

	printf("TAP version 14\n");
	while (folder && (entry = readdir(folder))) {
		bool ok;

		if (entry->d_name[0] == '.')
			continue;
		printf("# %s\n", entry->d_name);
		fflush(stdout);
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		ok = replay(path);
		failed += !ok;
		printf("%s %zu - %s\n", ok ? "ok" : "not ok", ++count, entry->d_name);
	}
	if (folder)
		closedir(folder);
	printf("1..%zu\n", count);
	return count > 0 && failed == 0 ? 0 : 1;
}
