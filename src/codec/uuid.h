/* UUIDs as text: 8-4-4-4-12 hexadecimal digits (RFC 9562), written in lower case. */
#ifndef CODEC_UUID_H
#define CODEC_UUID_H

#include "base/buf.h"
#include "base/id.h"

enum {
	UUID_TEXT_LEN = 36,
};

bool uuid_parse(struct str text, struct uuid *ret) MUST_USE;
void uuid_format(struct buf *out, struct uuid uuid);
/* The same as a text in ARENA; absent when the arena is full. */
struct str uuid_text(struct arena *arena, struct uuid uuid);

#endif
