/* The folder of the SQLite file and of what else this installation keeps (setting data).
 * Only its owner may look into it. */
#ifndef APP_DATA_FOLDER_H
#define APP_DATA_FOLDER_H

#include "app/command.h"

/* Make it where it is missing. */
struct err *data_folder_make(struct invocation *run) MUST_USE;
/* Whether that would do; makes nothing. */
struct err *data_folder_check(struct invocation *run) MUST_USE;

#endif
