#include "mail/message.h"

#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/iso_time.h"
#include "codec/uuid.h"
#include "mail/address.h"

enum {
	LINE_MAX_CHARS = 76,
	MESSAGE_BYTES_MAX = 256 << 10,
	/* Of text in one encoded word: 52 digits of Base64, so that the word and what
	 * stands before it on the first line stay within 76. */
	WORD_BYTES_MAX = 39,
};

static const char *const month_names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char *const day_names[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri",
	"Sat" };

static bool
is_plain(unsigned char c)
{
	return c >= ' ' && c <= '~';
}

static bool
has_control(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
			return true;
	return false;
}

/* Whether TEXT may stand in a header as it is: ASCII, not looking like an encoded word,
 * short enough for the line. */
static bool
is_plain_header(struct str text, size_t used)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_plain((unsigned char)text.ptr[i]))
			return false;
	return used + text.len <= LINE_MAX_CHARS && str_find(text, STR("=?")) < 0;
}

static void
put_encoded_words(struct buf *out, struct str text)
{
	while (text.len > 0) {
		size_t taken = 0, next;

		/* Words are cut between characters. */
		while (taken < text.len) {
			next = str_utf8_sequence(str_slice(text, taken, text.len));
			next = next ? next : 1;
			if (taken + next > WORD_BYTES_MAX)
				break;
			taken += next;
		}
		buf_put(out, STR("=?UTF-8?B?"));
		base64_encode(out, str_slice(text, 0, taken), BASE64_STANDARD);
		buf_put(out, STR("?="));
		text = str_slice(text, taken, text.len);
		if (text.len > 0)
			buf_put(out, STR("\r\n "));
	}
}

void
header_text_encode(struct buf *out, struct str text, size_t used)
{
	if (is_plain_header(text, used))
		buf_put(out, text);
	else
		put_encoded_words(out, text);
}

/* A display name: quoted, so that no character of it means anything (RFC 5322 §3.2.4). */
static void
put_name(struct buf *out, struct str name, size_t used)
{
	if (!is_plain_header(name, used + name.len)) {
		put_encoded_words(out, name);
		return;
	}
	buf_put_char(out, '"');
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '"' || name.ptr[i] == '\\')
			buf_put_char(out, '\\');
		buf_put_char(out, name.ptr[i]);
	}
	buf_put_char(out, '"');
}

/* One character or its three-character code; a space or tab at the end of a line is
 * coded, as servers cut those. */
static void
put_printable(struct buf *out, unsigned char c, bool is_line_end, size_t *column)
{
	bool is_blank = c == ' ' || c == '\t';
	bool is_as_it_is = (is_plain(c) && c != '=' && !is_blank) ||
		(is_blank && !is_line_end);
	size_t width = is_as_it_is ? 1 : 3;

	if (*column + width > LINE_MAX_CHARS - 1) {
		buf_put(out, STR("=\r\n"));
		*column = 0;
	}
	if (is_as_it_is)
		buf_put_char(out, (char)c);
	else
		buf_fmt(out, "=%02X", c);
	*column += width;
}

void
quoted_printable_encode(struct buf *out, struct str text)
{
	size_t column = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n') {
			buf_put(out, STR("\r\n"));
			column = 0;
			continue;
		}
		put_printable(out, (unsigned char)text.ptr[i],
			i + 1 == text.len || text.ptr[i + 1] == '\n', &column);
	}
}

/* RFC 5322 §3.3, in UTC. */
static void
put_date(struct buf *out, int64_t time_us)
{
	int64_t days = time_us / MICROSECONDS_PER_DAY;
	int64_t second = time_us % MICROSECONDS_PER_DAY / MICROSECONDS_PER_SECOND;
	struct date date = date_from_days(days);

	buf_fmt(out, "%s, %02d %s %04d %02d:%02d:%02d +0000",
		day_names[date_weekday(days)], date.day, month_names[date.month - 1],
		date.year, (int)(second / 3600), (int)(second / 60 % 60),
		(int)(second % 60));
}

static void
put_head(struct buf *out, const struct message *message, struct str id)
{
	struct str domain = str_slice(message->from,
		(size_t)str_find_char(message->from, '@') + 1, message->from.len);

	buf_put(out, STR("From: "));
	if (message->from_name.len) {
		put_name(out, message->from_name, sizeof("From: \"\"") - 1);
		/* Folded, as name and address may be too long for one line. */
		buf_put(out, STR("\r\n "));
	}
	buf_fmt(out,
		"<" STR_FMT ">\r\nTo: <" STR_FMT ">\r\nSubject: ", STR_ARG(message->from),
		STR_ARG(message->to));
	header_text_encode(out, message->subject, sizeof("Subject: ") - 1);
	buf_put(out, STR("\r\nDate: "));
	put_date(out, message->created_at);
	buf_fmt(out, "\r\nMessage-ID:\r\n <" STR_FMT "@" STR_FMT ">\r\n", STR_ARG(id),
		STR_ARG(domain));
	if (message->unsubscribe_url.len)
		buf_fmt(out,
			"List-Unsubscribe:\r\n <" STR_FMT
			">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
			STR_ARG(message->unsubscribe_url));
	/* So that no absence notice comes back (RFC 3834 §5). */
	buf_fmt(out,
		"Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
		"Content-Type: multipart/alternative;\r\n boundary=\"=_" STR_FMT "\"\r\n",
		STR_ARG(id));
}

static void
put_part(struct buf *out, struct str id, const char *type, struct str text)
{
	buf_fmt(out,
		"\r\n--=_" STR_FMT "\r\nContent-Type: %s; charset=utf-8\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n",
		STR_ARG(id), type);
	quoted_printable_encode(out, text);
}

struct err *
message_format(struct ctx *ctx, const struct message *message, struct str *ret)
{
	char id_text[UUID_TEXT_LEN];
	struct buf out, id;

	if (has_control(message->unsubscribe_url) || has_control(message->from_name) ||
		has_control(message->subject) || !address_is_valid(message->from) ||
		!address_is_valid(message->to))
		return err_new(ctx, ERR_INTERNAL,
			"a header of the mail would hold what none may");
	buf_init_fixed(&id, id_text, sizeof(id_text));
	uuid_format(&id, message->id);
	buf_init(&out, ctx->arena, MESSAGE_BYTES_MAX);
	put_head(&out, message, buf_str(&id));
	/* "=_" begins no code of quoted-printable, so no body holds the boundary. */
	put_part(&out, buf_str(&id), "text/plain", message->text);
	put_part(&out, buf_str(&id), "text/html", message->html);
	buf_fmt(&out, "\r\n--=_" STR_FMT "--\r\n", STR_ARG(buf_str(&id)));
	*ret = buf_str(&out);
	return buf_is_cut(&out) ? err_new(ctx, ERR_INTERNAL, "the mail is too large")
				: NULL;
}
