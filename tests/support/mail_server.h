/* A mail server of its own for a test: tests/support/smtp_server.py in a process, and the
 * mails it took. */
#ifndef TESTS_SUPPORT_MAIL_SERVER_H
#define TESTS_SUPPORT_MAIL_SERVER_H

#include <sys/types.h>

#include "base/ctx.h"
#include "tests/support/folder.h"

struct mail_server {
	pid_t pid;
	int stdin_fd; /* it ends when this is closed */
	int port;     /* 0: it did not start */
	char folder[64];
};

/* Start one with FLAGS, ended by NULL (see the script). False where there is no aiosmtpd
 * here: skip. */
bool mail_server_start(struct mail_server *server, char *const *flags);
/* End it and remove its mails. */
void mail_server_stop(struct mail_server *server);

/* A folder for a test's .eml files; returns its path. */
const char *mail_folder_make(char folder[static 64]);
/* How many mails FOLDER holds; the text of the one that comes last into RET. */
int mail_folder_read(struct arena *arena, const char *folder, struct str *ret);

#endif
