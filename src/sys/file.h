/*
 * Whole files. Everything here waits for the disk: for start-up, commands and offloaded
 * calls, never a fiber itself. Errors say which path and why: NOT_FOUND, DENIED,
 * TOO_LARGE, CONFLICT, else INTERNAL.
 */
#ifndef SYS_FILE_H
#define SYS_FILE_H

#include <sys/types.h>

#include "base/err.h"

/* "cannot DOING PATH: why", of the system's call that just failed (errno). */
#define file_err(arena, doing, path) err_is_set(file_err_of(arena, doing, path))
struct err *
file_err_of(struct arena *arena, const char *doing, const char *path) MUST_USE NEVER_NULL;
/* The code of errno NUMBER. */
enum err_code file_err_code(int number);

/* For CLEANUP of a descriptor, which may be negative: there is none. */
void file_close(const int *fd);

/* What PATH holds, in ARENA, a zero byte behind it. TOO_LARGE beyond MAX_BYTES. */
struct err *file_read(struct arena *arena, const char *path, size_t max_bytes,
	struct str *ret) MUST_USE;

/* The same of FD, from where it stands; PATH is for the errors. */
struct err *file_read_fd(struct arena *arena, int fd, const char *path, size_t max_bytes,
	struct str *ret) MUST_USE;

/*
 * Let PATH hold DATA. Whoever reads it, also after a power cut, finds what it held before
 * or all of DATA: it is written beside and renamed when it is on the disk. MODE is that
 * of the new file.
 */
struct err *
file_write(struct arena *arena, const char *path, struct str data, mode_t mode) MUST_USE;

/* A file that was made or renamed is on the disk when its folder is: bring that of PATH
 * there. */
struct err *file_sync_folder_of(struct arena *arena, const char *path) MUST_USE;

/* Make the directory PATH and those above it, where they are missing. */
struct err *
file_make_directory(struct arena *arena, const char *path, mode_t mode) MUST_USE;

/* Whether that would do, and files could be made in PATH then. Makes nothing. */
struct err *file_check_directory(struct arena *arena, const char *path) MUST_USE;
/* Whether a file could be made at PATH, or written where there is one; its folder is
 * there, or where MAY_MAKE is set can be made. */
struct err *
file_check_place(struct arena *arena, const char *path, bool may_make) MUST_USE;

/*
 * Hold the lock file PATH, made where missing, until file_unlock or the end of the
 * process. CONFLICT where another holds it, with its process id.
 */
struct err *file_lock(struct arena *arena, const char *path, int *ret) MUST_USE;
void file_unlock(int lock);

/* The process that has PATH to itself by flock(2); 0 where that cannot be told. */
int64_t file_lock_holder(struct arena *arena, const char *path);

struct disk_space {
	int64_t total_bytes;
	int64_t free_bytes; /* for us, not those kept for root */
};

/* Of the file system that PATH is on. */
struct err *
file_disk_space(struct arena *arena, const char *path, struct disk_space *ret) MUST_USE;

#endif
