#include "mail/address.h"

enum {
	LOCAL_PART_MAX = 64,
	LABEL_MAX = 63,
};

static bool
is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* atext of RFC 5322 §3.2.3. */
static bool
is_atom(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_letter_or_digit(text.ptr[i]) &&
			(text.ptr[i] == '\0' ||
				!strchr("!#$%&'*+-/=?^_`{|}~", text.ptr[i])))
			return false;
	return text.len > 0;
}

static bool
is_label(struct str text)
{
	if (text.len == 0 || text.len > LABEL_MAX || text.ptr[0] == '-' ||
		text.ptr[text.len - 1] == '-')
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_letter_or_digit(text.ptr[i]) && text.ptr[i] != '-')
			return false;
	return true;
}

static bool
all_parts(struct str text, bool (*is_part)(struct str part))
{
	struct str rest = text, part;

	while (str_next(&rest, '.', &part))
		if (!is_part(part))
			return false;
	return true;
}

bool
address_is_valid(struct str address)
{
	ptrdiff_t at = str_find_char(address, '@');

	return at > 0 && at <= LOCAL_PART_MAX && address.len <= ADDRESS_BYTES_MAX &&
		all_parts(str_slice(address, 0, (size_t)at), is_atom) &&
		all_parts(str_slice(address, (size_t)at + 1, address.len), is_label);
}

struct str
address_in_lower_case(struct arena *arena, struct str address)
{
	char *copy = arena_alloc_text(arena, address.len + 1);

	if (!copy)
		return STR_NONE;
	for (size_t i = 0; i < address.len; i++) {
		char c = address.ptr[i];

		copy[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	return (struct str){ .ptr = copy, .len = address.len };
}

bool
address_split(struct str text, struct str *ret_name, struct str *ret_address)
{
	struct str address = str_trim(text), name = STR_NONE;
	ptrdiff_t begin = str_find_char(address, '<');

	if (begin >= 0 && str_ends_with(address, STR(">"))) {
		name = str_trim(str_slice(address, 0, (size_t)begin));
		address = str_slice(address, (size_t)begin + 1, address.len - 1);
		if (name.len >= 2 && name.ptr[0] == '"' && name.ptr[name.len - 1] == '"')
			name = str_slice(name, 1, name.len - 1);
		if (name.len == 0)
			name = STR_NONE;
	}
	if (!address_is_valid(address))
		return false;
	*ret_name = name;
	*ret_address = address;
	return true;
}
