/* Whether an entry that was written is where it should be, and one that waits should be
 * there at all. */
#ifndef AUDIT_RECALL_H
#define AUDIT_RECALL_H

#include "audit/check.h"
#include "audit/witness.h"

struct tx;

/* The newest cut that we made; seq 0 where there is none. RET_FAULT: what is wrong with a
 * newer one. */
struct err *audit_recall_cut(
	struct tx *tx, struct audit_cut *ret, struct audit_fault *ret_fault) MUST_USE;

/* What stands in the way of ROW, which waits, being chained. ret_is_gone: nothing, but
 * another instance has chained it in the meantime. */
struct err *audit_recall_waiting(struct tx *tx, const struct audit_waiting *row,
	const struct audit_cut *cut, struct audit_fault *ret, bool *ret_is_gone) MUST_USE;

enum recall_state { RECALL_WAITS, RECALL_CHAINED, RECALL_PRUNED, RECALL_LOST };

/* Where the entry of LINE is; RET says what is wrong of one that is lost or altered. */
struct err *audit_recall_line(struct tx *tx, const struct witness_line *line,
	const struct audit_cut *cut, struct audit_fault *ret,
	enum recall_state *ret_state) MUST_USE;

#endif
