/* What serving makes of its settings: read by the commands that serve before they start
 * anything, and by config check, which so refuses what they would. */
#ifndef APP_SERVE_SETTINGS_H
#define APP_SERVE_SETTINGS_H

#include "api/access.h"
#include "app/command.h"
#include "mail/deliver.h"

struct serve_settings {
	struct str host; /* of listen, without brackets */
	uint16_t port;   /* 0: any that is free */
	struct access access;
	bool requires_mfa;        /* of everybody */
	struct mail_options mail; /* links with the port of listen */
};

/* INVALID names the setting that is wrong, or missing in production. */
struct err *
serve_settings_read(struct invocation *run, struct serve_settings *ret) MUST_USE;

/* SAY what of the settings does nothing, though it was set. */
void serve_settings_remarks(
	struct invocation *run, void (*say)(void *arg, struct str remark), void *arg);

/* How passwords are hashed, from now on. */
struct err *password_settings(struct invocation *run) MUST_USE;

#endif
