/* What a command does while another process has the SQLite file, or migrates. */
#ifndef APP_LOCK_WAIT_H
#define APP_LOCK_WAIT_H

#include "app/command.h"

/*
 * As migrate_options.wait, ARG the invocation: say once whom it waits for, and look for a
 * server to carry the command out. False: there is one, run->server.
 */
bool lock_wait(void *arg, const struct err *busy);

#endif
