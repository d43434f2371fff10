/* QR codes (ISO/IEC 18004) as SVG pictures, by libqrencode. */
#ifndef CODEC_QR_H
#define CODEC_QR_H

#include "base/err.h"

enum {
	QR_TEXT_BYTES_MAX = 1024,
};

/*
 * TEXT as an SVG element, black on white with the quiet zone of four modules, in ARENA.
 * It has a view box and no size, and holds nothing but the picture. TOO_LARGE beyond
 * QR_TEXT_BYTES_MAX.
 */
struct err *qr_svg(struct arena *arena, struct str text, struct str *ret) MUST_USE;

#endif
