#include "tests/support/folder.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

void
folder_remove(struct str folder)
{
	char path[PATH_MAX];
	const struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), STR_FMT, STR_ARG(folder));
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	(void)rmdir(path);
}
