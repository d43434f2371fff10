#include "tests/tap.h"

#include "sqlgen/lexer.h"

/* The tokens of TEXT in brackets, each after a letter for its kind. */
static struct str
tokens_of(const char *text)
{
	static const char letters[] = "-wqtnp{s#!";
	static char storage[1024];
	struct lexer lexer;
	size_t len = 0;

	lexer_init(&lexer, str_from(text));
	for (;;) {
		struct token token = lexer_next(&lexer);

		if (token.kind == TOKEN_END)
			return (struct str){ .ptr = storage, .len = len };
		len += (size_t)snprintf(storage + len, sizeof(storage) - len,
			"%c[" STR_FMT "]", letters[token.kind], STR_ARG(token.text));
	}
}

TEST(names_numbers_and_signs_are_cut_apart)
{
	EQ_STR(tokens_of("SELECT a.b,c1>=1.5e-3"),
		STR("w[SELECT]w[a]s[.]w[b]s[,]w[c1]s[>]s[=]n[1.5e-3]"));
	EQ_STR(tokens_of("größe+.5"), STR("w[größe]s[+]n[.5]"));
}

TEST(a_cast_is_no_argument)
{
	EQ_STR(tokens_of(":a::text :b"), STR("p[:a]s[::]w[text]p[:b]"));
	EQ_STR(tokens_of("x[1:2]"), STR("w[x]s[[]n[1]s[:]n[2]s[]]"));
}

TEST(texts_hold_what_looks_like_sql)
{
	EQ_STR(tokens_of("'it''s; :a -- {{b}}';"), STR("t['it''s; :a -- {{b}}']s[;]"));
	EQ_STR(tokens_of("E'a\\'b' 'c\\'"), STR("t[E'a\\'b']t['c\\']"));
	EQ_STR(tokens_of("\"a\"\"b\".c"), STR("q[\"a\"\"b\"]s[.]w[c]"));
}

TEST(dollar_quotes_end_at_their_own_mark)
{
	EQ_STR(tokens_of("$$ ; $x$ ' $$;"), STR("t[$$ ; $x$ ' $$]s[;]"));
	EQ_STR(tokens_of("$x$ $$ $y$ $x$"), STR("t[$x$ $$ $y$ $x$]"));
	EQ_STR(tokens_of("$1"), STR("s[$]n[1]"));
}

TEST(comments_end_where_sql_says)
{
	EQ_STR(tokens_of("a--b;\nc"), STR("w[a]#[--b;]w[c]"));
	EQ_STR(tokens_of("a/*b/*c*/d*/e"), STR("w[a]#[/*b/*c*/d*/]w[e]"));
	EQ_STR(tokens_of("a - -b"), STR("w[a]s[-]s[-]w[b]"));
}

TEST(placeholders_are_one_token)
{
	EQ_STR(tokens_of("{{ new id }}{ {a}"), STR("{[{{ new id }}]s[{]s[{]w[a]s[}]"));
}

TEST(what_has_no_end_is_bad)
{
	static const char *const texts[] = { "'a", "\"a", "$$a", "$x$ $$", "/*/*a*/",
		"{{a", "E'a\\'" };

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct lexer lexer;

		lexer_init(&lexer, str_from(texts[i]));
		OK_OR(lexer_next(&lexer).kind == TOKEN_BAD, "took %s", texts[i]);
		OK(lexer_next(&lexer).kind == TOKEN_END);
	}
}

TEST(lines_are_counted_within_texts_and_comments)
{
	struct lexer lexer;

	lexer_init(&lexer, STR("'a\n' /*\n\n*/\nb"));
	EQ_I64(lexer_next(&lexer).line, 1);
	EQ_I64(lexer_next(&lexer).line, 2);
	EQ_I64(lexer_next(&lexer).line, 5);
}
