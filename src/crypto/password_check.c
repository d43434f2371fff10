#include "crypto/password.h"

static struct err *
length_check(struct ctx *ctx, struct str password)
{
	size_t characters = 0;

	if (!str_is_utf8(password) ||
		(password.len && memchr(password.ptr, '\0', password.len)))
		return err_field(ctx, "password", "the password is no text");
	for (size_t i = 0; i < password.len; i++)
		characters += ((unsigned char)password.ptr[i] & 0xC0) != 0x80;
	if (characters < PASSWORD_CHARACTERS_MIN)
		return err_field(ctx, "password",
			"the password is too short: at least %d characters",
			PASSWORD_CHARACTERS_MIN);
	if (characters > PASSWORD_CHARACTERS_MAX)
		return err_field(ctx, "password",
			"the password is too long: at most %d characters",
			PASSWORD_CHARACTERS_MAX);
	return NULL;
}

struct err *
password_check(struct ctx *ctx, struct str password, struct str email)
{
	(void)email;
	TRY(length_check(ctx, password));
	return NULL;
}
