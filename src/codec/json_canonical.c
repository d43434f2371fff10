#include "codec/json_canonical.h"

#include <stdlib.h>

#include "base/buf.h"
#include "codec/hex.h"
#include "codec/json_number.h"

enum {
	/* A node takes some fifty times the byte it may stand for ("[0,0,0…"). */
	SCRATCH_BYTES_PER_BYTE = 64,
	SCRATCH_BYTES_LEAST = 64 << 10,
};

enum node_kind { NODE_WORD, NODE_NUMBER, NODE_STRING, NODE_ARRAY, NODE_OBJECT };

struct node {
	enum node_kind kind;
	bool has_key;
	struct str key;  /* without escapes */
	struct str text; /* a word or number as written, a string without escapes */
	struct node *parent;
	struct node *first;
	struct node *last;
	struct node *next;
	size_t count;
};

struct parser {
	struct arena *arena;   /* of the error */
	struct arena *scratch; /* of the nodes */
	const char *at;
	const char *end;
	const char *begin;
	size_t depth;
};

/* --- Parsing ------------------------------------------------------------------------ */

static struct err *
parse_err(const struct parser *parser, const char *what)
{
	return err_in(parser->arena, ERR_INVALID, "not valid JSON: %s at byte %zu", what,
		(size_t)(parser->at - parser->begin));
}

static void
skip_space(struct parser *parser)
{
	while (parser->at < parser->end &&
		(*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\n' ||
			*parser->at == '\r'))
		parser->at++;
}

static bool
take_char(struct parser *parser, char c)
{
	if (parser->at == parser->end || *parser->at != c)
		return false;
	parser->at++;
	return true;
}

/* Four hexadecimal digits, or -1. */
static int
take_hex4(struct parser *parser)
{
	int value = 0;

	if (parser->end - parser->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(parser->at[i]);

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	parser->at += 4;
	return value;
}

static void
put_utf8(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_put_char(out, (char)code);
	} else if (code < 0x800) {
		buf_put_char(out, (char)(0xc0 | code >> 6));
		buf_put_char(out, (char)(0x80 | (code & 0x3f)));
	} else if (code < 0x10000) {
		buf_put_char(out, (char)(0xe0 | code >> 12));
		buf_put_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
		buf_put_char(out, (char)(0x80 | (code & 0x3f)));
	} else {
		buf_put_char(out, (char)(0xf0 | code >> 18));
		buf_put_char(out, (char)(0x80 | (code >> 12 & 0x3f)));
		buf_put_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
		buf_put_char(out, (char)(0x80 | (code & 0x3f)));
	}
}

/* After "\u": one code point, of one escape or of a surrogate pair's two. */
static struct err *
take_code_point(struct parser *parser, struct buf *out)
{
	int high = take_hex4(parser);
	int low;

	if (high < 0)
		return parse_err(parser, "\\u needs four hexadecimal digits");
	if (high == 0)
		return parse_err(parser, "\\u0000 cannot be stored");
	if (high >= 0xdc00 && high <= 0xdfff)
		return parse_err(parser, "half a surrogate pair");
	if (high < 0xd800 || high > 0xdbff) {
		put_utf8(out, (uint32_t)high);
		return NULL;
	}
	if (!take_char(parser, '\\') || !take_char(parser, 'u'))
		return parse_err(parser, "half a surrogate pair");
	low = take_hex4(parser);
	if (low < 0xdc00 || low > 0xdfff)
		return parse_err(parser, "half a surrogate pair");
	put_utf8(out,
		0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
	return NULL;
}

static struct err *
take_escape(struct parser *parser, struct buf *out)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *found;
	char c;

	if (parser->at == parser->end)
		return parse_err(parser, "a string does not end");
	c = *parser->at++;
	if (c == 'u')
		return take_code_point(parser, out);
	found = c ? strchr(names, c) : NULL;
	if (!found)
		return parse_err(parser, "unknown escape");
	buf_put_char(out, values[found - names]);
	return NULL;
}

/* The end of the run of plain characters at the parser's place. */
static const char *
plain_end(const struct parser *parser)
{
	const char *at = parser->at;

	while (at < parser->end && *at != '"' && *at != '\\' &&
		(unsigned char)*at >= 0x20)
		at++;
	return at;
}

/* After the opening quote. A string without escapes is a slice of the text. */
static struct err *
take_string(struct parser *parser, struct str *ret)
{
	const char *end = plain_end(parser);
	struct buf out;

	if (end < parser->end && *end == '"') {
		*ret = (struct str){ .ptr = parser->at,
			.len = (size_t)(end - parser->at) };
		parser->at = end + 1;
		return NULL;
	}
	buf_init(&out, parser->scratch, (size_t)(parser->end - parser->at));
	for (;;) {
		end = plain_end(parser);
		buf_put(&out,
			(struct str){
				.ptr = parser->at, .len = (size_t)(end - parser->at) });
		parser->at = end;
		if (take_char(parser, '"'))
			break;
		if (end == parser->end)
			return parse_err(parser, "a string does not end");
		if (!take_char(parser, '\\'))
			return parse_err(parser, "a control character in a string");
		TRY(take_escape(parser, &out));
	}
	if (buf_is_cut(&out))
		return err_no_memory();
	*ret = buf_str(&out);
	return NULL;
}

