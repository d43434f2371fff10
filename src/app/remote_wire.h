/*
 * What a client and the server that carries out its command say to each other, on a
 * socket of this machine: frames of a kind and some bytes, the first a byte, then four
 * for the length (little endian), then the bytes. A descriptor may go with one.
 *
 * The server begins, with its version; the client says what to do and then GO; the server
 * streams what the command says, asks for files, and ends with the exit status.
 */
#ifndef APP_REMOTE_WIRE_H
#define APP_REMOTE_WIRE_H

#include <pthread.h>

#include "base/err.h"

/* Counted on when the frames change; goes with the program's version. */
#define REMOTE_VERSION GRIDIRON_VERSION "/1"

enum remote_kind {
	/* Of the server. */
	REMOTE_HELLO = 'H',  /* its version */
	REMOTE_OUT = 'O',    /* for standard output */
	REMOTE_ERR = 'E',    /* for standard error */
	REMOTE_OPEN = 'F',   /* a path: open it for reading */
	REMOTE_WRITE = 'W',  /* a path, a zero byte, what it is to hold */
	REMOTE_STATUS = 'X', /* one byte, the exit status: the end */
	/* Of the client. */
	REMOTE_ARGUMENT = 'A', /* of the command line, in order */
	REMOTE_SETTING = 'S',  /* KEY=VALUE */
	REMOTE_FOLDER = 'D',   /* where the user is */
	REMOTE_TERMINAL = 'T', /* "o", "e": that which is one */
	REMOTE_GO = 'G',
	REMOTE_CANCEL = 'C',
	REMOTE_OPENED = 'f',  /* with the descriptor, or errno in digits */
	REMOTE_WRITTEN = 'w', /* nothing, or why not */
};

enum {
	REMOTE_BYTES_MAX = 8 << 20, /* of one frame */
};

struct remote_wire {
	int fd;
	pthread_mutex_t lock; /* of sending: from any thread */
};

struct remote_frame {
	enum remote_kind kind;
	struct str bytes; /* a zero byte behind it */
	int fd;           /* that came with it, the receiver's to close; -1: none */
};

void remote_wire_init(struct remote_wire *wire, int fd);
void remote_wire_release(struct remote_wire *wire);

/* Blocks until the system has taken it. False: the other end is gone, or took nothing for
 * as long as the socket's time limit says, and is told nothing more. */
bool remote_wire_send(struct remote_wire *wire, enum remote_kind kind, struct str bytes);
bool remote_wire_send_fd(
	struct remote_wire *wire, enum remote_kind kind, struct str bytes, int fd);

/* The server's: WHY nothing is carried out, a line of text, and the end: status 1. */
void remote_wire_refuse(struct remote_wire *wire, struct str why);

/*
 * The next frame, its bytes in ARENA. In a fiber it waits as one, until DEADLINE. False:
 * the other end is gone, says something else than frames, or the wait was cancelled.
 */
bool remote_wire_receive(struct remote_wire *wire, struct arena *arena, int64_t deadline,
	struct remote_frame *ret) MUST_USE;

#endif
