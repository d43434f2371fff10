#include "sqlgen/lexer.h"

void
lexer_init(struct lexer *lexer, struct str text)
{
	*lexer = (struct lexer){ .text = text, .line = 1 };
}

/* The character OFFSET behind the present one, or 0 past the end. */
static char
peek(const struct lexer *lexer, size_t offset)
{
	size_t at = lexer->at + offset;

	return at < lexer->text.len ? lexer->text.ptr[at] : 0;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes beyond ASCII are letters, as both engines have it. */
static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		(unsigned char)c >= 0x80;
}

static bool
skip_space(struct lexer *lexer)
{
	size_t begin = lexer->at;

	while (lexer->at < lexer->text.len && is_space(lexer->text.ptr[lexer->at])) {
		if (lexer->text.ptr[lexer->at] == '\n')
			lexer->line++;
		lexer->at++;
	}
	return lexer->at > begin;
}

static void
skip_name(struct lexer *lexer)
{
	while (is_letter(peek(lexer, 0)) || is_digit(peek(lexer, 0)))
		lexer->at++;
}

static void
skip_number(struct lexer *lexer)
{
	for (;;) {
		char c = peek(lexer, 0);
		char next = peek(lexer, 1);

		if ((c == 'e' || c == 'E') && (next == '-' || next == '+'))
			lexer->at++;
		else if (!is_digit(c) && !is_letter(c) && c != '.')
			return;
		lexer->at++;
	}
}

/* Go behind the next END from OFFSET on; false, at the end of all,
 * where there is none. */
static bool
skip_past(struct lexer *lexer, size_t offset, struct str end)
{
	struct str rest = str_slice(lexer->text, lexer->at + offset, lexer->text.len);
	ptrdiff_t found = str_find(rest, end);

	lexer->at = found < 0 ? lexer->text.len
			      : lexer->at + offset + (size_t)found + end.len;
	return found >= 0;
}

/* From the opening MARK behind the closing one; a doubled mark is a mark, and so is one
 * behind a backslash where those escape. */
static bool
skip_quoted(struct lexer *lexer, char mark, bool has_escapes)
{
	lexer->at++;
	while (lexer->at < lexer->text.len) {
		char c = lexer->text.ptr[lexer->at++];

		if (has_escapes && c == '\\' && lexer->at < lexer->text.len)
			lexer->at++;
		else if (c == mark && peek(lexer, 0) != mark)
			return true;
		else if (c == mark)
			lexer->at++;
	}
	return false;
}

/* Block comments nest, as in PostgreSQL. */
static bool
skip_block_comment(struct lexer *lexer)
{
	int depth = 0;

	while (lexer->at < lexer->text.len) {
		if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
			depth++;
			lexer->at += 2;
		} else if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
			depth--;
			lexer->at += 2;
			if (depth == 0)
				return true;
		} else {
			lexer->at++;
		}
	}
	return false;
}

/* The length of the mark $tag$ that stands here, or 0. */
static size_t
dollar_mark(const struct lexer *lexer)
{
	size_t len = 1;

	if (is_digit(peek(lexer, 1)))
		return 0;
	while (is_letter(peek(lexer, len)) || is_digit(peek(lexer, len)))
		len++;
	return peek(lexer, len) == '$' ? len + 1 : 0;
}

static enum token_kind
skip_dollar(struct lexer *lexer)
{
	size_t len = dollar_mark(lexer);

	if (!len) {
		lexer->at++;
		return TOKEN_SIGN;
	}
	return skip_past(lexer, len, str_slice(lexer->text, lexer->at, lexer->at + len))
		? TOKEN_TEXT
		: TOKEN_BAD;
}

static enum token_kind
skip_sign(struct lexer *lexer)
{
	char c = peek(lexer, 0);
	char next = peek(lexer, 1);

	if (c == '{' && next == '{')
		return skip_past(lexer, 2, STR("}}")) ? TOKEN_PLACEHOLDER : TOKEN_BAD;
	if (c == ':' && next == ':') {
		lexer->at += 2;
		return TOKEN_SIGN;
	}
	lexer->at++;
	if (c == ':' && is_letter(next)) {
		skip_name(lexer);
		return TOKEN_PARAM;
	}
	return TOKEN_SIGN;
}

/* Move behind the token that stands here. */
static enum token_kind
skip_token(struct lexer *lexer)
{
	char c = peek(lexer, 0);
	char next = peek(lexer, 1);

	if (lexer->at >= lexer->text.len)
		return TOKEN_END;
	if (c == '-' && next == '-') {
		while (lexer->at < lexer->text.len && peek(lexer, 0) != '\n')
			lexer->at++;
		return TOKEN_COMMENT;
	}
	if (c == '/' && next == '*')
		return skip_block_comment(lexer) ? TOKEN_COMMENT : TOKEN_BAD;
	if ((c == 'e' || c == 'E') && next == '\'') {
		lexer->at++;
		return skip_quoted(lexer, '\'', true) ? TOKEN_TEXT : TOKEN_BAD;
	}
	if (is_letter(c)) {
		skip_name(lexer);
		return TOKEN_WORD;
	}
	if (is_digit(c) || (c == '.' && is_digit(next))) {
		skip_number(lexer);
		return TOKEN_NUMBER;
	}
	if (c == '\'')
		return skip_quoted(lexer, '\'', false) ? TOKEN_TEXT : TOKEN_BAD;
	if (c == '"')
		return skip_quoted(lexer, '"', false) ? TOKEN_QUOTED : TOKEN_BAD;
	if (c == '$')
		return skip_dollar(lexer);
	return skip_sign(lexer);
}

struct token
lexer_next(struct lexer *lexer)
{
	bool is_spaced = skip_space(lexer);
	struct token token = { .line = lexer->line, .is_spaced = is_spaced };
	size_t begin = lexer->at;

	token.kind = skip_token(lexer);
	token.text = str_slice(lexer->text, begin, lexer->at);
	for (size_t i = 0; i < token.text.len; i++)
		lexer->line += token.text.ptr[i] == '\n';
	return token;
}

bool
token_is(struct token token, const char *text)
{
	return (token.kind == TOKEN_WORD || token.kind == TOKEN_SIGN) &&
		str_eq_nocase(token.text, str_from(text));
}

struct str
token_name(struct token token)
{
	struct str text = token.text;

	switch (token.kind) {
	case TOKEN_PARAM:
		return str_slice(text, 1, text.len);
	case TOKEN_QUOTED:
		return str_slice(text, 1, text.len - 1);
	case TOKEN_PLACEHOLDER:
		return str_trim(str_slice(text, 2, text.len - 2));
	case TOKEN_END:
	case TOKEN_WORD:
	case TOKEN_TEXT:
	case TOKEN_NUMBER:
	case TOKEN_SIGN:
	case TOKEN_COMMENT:
	case TOKEN_BAD:
		return text;
	}
	return text;
}
