/* Files beside the source tree, which tests use where they are there. */
#ifndef TESTS_SUPPORT_SHARED_H
#define TESTS_SUPPORT_SHARED_H

#include "base/arena.h"
#include "base/str.h"

/* The bytes of file NAME of the folder GRIDIRON_SHARED, or ../shared as seen from the
 * source tree; false where there is none. */
bool shared_file_read(struct arena *arena, const char *name, struct str *ret) MUST_USE;

/* FN of every file of folder NAME there; false where there is none. */
bool shared_folder_each(const char *name,
	void (*fn)(void *arg, struct str name, struct str text), void *arg) MUST_USE;

#endif
