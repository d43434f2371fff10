/* Shared memory of a WAL on a disk that is full. */
#include <errno.h>
#include <sys/mman.h>

#include "db/db_sqlite_conn.h"

/*
 * SQLite makes the file of the shared memory longer by a byte in every 4 KiB, which
 * leaves holes where a file system has smaller blocks; what is written into a hole of a
 * mapping when the disk is full ends the process (SIGBUS). So every page is made to be
 * there before SQLite writes to it. Kernels before 5.14 do not know how: there all is as
 * it was.
 */
static int
map_filled(sqlite3_file *file, int region, int bytes, int may_extend, volatile void **ret)
{
	const struct shm_guard *guard = (const void *)file->pMethods;
	int rc = guard->map(file, region, bytes, may_extend, ret);

	/* EFAULT: to write there would have been a SIGBUS. */
	if (rc != SQLITE_OK || !*ret ||
		madvise((void *)(uintptr_t)*ret, (size_t)bytes, MADV_POPULATE_WRITE) ==
			0 ||
		errno != EFAULT)
		return rc;
	/* Asked for again by the next that needs it. */
	*ret = NULL;
	return SQLITE_FULL;
}

void
shm_guard_set(struct shm_guard *guard, sqlite3 *sqlite)
{
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
			SQLITE_OK ||
		!file || !file->pMethods || file->pMethods->iVersion < 2 ||
		!file->pMethods->xShmMap)
		return;
	*guard = (struct shm_guard){ .methods = *file->pMethods,
		.map = file->pMethods->xShmMap };
	guard->methods.xShmMap = map_filled;
	file->pMethods = &guard->methods;
}
