#include "audit/daily.h"

#include "audit/alarm.h"
#include "base/log.h"
#include "sys/clock.h"
#include "sys/trouble.h"

/* Behind a look that may take an hour: by the key in force now, as the one that was when
 * it began may have been retired meanwhile. */
static struct err *
fault_tell(const struct ctx *ctx, const struct audit_fault *fault)
{
	const struct trouble none = { .is_on = false };
	struct alarm alarm = { .trouble = &none };
	struct ctx own = *ctx;

	own.now = clock_now_us();
	return alarm_tell(&own, &alarm, fault);
}

struct err *
audit_verify_daily(struct ctx *ctx, struct str folder, struct audit_verified *ret)
{
	struct audit_verified result = { .rows = 0 };

	TRY(audit_verify(
		ctx, &(struct audit_verify_options){ .folder = folder }, &result));
	*ret = result;
	if (result.is_anchor_open)
		log_warning(ctx, "the last line of the audit anchor is half written");
	if (!str_is_none(result.fault.what)) {
		TRY(fault_tell(ctx, &result.fault));
		return err_new(ctx, ERR_DENIED,
			"the audit log was tampered with: " STR_FMT,
			STR_ARG(audit_fault_text(ctx->arena, &result.fault)));
	}
	/* On record each day anew, that would say nothing new. */
	if (result.unproven.count)
		return err_new(ctx, ERR_CONFLICT,
			"not all of the audit log can be verified: " STR_FMT
			"; the rest holds; gridiron audit verify says how to go on",
			STR_ARG(audit_unproven_text(
				ctx->arena, &result.unproven.keys[0])));
	if (result.readable.unproven)
		return err_new(ctx, ERR_CONFLICT, STR_FMT,
			STR_ARG(audit_readable_unproven_text(
				ctx->arena, &result.readable)));
	return NULL;
}
