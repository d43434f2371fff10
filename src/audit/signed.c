#include "audit/signed.h"

#include "audit/audit_q.h"
#include "db/db.h"

struct err *
audit_signed_by(struct ctx *ctx, struct str key_id, struct audit_signed *ret)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct audit_signed_rows rows;
	struct audit_signed_others others;

	TRY(q_audit_signed_rows(&tx, key_id, &rows));
	TRY(q_audit_signed_others(&tx, key_id, &others));
	*ret = (struct audit_signed){
		.rows = rows.total,
		.first = rows.first.value,
		.last = rows.last.value,
		.others = others.waiting + others.cuts + others.anchors,
	};
	return NULL;
}
