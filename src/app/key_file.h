/* Where the keyring is: for the wiring and for `gridiron keys`. */
#ifndef APP_KEY_FILE_H
#define APP_KEY_FILE_H

#include "app/command.h"

/* The setting keys.file; else keys.json in $CREDENTIALS_DIRECTORY (systemd's
 * LoadCredential=), where there is one; else keys.json in the data folder. */
struct err *key_file_path(struct invocation *run, struct str *ret) MUST_USE;

#endif
