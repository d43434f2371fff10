/* C source as text. */
#ifndef SQLGEN_C_TEXT_H
#define SQLGEN_C_TEXT_H

#include "base/buf.h"

/* TEXT as a C string literal; after each line end the literal goes on in a new line,
 * indented by INDENT. */
void put_literal(struct buf *out, struct str text, const char *indent);

#endif