static bool
take_digits(struct parser *parser)
{
	const char *begin = parser->at;

	while (parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9')
		parser->at++;
	return parser->at > begin;
}

static struct err *
take_number(struct parser *parser, struct str *ret)
{
	const char *begin = parser->at;

	(void)take_char(parser, '-');
	if (!take_char(parser, '0') && !take_digits(parser))
		return parse_err(parser, "a number without digits");
	if (take_char(parser, '.') && !take_digits(parser))
		return parse_err(parser, "a number ends with its point");
	if (take_char(parser, 'e') || take_char(parser, 'E')) {
		if (!take_char(parser, '+'))
			(void)take_char(parser, '-');
		if (!take_digits(parser))
			return parse_err(parser, "an exponent without digits");
	}
	*ret = (struct str){ .ptr = begin, .len = (size_t)(parser->at - begin) };
	return NULL;
}

static bool
take_word(struct parser *parser, struct str *ret)
{
	static const struct str words[] = { STR_INIT("true"), STR_INIT("false"),
		STR_INIT("null") };
	struct str rest = { .ptr = parser->at,
		.len = (size_t)(parser->end - parser->at) };

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (!str_starts_with(rest, words[i]))
			continue;
		*ret = words[i];
		parser->at += words[i].len;
		return true;
	}
	return false;
}

/* One value into NODE; of an array or object only the beginning. */
static struct err *
take_value(struct parser *parser, struct node *node)
{
	if (parser->at == parser->end)
		return parse_err(parser, "it ends too soon");
	switch (*parser->at) {
	case '{':
	case '[':
		node->kind = *parser->at == '{' ? NODE_OBJECT : NODE_ARRAY;
		parser->at++;
		if (++parser->depth > JSON_CANONICAL_DEPTH_MAX)
			return parse_err(parser, "it is nested too deep");
		return NULL;
	case '"':
		parser->at++;
		node->kind = NODE_STRING;
		return take_string(parser, &node->text);
	case 't':
	case 'f':
	case 'n':
		node->kind = NODE_WORD;
		if (take_word(parser, &node->text))
			return NULL;
		return parse_err(parser, "an unknown word");
	default:
		node->kind = NODE_NUMBER;
		return take_number(parser, &node->text);
	}
}

/* A new node at the end of PARENT (NULL: the root), with its key and value. */
static struct err *
take_member(struct parser *parser, struct node *parent, struct node **ret)
{
	struct node *node;

	TRY_NEW(parser->scratch, node, 1);
	skip_space(parser);
	if (parent && parent->kind == NODE_OBJECT) {
		if (!take_char(parser, '"'))
			return parse_err(parser, "a key must be a string");
		TRY(take_string(parser, &node->key));
		node->has_key = true;
		skip_space(parser);
		if (!take_char(parser, ':'))
			return parse_err(parser, "no colon after a key");
		skip_space(parser);
	}
	TRY(take_value(parser, node));
	node->parent = parent;
	if (parent) {
		if (parent->last)
			parent->last->next = node;
		else
			parent->first = node;
		parent->last = node;
		parent->count++;
	}
	*ret = node;
	return NULL;
}

/* --- Keys --------------------------------------------------------------------------- */

/* A member and its place in the text, which decides between equal keys. */
struct member {
	struct node *node;
	size_t place;
};

static int
member_cmp(const void *a, const void *b)
{
	const struct member *left = a, *right = b;
	struct str x = left->node->key, y = right->node->key;
	int order;

	if (x.len != y.len)
		return x.len < y.len ? -1 : 1;
	order = x.len ? memcmp(x.ptr, y.ptr, x.len) : 0;
	if (order != 0)
		return order;
	return left->place < right->place ? -1 : 1;
}

/* Put the members of OBJECT in order and drop all but the last of equal keys. */
static struct err *
sort_members(struct parser *parser, struct node *object)
{
	struct member *members;
	size_t count = 0;
	struct node **end;

	if (object->count < 2)
		return NULL;
	TRY_NEW(parser->scratch, members, object->count);
	for (struct node *node = object->first; node; node = node->next, count++)
		members[count] = (struct member){ .node = node, .place = count };
	qsort(members, count, sizeof(*members), member_cmp);
	end = &object->first;
	for (size_t i = 0; i < count; i++) {
		if (i + 1 < count &&
			str_eq(members[i].node->key, members[i + 1].node->key))
			continue;
		*end = members[i].node;
		end = &members[i].node->next;
	}
	*end = NULL;
	return NULL;
}

