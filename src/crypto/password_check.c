#include "crypto/password.h"

#include "codec/plain_text.h"
#include "crypto/breached.h"
#include "crypto/common_passwords.h"
#include "sys/wait.h"

enum {
	/* What must be left of a password without the words anyone would try first. */
	OWN_CHARACTERS_MIN = 6,
	WORD_CHARACTERS_MIN = 4,
};

static struct err *
length_check(struct ctx *ctx, struct str password)
{
	size_t characters = str_count_characters(password);

	if (!str_is_utf8(password) ||
		(password.len && memchr(password.ptr, '\0', password.len)))
		return err_field(
			ctx, "password", "the password holds something that is no text");
	if (characters < PASSWORD_CHARACTERS_MIN)
		return err_field(ctx, "password",
			"the password is too short: at least %d characters",
			PASSWORD_CHARACTERS_MIN);
	if (plain_text_fault(password, true) == PLAIN_TEXT_BLANK)
		return err_field(ctx, "password",
			"the password has nothing in it that can be seen");
	if (characters > PASSWORD_CHARACTERS_MAX)
		return err_field(ctx, "password",
			"the password is too long: at most %d characters",
			PASSWORD_CHARACTERS_MAX);
	return NULL;
}

/* The list is in lower case, so Password1 is password1. */
static struct err *
lower_case(struct ctx *ctx, struct str text, struct str *ret)
{
	char *copy = arena_alloc_text(ctx->arena, text.len + 1);

	if (!copy)
		return err_no_memory();
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		copy[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	*ret = (struct str){ .ptr = copy, .len = text.len };
	return NULL;
}

/* Whether LINES, sorted, has TEXT. */
static bool
lines_have(struct str lines, struct str text)
{
	size_t low = 0, high = lines.len;

	/* Within [low, high), both at the beginning of a line, or the end. */
	while (low < high) {
		size_t begin = low + (high - low) / 2, end;
		int order;

		while (begin > low && lines.ptr[begin - 1] != '\n')
			begin--;
		end = begin;
		while (end < high && lines.ptr[end] != '\n')
			end++;
		order = str_cmp(str_slice(lines, begin, end), text);
		if (order == 0)
			return true;
		if (order < 0)
			low = end + 1;
		else
			high = begin;
	}
	return false;
}

/* --- The file of breached passwords */

static const char *breached_file;

void
password_breached_file(const char *path)
{
	breached_file = path;
}

static struct err *
stolen_err(struct ctx *ctx)
{
	return err_field(ctx, "password",
		"the password is among the commonest of those stolen elsewhere; "
		"choose another");
}

struct search {
	struct arena *arena;
	struct str password;
	bool is_found;
	struct err *err;
};

/* On a thread of the pool: what of the file is not in memory comes from the disk. */
static void
search(void *arg)
{
	struct search *search = arg;

	search->err = breached_find(
		search->arena, breached_file, search->password, &search->is_found);
}

static struct err *
breached_refuse(struct ctx *ctx, struct str password)
{
	struct search work = { .arena = ctx->arena, .password = password };

	if (!breached_file)
		return NULL;
	TRY(fiber_offload(ctx, search, &work));
	if (work.err)
		return err_note(err_new(ctx, ERR_INTERNAL,
					"new passwords cannot be checked at the moment; "
					"try again later"),
			"password.breached_file: " STR_FMT, STR_ARG(work.err->message));
	return work.is_found ? stolen_err(ctx) : NULL;
}

/* --- What is made of the address */

/* Take WORD out of PASSWORD wherever it stands, in place. */
static void
take_out(struct str *password, struct str word)
{
	/* Ours: the copy that lower_case made. */
	char *text = (char *)(uintptr_t)password->ptr;
	ptrdiff_t at;

	if (str_count_characters(word) < WORD_CHARACTERS_MIN)
		return;
	while ((at = str_find(*password, word)) >= 0) {
		memmove(text + at, text + at + word.len,
			password->len - (size_t)at - word.len);
		password->len -= word.len;
	}
}

/* Take out the parts of EMAIL between points, dashes and the like; the longest first. */
static void
take_out_address(struct str *password, struct str email)
{
	ptrdiff_t at = str_find_char(email, '@');
	size_t begin = 0;

	take_out(password, email);
	if (at >= 0) {
		take_out(password, str_slice(email, 0, (size_t)at));
		take_out(password, str_slice(email, (size_t)at + 1, email.len));
	}
	for (size_t i = 0; i <= email.len; i++) {
		if (i < email.len && !strchr("@.+-_", email.ptr[i]))
			continue;
		take_out(password, str_slice(email, begin, i));
		begin = i + 1;
	}
}

struct err *
password_check(struct ctx *ctx, struct str password, struct str email)
{
	struct str lower = STR_NONE, address = STR_NONE;

	TRY(length_check(ctx, password));
	TRY(lower_case(ctx, password, &lower));
	TRY(lower_case(ctx, email, &address));
	if (lines_have(common_passwords, lower))
		return stolen_err(ctx);
	take_out_address(&lower, address);
	take_out(&lower, STR("gridiron"));
	if (str_count_characters(lower) < OWN_CHARACTERS_MIN)
		return err_field(ctx, "password",
			"the password is made of the address or the name of this "
			"service; choose another");
	return breached_refuse(ctx, password);
}
