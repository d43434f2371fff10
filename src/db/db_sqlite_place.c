/*
 * Whether the file that is open is still the one at its path. What is written to one that
 * was removed, or had another put in its place, is lost with the process, and SQLite does
 * not say so. By stat alone: to open the file and close it would take SQLite's locks
 * away.
 */
#include <sys/stat.h>

#include "base/log.h"
#include "db/db_sqlite.h"

bool
place_find(struct place *ret, const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return false;
	*ret = (struct place){
		.path = path, .device = status.st_dev, .inode = status.st_ino
	};
	return true;
}

bool
place_holds(struct place *place)
{
	struct stat status;
	bool holds = stat(place->path, &status) == 0 && status.st_ino == place->inode &&
		status.st_dev == place->device;

	if (LIKELY(holds == !atomic_load(&place->is_left)) ||
		atomic_exchange(&place->is_left, !holds) == !holds)
		return holds;
	if (holds)
		log_info(NULL, "database file is in its place again",
			LOG_TEXT("path", place->path));
	else
		log_error(NULL, "database file is not in its place",
			LOG_TEXT("path", place->path),
			LOG_TEXT("hint",
				"it was moved or removed while it was open: nothing is "
				"written until it is put back; or restart"));
	return holds;
}

struct err *
place_err(struct ctx *ctx)
{
	return err_new(ctx, ERR_BUSY,
		"the database file was moved or removed while the server had it open: "
		"put it back, or restart the server");
}