/* Close what ends at the parser's place. NODE is the value just read; afterwards, the one
 * that a comma was found behind, or NULL at the end of the root. */
static struct err *
close_ended(struct parser *parser, struct node **node)
{
	for (*node = (*node)->parent; *node; *node = (*node)->parent) {
		bool is_object = (*node)->kind == NODE_OBJECT;

		skip_space(parser);
		if (take_char(parser, ','))
			return NULL;
		if (!take_char(parser, is_object ? '}' : ']'))
			return parse_err(parser, "no comma and no end");
		parser->depth--;
		if (is_object)
			TRY(sort_members(parser, *node));
	}
	return NULL;
}

/* Without recursion: stacks are short here. */
static struct err *
parse(struct parser *parser, struct node **ret)
{
	struct node *parent = NULL, *root = NULL, *node = NULL;

	do {
		TRY(take_member(parser, parent, &node));
		if (!root)
			root = node;
		if (node->kind == NODE_OBJECT || node->kind == NODE_ARRAY) {
			skip_space(parser);
			if (!take_char(parser, node->kind == NODE_OBJECT ? '}' : ']')) {
				parent = node;
				continue;
			}
			parser->depth--;
		}
		TRY(close_ended(parser, &node));
		parent = node;
	} while (parent);
	skip_space(parser);
	if (parser->at != parser->end)
		return parse_err(parser, "something follows the document");
	*ret = root;
	return NULL;
}

/* --- Writing ------------------------------------------------------------------------ */

static void
put_escaped(struct buf *out, char c)
{
	static const char values[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	const char *found = memchr(values, c, sizeof(values) - 1);

	if (found)
		buf_fmt(out, "\\%c", names[found - values]);
	else
		buf_fmt(out, "\\u%04x", (unsigned int)(unsigned char)c);
}

static void
put_string(struct buf *out, struct str text)
{
	size_t begin = 0;

	buf_put_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if ((unsigned char)c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_put(out, str_slice(text, begin, i));
		put_escaped(out, c);
		begin = i + 1;
	}
	buf_put(out, str_slice(text, begin, text.len));
	buf_put_char(out, '"');
}

/* NODE; of an array or object that has members, only the beginning. */
static struct err *
put_node(struct arena *arena, struct buf *out, const struct node *node)
{
	if (node->has_key) {
		put_string(out, node->key);
		buf_put(out, STR(": "));
	}
	switch (node->kind) {
	case NODE_WORD:
		buf_put(out, node->text);
		break;
	case NODE_NUMBER:
		return json_put_number(arena, out, node->text);
	case NODE_STRING:
		put_string(out, node->text);
		break;
	case NODE_ARRAY:
		buf_put(out, node->first ? STR("[") : STR("[]"));
		break;
	case NODE_OBJECT:
		buf_put(out, node->first ? STR("{") : STR("{}"));
		break;
	}
	return NULL;
}

static struct err *
write_nodes(struct arena *arena, struct buf *out, const struct node *node)
{
	for (;;) {
		TRY(put_node(arena, out, node));
		if (buf_is_cut(out))
			return err_in(
				arena, ERR_TOO_LARGE, "a JSON document is too large");
		if (node->first) {
			node = node->first;
			continue;
		}
		while (!node->next) {
			node = node->parent;
			if (!node)
				return NULL;
			buf_put_char(out, node->kind == NODE_OBJECT ? '}' : ']');
		}
		buf_put(out, STR(", "));
		node = node->next;
	}
}

static struct err *
canonical_in(struct arena *arena, struct arena *scratch, struct str text,
	size_t bytes_max, struct str *ret)
{
	struct parser parser = {
		.arena = arena,
		.scratch = scratch,
		.at = text.ptr,
		.end = text.ptr + text.len,
		.begin = text.ptr,
	};
	struct node *root = NULL;
	struct buf out;
	struct str copy;

	TRY(parse(&parser, &root));
	buf_init(&out, scratch, bytes_max);
	TRY(write_nodes(arena, &out, root));
	if (buf_is_cut(&out))
		return err_in(arena, ERR_TOO_LARGE, "a JSON document is too large");
	copy = str_dup(arena, buf_str(&out));
	if (str_is_none(copy))
		return err_no_memory();
	*ret = copy;
	return NULL;
}

struct err *
json_canonical(struct arena *arena, struct str text, size_t bytes_max, struct str *ret)
{
	struct arena scratch;
	struct err *err;

	if (text.len == 0)
		return err_in(arena, ERR_INVALID, "not valid JSON: it is empty");
	if (!str_is_utf8(text))
		return err_in(arena, ERR_INVALID, "not valid JSON: not UTF-8");
	arena_init(&scratch,
		SCRATCH_BYTES_LEAST + SCRATCH_BYTES_PER_BYTE * text.len + 2 * bytes_max);
	err = canonical_in(arena, &scratch, text, bytes_max, ret);
	arena_release(&scratch);
	return err;
}
