/* Whether the keyring is that of the database: for the wiring. */
#ifndef APP_KEY_MATCH_H
#define APP_KEY_MATCH_H

#include "app/command.h"
#include "crypto/keyring.h"

/* Before it is opened, or made. New keys are made for a new database only: NOT_FOUND for
 * one in use, all of whose log would be forged by them. */
struct err *
keys_expect(struct invocation *run, const struct keyring_options *options) MUST_USE;

/* CONFLICT where the audit log was signed, and none of the keys it was signed with is in
 * run->keys: it is another's, and what either wrote would count as forged with the other.
 * A server logs which keys that seal fields are missing. */
struct err *keys_match(struct invocation *run) MUST_USE;

/* keyring_accept_fn of a server, ARG its invocation: all keys that the audit log was
 * signed with, at its ends, must be in SET. */
struct err *keys_accept(struct ctx *ctx, const struct key_set *set, void *arg) MUST_USE;

#endif
