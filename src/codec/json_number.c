#include "codec/json_number.h"

enum {
	DIGITS_MAX = 131072,
	PLACES_MAX = 16383,
	EXPONENT_MAX = INT32_MAX / 2, /* a zero may have no more either */
};

static void
put_zeros(struct buf *out, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		buf_put_char(out, '0');
}

/* A number in its parts: digits without the point, and where that stands among them. */
struct decimal {
	bool is_negative;
	struct str whole; /* without leading zeros */
	struct str fraction;
	int64_t exponent;
};

static struct decimal
decimal_of(struct str text)
{
	struct decimal ret = { .is_negative = text.ptr[0] == '-' };
	size_t at = ret.is_negative, begin = at;
	bool is_negative;

	while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9')
		at++;
	ret.whole = str_slice(text, begin, at);
	if (at < text.len && text.ptr[at] == '.') {
		begin = ++at;
		while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9')
			at++;
		ret.fraction = str_slice(text, begin, at);
	}
	if (at == text.len)
		return ret;
	is_negative = text.ptr[++at] == '-';
	at += is_negative || text.ptr[at] == '+';
	for (; at < text.len && ret.exponent < EXPONENT_MAX; at++)
		ret.exponent = ret.exponent * 10 + (text.ptr[at] - '0');
	ret.exponent = is_negative ? -ret.exponent : ret.exponent;
	return ret;
}

static char
decimal_digit(const struct decimal *decimal, int64_t index)
{
	int64_t whole = (int64_t)decimal->whole.len;

	if (index < 0 || index >= whole + (int64_t)decimal->fraction.len)
		return '0';
	return index < whole ? decimal->whole.ptr[index]
			     : decimal->fraction.ptr[index - whole];
}

/* Index of the first digit that is not zero; that after the last for zero. */
static int64_t
decimal_first(const struct decimal *decimal)
{
	int64_t count = (int64_t)(decimal->whole.len + decimal->fraction.len);
	int64_t first = 0;

	while (first < count && decimal_digit(decimal, first) == '0')
		first++;
	return first;
}

struct err *
json_put_number(struct arena *arena, struct buf *out, struct str text)
{
	struct decimal decimal = decimal_of(text);
	int64_t count = (int64_t)(decimal.whole.len + decimal.fraction.len);
	int64_t first = decimal_first(&decimal);
	int64_t point = (int64_t)decimal.whole.len + decimal.exponent;
	int64_t places = (int64_t)decimal.fraction.len - decimal.exponent;
	bool is_zero = first == count;

	if (places > PLACES_MAX || (!is_zero && point - first > DIGITS_MAX) ||
		decimal.exponent >= EXPONENT_MAX)
		return err_in(arena, ERR_INVALID,
			"not valid JSON: a number has too many digits");
	if (decimal.is_negative && !is_zero)
		buf_put_char(out, '-');
	if (is_zero || point <= first)
		buf_put_char(out, '0');
	else
		for (int64_t i = first; i < point; i++)
			buf_put_char(out, decimal_digit(&decimal, i));
	if (places <= 0)
		return NULL;
	buf_put_char(out, '.');
	if (is_zero)
		put_zeros(out, places);
	else
		for (int64_t i = point; i < point + places; i++)
			buf_put_char(out, decimal_digit(&decimal, i));
	return NULL;
}
