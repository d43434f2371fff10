#include "mail/template.h"

struct str
template_find(struct str name)
{
	for (size_t i = 0; i < template_files_count; i++)
		if (str_eq(template_files[i].name, name))
			return template_files[i].text;
	return STR_NONE;
}

static const struct template_value *
value_find(const struct template_value *values, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(values[i].name, name))
			return &values[i];
	return NULL;
}

static void
put_html(struct buf *out, char c)
{
	switch (c) {
	case '&':
		buf_put(out, STR("&amp;"));
		break;
	case '<':
		buf_put(out, STR("&lt;"));
		break;
	case '>':
		buf_put(out, STR("&gt;"));
		break;
	case '"':
		buf_put(out, STR("&quot;"));
		break;
	case '\'':
		buf_put(out, STR("&#39;"));
		break;
	case '\n':
		buf_put(out, STR("<br>\n"));
		break;
	default:
		buf_put_char(out, c);
	}
}

/* No control character of a value reaches a mail; line ends do where they are meant. */
static void
put_value(struct buf *out, enum template_kind kind, const struct template_value *value)
{
	for (size_t i = 0; i < value->text.len; i++) {
		char c = value->text.ptr[i];

		if (c == '\r' || c == 0x7f)
			continue;
		if ((unsigned char)c < ' ' && !(c == '\n' && value->is_lines))
			c = ' ';
		if (kind == TEMPLATE_HTML)
			put_html(out, c);
		else
			buf_put_char(out, c);
	}
}

/* Skip TEXT to behind {{/NAME}}. */
static bool
skip_part(struct str *text, struct str name)
{
	for (;;) {
		ptrdiff_t at = str_find(*text, STR("{{/"));

		if (at < 0)
			return false;
		*text = str_slice(*text, (size_t)at + 3, text->len);
		if (str_starts_with(*text, name) &&
			str_starts_with(
				str_slice(*text, name.len, text->len), STR("}}"))) {
			*text = str_slice(*text, name.len + 2, text->len);
			return true;
		}
	}
}

bool
template_fill(struct buf *out, enum template_kind kind, struct str text,
	const struct template_value *values, size_t count)
{
	ptrdiff_t at;
	int depth = 0;

	while ((at = str_find(text, STR("{{"))) >= 0) {
		ptrdiff_t end = str_find(text, STR("}}"));
		const struct template_value *value;
		struct str name;
		char mark;

		if (end < at)
			return false;
		buf_put(out, str_slice(text, 0, (size_t)at));
		name = str_slice(text, (size_t)at + 2, (size_t)end);
		mark = name.len ? name.ptr[0] : '\0';
		if (mark == '?' || mark == '/')
			name = str_slice(name, 1, name.len);
		text = str_slice(text, (size_t)end + 2, text.len);
		value = value_find(values, count, name);
		if (!value)
			return false;
		if (mark == '/') {
			depth--;
		} else if (mark != '?') {
			if (str_is_none(value->text))
				return false;
			put_value(out, kind, value);
		} else if (!str_is_none(value->text)) {
			depth++;
		} else if (!skip_part(&text, name)) {
			return false;
		}
	}
	buf_put(out, text);
	return depth == 0;
}
