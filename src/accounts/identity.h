/* Whose an e-mail address is, however it is spelt. */
#ifndef ACCOUNTS_IDENTITY_H
#define ACCOUNTS_IDENTITY_H

#include "base/str.h"

/*
 * The same text for every spelling that reaches one mailbox: without a +tag and, at
 * Google, without dots; googlemail.com is gmail.com. A trial is had once an identity, and
 * nobody refers himself. ADDRESS is a valid one in lower case. Absent when the arena is
 * full.
 */
struct str email_identity(struct arena *arena, struct str address);

#endif
