/* The daily look at the whole log. */
#ifndef AUDIT_DAILY_H
#define AUDIT_DAILY_H

#include "audit/verify.h"

/*
 * The daily job: audit_verify, and where something is wrong, that on the operator's log
 * and on record (audit.tampered). DENIED then, saying what. CONFLICT: all is well but
 * what was signed with a key that is missing, which is not put on record.
 */
struct err *audit_verify_daily(
	struct ctx *ctx, struct str folder, struct audit_verified *ret) MUST_USE;

#endif
