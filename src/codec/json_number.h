/* JSON numbers as PostgreSQL's numeric writes them: see codec/json_canonical.h. */
#ifndef CODEC_JSON_NUMBER_H
#define CODEC_JSON_NUMBER_H

#include "base/buf.h"
#include "base/err.h"

/* TEXT, a well-formed JSON number, in plain digits. INVALID (in ARENA) where it has more
 * than 131,072 digits before or 16,383 after the point. */
struct err *
json_put_number(struct arena *arena, struct buf *out, struct str text) MUST_USE;

#endif
