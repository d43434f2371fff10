#include "mail/letter.h"

#include "codec/iso_time.h"
#include "codec/uuid.h"
#include "mail/address.h"
#include "mail/message.h"
#include "mail/payload.h"
#include "mail/template.h"

enum {
	BODY_BYTES_MAX = 64 << 10,
	SUBJECT_BYTES_MAX = 1024,
	NAME_BYTES_MAX = 128,
	VALUES_MAX = 32,
};

/* What the templates of one mail are filled with. */
struct values {
	struct template_value items[VALUES_MAX];
	size_t count;
};

static void
put(struct values *values, struct str name, struct str text, bool is_lines)
{
	values->items[values->count++] = (struct template_value){
		.name = name, .text = text, .is_lines = is_lines
	};
}

/* "23 November 2026, 18:15 UTC" */
static struct str
moment_text(struct arena *arena, int64_t time_us)
{
	static const char *const months[] = { "January", "February", "March", "April",
		"May", "June", "July", "August", "September", "October", "November",
		"December" };
	struct date date = date_from_days(time_us / MICROSECONDS_PER_DAY);
	int64_t minute = time_us % MICROSECONDS_PER_DAY /
		(60 * (int64_t)MICROSECONDS_PER_SECOND);

	if (time_us == 0)
		return STR_NONE;
	return str_fmt(arena, "%d %s %d, %02d:%02d UTC", date.day, months[date.month - 1],
		date.year, (int)(minute / 60), (int)(minute % 60));
}

#define SHOWN_TEXT(arena, value)   (value)
#define SHOWN_LINES(arena, value)  (value)
#define SHOWN_TOKEN(arena, value)  (value)
#define SHOWN_MOMENT(arena, value) moment_text(arena, value)
enum { LINES_TEXT = 0, LINES_TOKEN = 0, LINES_MOMENT = 0, LINES_LINES = 1 };

static void
values_of(struct arena *arena, const struct mail_options *options,
	const struct mail *mail, struct values *ret)
{
	*ret = (struct values){ .count = 0 };
#define VALUE(type, field, about) \
	put(ret, STR(#field), SHOWN_##type(arena, mail->field), LINES_##type);
#include "mail/mail_value.def"
#undef VALUE
	put(ret, STR("public_url"), options->public_url, false);
	put(ret, STR("recipient"), mail->recipient, false);
	put(ret, STR("link"),
		str_fmt(arena, STR_FMT STR_FMT "%s" STR_FMT, STR_ARG(options->public_url),
			STR_ARG(mail_kind_page(mail->kind)),
			str_is_none(mail->token) ? "" : "#", STR_ARG(mail->token)),
		false);
}

/* Fill the file NAME, or with INNER the frame NAME around what is filled already. */
static struct err *
fill(struct ctx *ctx, const struct values *values, struct str name, struct str text,
	struct str *ret)
{
	bool is_html = str_ends_with(name, STR(".html"));
	struct buf out;

	buf_init(&out, ctx->arena, BODY_BYTES_MAX);
	if (str_is_none(text) ||
		!template_fill(&out, is_html ? TEMPLATE_HTML : TEMPLATE_TEXT, text,
			values->items, values->count) ||
		buf_is_cut(&out))
		return err_new(ctx, ERR_INTERNAL,
			"the mail template " STR_FMT " cannot be filled", STR_ARG(name));
	*ret = buf_str(&out);
	return NULL;
}

/* BODY in the frame NAME, which stands in place of {{body}}, a mark of its own. */
static struct err *
frame(struct ctx *ctx, const struct values *values, struct str name, struct str body,
	struct str *ret)
{
	struct str text = template_find(name), before, behind;
	ptrdiff_t at = str_find(text, STR("{{body}}"));

	if (at < 0)
		return err_new(ctx, ERR_INTERNAL, "the mail frame has no {{body}}");
	TRY(fill(ctx, values, name, str_slice(text, 0, (size_t)at), &before));
	TRY(fill(ctx, values, name,
		str_slice(text, (size_t)at + sizeof("{{body}}") - 1, text.len), &behind));
	*ret = str_fmt(ctx->arena, STR_FMT STR_FMT STR_FMT, STR_ARG(before),
		STR_ARG(body), STR_ARG(behind));
	return NULL;
}

static struct str
file_name(struct arena *arena, const struct mail *mail, struct letter_head head)
{
	char moment[ISO_TIME_LEN_MAX];
	struct buf name, time;

	buf_init_fixed(&time, moment, sizeof(moment));
	iso_time_format(&time, head.created_at);
	buf_init(&name, arena, NAME_BYTES_MAX);
	buf_put(&name, str_slice(buf_str(&time), 0, sizeof("2026-11-23T18:15:00") - 1));
	buf_put_char(&name, '-');
	buf_put(&name, mail_kind_name(mail->kind));
	buf_put_char(&name, '-');
	uuid_format(&name, head.id.uuid);
	return buf_str(&name);
}

struct err *
letter_make(struct ctx *ctx, const struct mail_options *options, const struct mail *mail,
	struct letter_head head, struct letter *ret)
{
	struct str kind = mail_kind_name(mail->kind), text, html;
	struct str text_name = str_fmt(ctx->arena, STR_FMT ".txt", STR_ARG(kind));
	struct str html_name = str_fmt(ctx->arena, STR_FMT ".html", STR_ARG(kind));
	struct message message = {
		.to = mail->recipient, .id = head.id.uuid, .created_at = head.created_at
	};
	struct values values;
	struct letter letter = { .smtp = { .to = mail->recipient } };

	values_of(ctx->arena, options, mail, &values);
	TRY(fill(ctx, &values, text_name, template_find(text_name), &text));
	TRY(fill(ctx, &values, html_name, template_find(html_name), &html));
	/* The first line of the text is "Subject: …", the second is empty. */
	if (!str_next(&text, '\n', &message.subject) ||
		!str_starts_with(message.subject, STR("Subject: ")))
		return err_new(ctx, ERR_INTERNAL,
			"the mail template " STR_FMT " has no subject",
			STR_ARG(text_name));
	message.subject = str_slice(
		message.subject, sizeof("Subject: ") - 1, message.subject.len);
	letter.subject = message.subject;
	put(&values, STR("subject"), message.subject, false);
	TRY(frame(ctx, &values, STR("frame.txt"), str_trim(text), &message.text));
	TRY(frame(ctx, &values, STR("frame.html"), html, &message.html));
	if (!address_split(options->from, &message.from_name, &message.from))
		return err_new(ctx, ERR_INVALID, "mail.from is no address");
	if (mail->unsubscribe.len)
		message.unsubscribe_url = str_fmt(ctx->arena,
			STR_FMT MAIL_UNSUBSCRIBE_PATH STR_FMT,
			STR_ARG(options->public_url), STR_ARG(mail->unsubscribe));
	letter.smtp.from = message.from;
	TRY(message_format(ctx, &message, &letter.smtp.text));
	letter.name = file_name(ctx->arena, mail, head);
	*ret = letter;
	return NULL;
}
