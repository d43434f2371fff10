/* One command that a server carries out for a client: from its greeting to its exit
 * status. Only remote_server.c includes this. */
#ifndef APP_REMOTE_SESSION_H
#define APP_REMOTE_SESSION_H

#include "app/command.h"
#include "app/remote_wire.h"
#include "sys/local_socket.h"
#include "sys/wait.h"

enum {
	REQUEST_FRAMES_MAX = 256,
};

struct remote_session {
	struct remote_wire wire;
	struct local_peer peer;
	const struct invocation *serving; /* whose database, keys and settings it has */
	_Atomic bool is_stopping;         /* the server is */

	/* What follows belongs to the session's thread. */
	struct arena arena;              /* the command's */
	struct arena frames;             /* what the frame at hand needs */
	struct invocation run;           /* the command */
	char *words[REQUEST_FRAMES_MAX]; /* its command line */
	int word_count;
	struct str settings[SETTING_COUNT]; /* as the client has them; absent: not told */
	bool is_out_terminal;
	struct fiber *carrier;  /* of the command; NULL: not begun, or ended */
	struct fiber *listener; /* to the client; NULL likewise */
	struct fiber_event carried;
	struct fiber_event listened;
	bool is_cancelled;
	bool is_answered; /* what was asked of the client: as follows */
	int answer_fd;
	struct str answer; /* in the command's arena */
	struct wait_queue waiting;
};

/* For the client PEER at the other end of FD, which becomes the session's. */
void remote_session_init(struct remote_session *session, const struct invocation *serving,
	struct local_peer peer, int fd);

/* Carry its command out, on the calling thread, whose loop it is. The descriptor stays
 * open: remote_wire_release. */
void remote_session_run(struct remote_session *session);

/* Cancel the command, from another thread while remote_session_run runs. */
void remote_session_stop(struct remote_session *session);
/* Say nothing more to its client either, who may not be reading. */
void remote_session_cut(struct remote_session *session);

#endif
