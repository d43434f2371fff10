#include "codec/uuid.h"

#include "codec/hex.h"

/* The dash comes before these bytes. */
static bool
is_group_start(size_t byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool
uuid_parse(struct str text, struct uuid *ret)
{
	struct uuid uuid;
	size_t at = 0;

	if (text.len != UUID_TEXT_LEN)
		return false;
	for (size_t i = 0; i < sizeof(uuid.bytes); i++) {
		int high, low;

		if (is_group_start(i) && text.ptr[at++] != '-')
			return false;
		high = hex_digit(text.ptr[at++]);
		low = hex_digit(text.ptr[at++]);
		if (high < 0 || low < 0)
			return false;
		uuid.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret = uuid;
	return true;
}

void
uuid_format(struct buf *out, struct uuid uuid)
{
	static const char digits[] = "0123456789abcdef";
	char *at = buf_reserve(out, UUID_TEXT_LEN);

	if (!at)
		return;
	for (size_t i = 0; i < sizeof(uuid.bytes); i++) {
		if (is_group_start(i))
			*at++ = '-';
		*at++ = digits[uuid.bytes[i] >> 4];
		*at++ = digits[uuid.bytes[i] & 15];
	}
	buf_added(out, UUID_TEXT_LEN);
}

struct str
uuid_text(struct arena *arena, struct uuid uuid)
{
	struct buf out;

	buf_init(&out, arena, UUID_TEXT_LEN);
	uuid_format(&out, uuid);
	return buf_is_cut(&out) ? STR_NONE : buf_str(&out);
}
