/* The inside of listen.h: what a database keeps of its listeners, for its driver too. */
#ifndef DB_NOTICES_H
#define DB_NOTICES_H

#include <stdatomic.h>

#include "db/listen.h"

struct notices {
	struct db_listener listeners[LISTENERS_MAX];
	_Atomic size_t count;
	_Atomic int64_t heard_until; /* clock_coarse_ns; INT64_MAX: nobody else writes */
	_Atomic uint64_t heard;
	_Atomic uint64_t sent;
	_Atomic uint64_t missings;
};

/* A notice that a running transaction will give; in the arena of its context. */
struct notice {
	struct notice *next;
	const char *channel;
	struct str payload;
};

/* Tell the listeners here what TX has to say, after its end. */
void notices_give(struct tx *tx);

/* What came from elsewhere: "channel:payload". */
void notices_hear(struct notices *notices, struct str text);
/* Notices may have been missed. */
void notices_miss(struct notices *notices);

#endif
