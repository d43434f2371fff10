/*
 * SQL as both engines read it, cut into tokens. Every token is a slice of the text, so
 * that a statement can be put together again with some of them replaced.
 */
#ifndef SQLGEN_LEXER_H
#define SQLGEN_LEXER_H

#include "base/str.h"

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,   /* a name or keyword */
	TOKEN_QUOTED, /* "a name" */
	TOKEN_TEXT,   /* 'text', E'text', $tag$text$tag$ */
	TOKEN_NUMBER,
	TOKEN_PARAM,       /* :name */
	TOKEN_PLACEHOLDER, /* {{name}} */
	TOKEN_SIGN,        /* any other character; two for :: */
	TOKEN_COMMENT,     /* from -- to the end of its line, or a block */
	TOKEN_BAD          /* text, name, comment or placeholder that does not end */
};

struct token {
	enum token_kind kind;
	struct str text;
	int line;
	bool is_spaced; /* white space or a comment stands before it */
};

struct lexer {
	struct str text;
	size_t at;
	int line;
};

/* Read TEXT, whose first line has number 1. */
void lexer_init(struct lexer *lexer, struct str text);
/* The next token; TOKEN_END at the end and ever after. */
struct token lexer_next(struct lexer *lexer);

/* TOKEN is this word, in any case; or this sign. */
bool token_is(struct token token, const char *text);
/* What stands between the marks of a parameter, placeholder or quoted name. */
struct str token_name(struct token token);

#endif
