/*
 * A command beside a server that has the SQLite file: carried out by that server, for a
 * client who sees no difference. The socket lies beside the file, FILE.socket, for the
 * server's own user (and root); app/remote_wire.h says how they talk.
 *
 * The server runs the command on a thread with a loop of its own, so that no request
 * waits for it, over the database that it has open. Output is streamed; files that the
 * user names are opened by the client, with his rights and in his folder; an interrupted
 * or vanished client cancels the command.
 */
#ifndef APP_REMOTE_H
#define APP_REMOTE_H

#include "app/command.h"

/* --- The client's side (remote_client.c) -------------------------------------------- */

struct remote_link;

/*
 * The server that has the SQLite file of RUN's settings, or NULL: there is none, or the
 * database is another. DENIED: it is another user's.
 */
struct err *remote_find(struct invocation *run, struct remote_link **ret) MUST_USE;

/*
 * Have RUN's command carried out by LINK, which is used up, and set run->exit_status.
 * CONFLICT: the server is of another version. INTERNAL: it ended before the command did.
 * SIGINT, SIGTERM and SIGHUP cancel the command, and end the process when that is done.
 * UNCERTAIN: the server did not answer that in 2 s, or a second one came first.
 */
struct err *remote_run(struct invocation *run, struct remote_link *link) MUST_USE;

/* "FILE.socket" of RUN's settings; absent where that database is no SQLite file. */
struct str remote_path(const struct invocation *run);

/* --- The server's side (remote_server.c) -------------------------------------------- */

struct remote_server;

/*
 * Carry out commands over the database of RUN, which serves, from now on. NULL where that
 * is no SQLite file. A socket that cannot be made is logged, and NULL too: serving goes
 * on without.
 */
struct err *remote_open(struct invocation *run, struct remote_server **ret) MUST_USE;

/* Take no more; let those under way end within 10 s, then cancel them. */
void remote_close(struct remote_server *server);

#endif
