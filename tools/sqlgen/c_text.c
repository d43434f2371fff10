#include "sqlgen/c_text.h"

static void
put_char(struct buf *out, char c, const char *indent, bool is_last)
{
	if (c == '\n' && is_last)
		buf_put(out, STR("\\n"));
	else if (c == '\n')
		buf_fmt(out, "\\n\"\n%s\"", indent);
	else if (c == '"' || c == '\\' || c == '?') /* ?: no trigraphs */
		buf_fmt(out, "\\%c", c);
	else if ((unsigned char)c < 0x20 || c == 0x7f)
		buf_fmt(out, "\\%03o", (unsigned)(unsigned char)c);
	else
		buf_put_char(out, c);
}

void
put_literal(struct buf *out, struct str text, const char *indent)
{
	buf_put_char(out, '"');
	for (size_t i = 0; i < text.len; i++)
		put_char(out, text.ptr[i], indent, i + 1 == text.len);
	buf_put_char(out, '"');
}
