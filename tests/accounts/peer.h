/* A second instance, a process of its own (standing_peer.c), and what it is asked. Its clock
 * stands still: what it keeps goes by a notice only. */
#ifndef TESTS_ACCOUNTS_PEER_H
#define TESTS_ACCOUNTS_PEER_H

#include <stdio.h>

#include <sys/types.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/str.h"

enum {
	PEER_LINE_BYTES_MAX = 200,
};

struct peer {
	pid_t pid;
	FILE *to;
	FILE *from;
	char line[PEER_LINE_BYTES_MAX];
};

/* On the database at ADDRESS. */
bool peer_start(struct peer *peer, struct arena *arena, struct str address) MUST_USE;
void peer_end(struct peer *peer);
struct str peer_ask(struct peer *peer, const char *question);
/* Ask until the answer begins with WANT. */
bool peer_says(struct peer *peer, const char *question, const char *want) MUST_USE;
/* "WORD USER" */
const char *peer_question(struct arena *arena, const char *word, struct user_id user);

#endif
