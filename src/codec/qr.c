#include "codec/qr.h"

#include <qrencode.h>

#include "base/buf.h"

enum {
	QUIET_MODULES = 4,
	SVG_BYTES_MAX = 1 << 18,
};

static void
qr_release(QRcode **code)
{
	QRcode_free(*code);
}

/* Each run of dark modules of a row is one flat rectangle of a single path. */
static void
put_rows(struct buf *out, const QRcode *code)
{
	for (int y = 0; y < code->width; y++) {
		const unsigned char *row = code->data + (size_t)y * (size_t)code->width;

		for (int x = 0, end; x < code->width; x = end) {
			for (end = x; end < code->width && (row[end] & 1); end++)
				continue;
			if (end > x)
				buf_fmt(out, "M%d %dh%dv1h-%dz", x + QUIET_MODULES,
					y + QUIET_MODULES, end - x, end - x);
			else
				end++;
		}
	}
}

struct err *
qr_svg(struct arena *arena, struct str text, struct str *ret)
{
	struct buf out;
	int size;

	if (text.len == 0 || text.len > QR_TEXT_BYTES_MAX)
		return err_in(arena, ERR_TOO_LARGE, "a QR code here holds 1 to %d bytes",
			QR_TEXT_BYTES_MAX);
	CLEANUP(qr_release)
	QRcode *code = QRcode_encodeData(
		(int)text.len, (const unsigned char *)text.ptr, 0, QR_ECLEVEL_M);

	if (!code)
		return err_in(arena, ERR_INTERNAL, "the QR code could not be made");
	size = code->width + 2 * QUIET_MODULES;
	buf_init(&out, arena, SVG_BYTES_MAX);
	buf_fmt(&out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
		"<path d=\"",
		size, size, size, size);
	put_rows(&out, code);
	buf_put(&out, STR("\"/></svg>"));
	if (buf_is_cut(&out))
		return err_no_memory();
	*ret = buf_str(&out);
	return NULL;
}
