/*
 * The standings that a loop keeps: the inside of standing.h.
 *
 * Each loop has a table of its own, so that a look-up takes no lock. All share numbers
 * that only grow, one for some users each; a standing is kept with the number it was
 * asked for under, and counts only while that number stands. Forgetting somebody is thus
 * one addition, of any thread, and what is still being asked for is stale before it
 * arrives.
 */
#ifndef ACCOUNTS_STANDING_CACHE_H
#define ACCOUNTS_STANDING_CACHE_H

#include "accounts/standing.h"

/* The number that USER's standing would be kept under. Take it before asking. */
uint64_t standing_version(struct user_id user);

/* What this loop keeps of USER, if it counts at NOW; else NULL. It lasts until the fiber
 * waits. */
const struct standing *standing_kept(struct user_id user, int64_t now);
/* Keep STANDING, asked for at NOW under VERSION. */
void standing_keep(const struct standing *standing, uint64_t version, int64_t now);

/* Forget one, or all, on every loop. From any thread. */
void standing_forget(struct user_id user);
void standing_forget_all(void);

/* Times that the tables were passed by, for the counters. */
uint64_t standing_untrusted(void);

#endif
