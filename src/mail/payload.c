#include "mail/payload.h"

#include "codec/base64.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "crypto/seal.h"

enum {
	TEXT_BYTES_MAX = 200,
	LINES_BYTES_MAX = 8000,
	PAYLOAD_BYTES_MAX = 64 << 10,
};

enum {
#define VALUE(type, field, about) VALUE_##field,
#include "mail/mail_value.def"
#undef VALUE
};
#define N(field) (UINT32_C(1) << VALUE_##field)

static const struct {
	struct str name;
	struct str page;
	enum mail_urgency urgency;
	uint32_t needs;
} kinds[] = {
#define KIND(name, file, page, urgency, needs) \
	{ STR_INIT(file), STR_INIT(page), MAIL_##urgency, needs },
#include "mail/mail_kind.def"
#undef KIND
};

struct str
mail_kind_name(enum mail_kind kind)
{
	return kinds[kind].name;
}

enum mail_urgency
mail_kind_urgency(enum mail_kind kind)
{
	return kinds[kind].urgency;
}

struct str
mail_kind_page(enum mail_kind kind)
{
	return kinds[kind].page;
}

/* TEXT within MAX bytes, cut between characters. */
static struct str
cut(struct str text, size_t max)
{
	size_t len = text.len < max ? text.len : max;

	while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80)
		len--;
	return str_slice(text, 0, len);
}

static bool
is_token(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
			!(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
			return false;
	}
	return text.len > 0;
}

/* How each type is written; false where the value cannot be right. */
static bool
put_TEXT(struct json *json, struct str value)
{
	json_put_text(json, cut(value, TEXT_BYTES_MAX));
	return true;
}

static bool
put_LINES(struct json *json, struct str value)
{
	json_put_text(json, cut(value, LINES_BYTES_MAX));
	return true;
}

static bool
put_TOKEN(struct json *json, struct str value)
{
	json_put_text(json, value);
	return is_token(value);
}

static bool
put_MOMENT(struct json *json, int64_t value)
{
	json_put_i64(json, value);
	return true;
}

static bool
has_text(struct str value)
{
	return !str_is_none(value);
}

static bool
has_moment(int64_t value)
{
	return value != 0;
}
#define has_TEXT   has_text
#define has_LINES  has_text
#define has_TOKEN  has_text
#define has_MOMENT has_moment

static struct err *
values_format(struct ctx *ctx, const struct mail *mail, struct buf *out)
{
	struct json json = json_begin(out);
	const char *missing = NULL, *wrong = NULL;

	json_put_object(&json);
#define VALUE(type, field, about)                        \
	if (has_##type(mail->field)) {                   \
		json_put_key(&json, STR(#field));        \
		if (!put_##type(&json, mail->field))     \
			wrong = #field;                  \
	} else if (kinds[mail->kind].needs & N(field)) { \
		missing = #field;                        \
	}
#include "mail/mail_value.def"
#undef VALUE
	json_put_object_end(&json);
	if (missing || wrong)
		return err_new(ctx, ERR_INTERNAL, "the mail '" STR_FMT "' has %s %s",
			STR_ARG(kinds[mail->kind].name), missing ? "no" : "a wrong",
			missing ? missing : wrong);
	return buf_is_cut(out) ? err_no_memory() : NULL;
}

/* Where it waits. */
static struct seal_place
place_of(struct outbox_id id)
{
	return (struct seal_place){
		.table = "outbox", .column = "payload", .row = id.uuid
	};
}

struct err *
payload_format(
	struct ctx *ctx, struct outbox_id id, const struct mail *mail, struct str *ret)
{
	struct seal_place place = place_of(id);
	struct buf plain, coded, out;
	struct json json = json_begin(&out);
	struct str sealed;

	buf_init(&plain, ctx->arena, PAYLOAD_BYTES_MAX);
	buf_init(&coded, ctx->arena, PAYLOAD_BYTES_MAX);
	buf_init(&out, ctx->arena, PAYLOAD_BYTES_MAX);
	TRY(values_format(ctx, mail, &plain));
	TRY(seal(ctx, &place, buf_str(&plain), &sealed));
	base64_encode(&coded, sealed, BASE64_URL);
	json_put_object(&json);
	json_put_key(&json, STR("mail"));
	json_put_text(&json, kinds[mail->kind].name);
	json_put_key(&json, STR("sealed"));
	json_put_text(&json, buf_str(&coded));
	json_put_object_end(&json);
	*ret = buf_str(&out);
	return buf_is_cut(&coded) || buf_is_cut(&out) ? err_no_memory() : NULL;
}

static bool
take_text(const struct json_node *node, struct str *ret)
{
	if (node->kind != JSON_IS_TEXT)
		return false;
	*ret = node->text;
	return true;
}

static bool
take_moment(const struct json_node *node, int64_t *ret)
{
	if (node->kind != JSON_IS_I64)
		return false;
	*ret = node->i64;
	return true;
}
#define take_TEXT   take_text
#define take_LINES  take_text
#define take_TOKEN  take_text
#define take_MOMENT take_moment

static bool
values_take(const struct json_node *values, struct mail *mail)
{
	const struct json_node *node;

#define VALUE(type, field, about)                     \
	node = json_node_find(values, STR(#field));   \
	if (node && !take_##type(node, &mail->field)) \
		return false;
#include "mail/mail_value.def"
#undef VALUE
	return true;
}

static bool
kind_find(struct str name, enum mail_kind *ret)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (str_eq(name, kinds[i].name)) {
			*ret = (enum mail_kind)i;
			return true;
		}
	}
	return false;
}

struct str
payload_sent(struct arena *arena, enum mail_kind kind)
{
	return str_fmt(arena, "{\"mail\":\"" STR_FMT "\"}", STR_ARG(kinds[kind].name));
}

struct str
payload_kind(struct arena *arena, struct str payload)
{
	struct json_node root;
	const struct json_node *kind;

	if (json_read(arena, payload, &root))
		return STR("");
	kind = json_node_find(&root, STR("mail"));
	return kind && kind->kind == JSON_IS_TEXT ? kind->text : STR("");
}

struct err *
payload_parse(struct ctx *ctx, struct outbox_id id, struct str payload, struct mail *ret)
{
	struct mail mail = { .kind = MAIL_KIND_COUNT };
	struct json_node root, values;
	struct seal_place place = place_of(id);
	const struct json_node *kind, *coded;
	struct buf sealed;
	struct str plain;

	TRY(json_read(ctx->arena, payload, &root));
	kind = json_node_find(&root, STR("mail"));
	coded = json_node_find(&root, STR("sealed"));
	buf_init(&sealed, ctx->arena, PAYLOAD_BYTES_MAX);
	if (!kind || !coded || !kind_find(kind->text, &mail.kind) ||
		!base64_decode(&sealed, coded->text, BASE64_URL))
		return err_new(ctx, ERR_INTERNAL, "no mail that this program knows");
	TRY(unseal(ctx, &place, buf_str(&sealed), &plain));
	TRY(json_read(ctx->arena, plain, &values));
	if (!values_take(&values, &mail))
		return err_new(
			ctx, ERR_INTERNAL, "the mail's values are of another kind");
	*ret = mail;
	return NULL;
}
