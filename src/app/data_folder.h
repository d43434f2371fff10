/* The folder of the SQLite file and of what else this installation keeps (setting data).
 * Only its owner may look into it. */
#ifndef APP_DATA_FOLDER_H
#define APP_DATA_FOLDER_H

#include "app/command.h"

/* Make it where it is missing. */
struct err *data_folder_make(struct invocation *run) MUST_USE;
/* The same, where the database is to lie in it; other folders are not ours to make. */
struct err *data_folder_make_for_database(struct invocation *run) MUST_USE;
/* Whether the folder could be made, and files in it. Makes nothing. */
struct err *data_folder_check(struct invocation *run) MUST_USE;
/* Whether the database is an SQLite file that is not there. */
bool data_folder_lacks_database(const struct invocation *run);

#endif
