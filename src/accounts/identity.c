#include "accounts/identity.h"

struct str
email_identity(struct arena *arena, struct str address)
{
	size_t at = (size_t)str_find_char(address, '@');
	struct str domain = str_slice(address, at + 1, address.len);
	ptrdiff_t tag = str_find_char(str_slice(address, 0, at), '+');
	bool is_google = str_eq(domain, STR("gmail.com")) ||
		str_eq(domain, STR("googlemail.com"));
	/* A + that begins the address is part of the name: nothing stands before it. */
	size_t local_len = tag > 0 ? (size_t)tag : at;
	char *local = arena_alloc_text(arena, local_len + 1);
	size_t kept = 0;

	if (!local)
		return STR_NONE;
	for (size_t i = 0; i < local_len; i++)
		if (!is_google || address.ptr[i] != '.')
			local[kept++] = address.ptr[i];
	return str_fmt(arena, "%.*s@" STR_FMT, (int)kept, local,
		STR_ARG(is_google ? STR("gmail.com") : domain));
}
