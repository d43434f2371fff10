/* Folders that a test made for itself. */
#ifndef TESTS_SUPPORT_FOLDER_H
#define TESTS_SUPPORT_FOLDER_H

#include "base/str.h"

/* Remove FOLDER and the files in it, as far as they are there. */
void folder_remove(struct str folder);

#endif
