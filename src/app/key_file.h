/* Where the keyring is: for the wiring and for `gridiron keys`. */
#ifndef APP_KEY_FILE_H
#define APP_KEY_FILE_H

#include "app/command.h"
#include "crypto/keyring.h"

/* The setting keys.file; else keys.json in $CREDENTIALS_DIRECTORY (systemd's
 * LoadCredential=), where there is one; else keys.json in the data folder. */
struct err *key_file_path(struct invocation *run, struct str *ret) MUST_USE;
/* The same in ARENA, for what runs as long as the server. */
struct err *key_file_path_in(
	struct arena *arena, const struct config *config, struct str *ret) MUST_USE;

/* How the keyring is opened, by a command that RUN stands for. */
struct err *
key_file_options(struct invocation *run, struct keyring_options *ret) MUST_USE;
/* Whether a server could start with it; nothing is made. */
struct err *key_file_check(struct invocation *run) MUST_USE;

/* The second of TIME; absent where it never comes. */
struct str key_time_text(struct arena *arena, int64_t time);

#endif
