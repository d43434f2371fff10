#include "audit/alarm.h"

#include "audit/audit.h"
#include "base/log.h"
#include "codec/json_write.h"
#include "sys/trouble.h"

enum {
	DETAILS_BYTES_MAX = 4096,
	WHAT_LEN_MAX = 1024,
};

/* --- Texts */

static struct str
printable(struct arena *arena, struct str text)
{
	size_t len = text.len < WHAT_LEN_MAX ? text.len : WHAT_LEN_MAX;
	struct buf out;

	buf_init(&out, arena, WHAT_LEN_MAX);
	for (size_t i = 0; i < len; i++)
		buf_put_char(&out,
			text.ptr[i] >= ' ' && text.ptr[i] <= '~' ? text.ptr[i] : '?');
	return buf_str(&out);
}

struct err *
audit_tampered_details(struct ctx *ctx, const struct audit_fault *fault, struct str *ret)
{
	struct buf out;
	struct json json = json_begin(&out);

	buf_init(&out, ctx->arena, DETAILS_BYTES_MAX);
	json_put_object(&json);
	json_put_key(&json, STR("what"));
	json_put_text(&json, printable(ctx->arena, fault->what));
	if (fault->seq) {
		json_put_key(&json, STR("seq"));
		json_put_i64(&json, fault->seq);
	}
	json_put_object_end(&json);
	*ret = buf_str(&out);
	return buf_is_cut(&out) ? err_no_memory() : NULL;
}

/* --- Telling */

/* Nobody can say that it was tampered with: once a key. RET: it was told before, or has
 * no place. */
static bool
missing_key_tell(
	const struct ctx *ctx, struct alarm *alarm, const struct audit_fault *fault)
{
	struct str id = str_slice(fault->missing_key, 0, KEY_ID_LEN);

	for (size_t i = 0; i < alarm->missing_count; i++)
		if (str_eq(id, (struct str){ alarm->missing_keys[i], KEY_ID_LEN }))
			return true;
	log_error(ctx,
		"the audit log cannot be verified, since a key is missing: all instances "
		"need copies of one keys.json",
		LOG_STR("what", fault->what), LOG_I64("seq", fault->seq),
		LOG_STR("key", fault->missing_key));
	return alarm->missing_count == ALARM_MISSING_MAX;
}

struct err *
alarm_tell(struct ctx *ctx, struct alarm *alarm, const struct audit_fault *fault)
{
	bool is_missing = !str_is_none(fault->missing_key);
	struct audit_entry entry = {
		.action = is_missing ? AUDIT_AUDIT_KEY_MISSING : AUDIT_AUDIT_TAMPERED,
		.outcome = AUDIT_FAILURE,
		.resource_type = STR("audit"),
	};

	if (is_missing && missing_key_tell(ctx, alarm, fault))
		return NULL;
	if (!is_missing && !atomic_load(&alarm->trouble->is_on))
		log_error(ctx, "the audit log was tampered with",
			LOG_STR("what", fault->what), LOG_I64("seq", fault->seq));
	TRY(audit_tampered_details(ctx, fault, &entry.details));
	TRY(audit_log_alone(ctx, &entry));
	if (is_missing) {
		memcpy(alarm->missing_keys[alarm->missing_count++],
			fault->missing_key.ptr, KEY_ID_LEN);
	}
	return NULL;
}

static bool
was_told(const struct alarm *alarm, struct uuid id)
{
	for (size_t i = 0; i < alarm->told_count; i++)
		if (uuid_eq(alarm->told[i], id))
			return true;
	return false;
}

struct err *
alarm_tell_once(struct ctx *ctx, struct alarm *alarm, struct uuid id,
	const struct audit_fault *fault)
{
	const struct audit_fault more = { .what = STR("more than 64 things are wrong at "
						      "once: the others are not told one "
						      "by one") };

	alarm->present++;
	if (was_told(alarm, id) || alarm->is_crowded)
		return NULL;
	if (alarm->told_count == ALARM_TOLD_MAX) {
		TRY(alarm_tell(ctx, alarm, &more));
		alarm->is_crowded = true;
		return NULL;
	}
	TRY(alarm_tell(ctx, alarm, fault));
	alarm->told[alarm->told_count++] = id;
	return NULL;
}

void
alarm_begin(struct alarm *alarm)
{
	alarm->present = 0;
}

void
alarm_end(struct alarm *alarm)
{
	if (alarm->present)
		return;
	alarm->told_count = 0;
	alarm->is_crowded = false;
}

struct err *
alarm_tell_torn(struct ctx *ctx, struct str torn)
{
	const struct audit_fault fault = { .what = printable(ctx->arena, torn) };
	struct audit_entry entry = { .action = AUDIT_AUDIT_ANCHOR_TORN,
		.resource_type = STR("audit") };

	log_warning(ctx, "the last line of the audit anchor was half written",
		LOG_STR("left", fault.what));
	TRY(audit_tampered_details(ctx, &fault, &entry.details));
	return audit_log_alone(ctx, &entry);
}

struct err *
alarm_tell_begun(struct ctx *ctx, int64_t seq)
{
	const struct audit_fault fault = { .seq = seq,
		.what = STR(
			"was the last that was anchored, and no anchor is in this data "
			"folder: it is begun anew") };
	struct audit_entry entry = { .action = AUDIT_AUDIT_ANCHOR_BEGUN,
		.resource_type = STR("audit") };

	log_warning(ctx, "the audit anchor has gone, and is begun anew",
		LOG_I64("anchored", seq));
	TRY(audit_tampered_details(ctx, &fault, &entry.details));
	return audit_log_alone(ctx, &entry);
}
