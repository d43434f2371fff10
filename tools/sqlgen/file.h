/* The files that the generator reads and writes. */
#ifndef SQLGEN_FILE_H
#define SQLGEN_FILE_H

#include "base/buf.h"
#include "base/err.h"

struct file {
	struct str path; /* as given, for messages */
	struct str name; /* "affiliates.sql" */
	struct str stem; /* "affiliates" */
	struct str text;
};

struct file_list {
	struct file *items;
	size_t count;
};

bool file_exists(struct arena *arena, struct str path);
/* INVALID where it cannot be read or is not UTF-8. */
struct err *file_read(struct arena *arena, struct str path, struct file *ret) MUST_USE;
/* The files of FOLDER whose names end in SUFFIX, in order of their names. */
struct err *file_read_folder(struct arena *arena, struct str folder, struct str suffix,
	struct file_list *ret) MUST_USE;
/* Replace the file at PATH. INVALID where it cannot be written, or TEXT was cut. */
struct err *
file_write(struct arena *arena, struct str path, const struct buf *text) MUST_USE;

#endif
