#include "codec/base64.h"
#include "codec/json_read.h"
#include "crypto/hmac.h"
#include "crypto/jwt.h"
#include "crypto/signature.h"

enum {
	HEADER_BYTES_MAX = 512,
};

/* The three parts of a signed text, still encoded. */
struct parts {
	struct str header;
	struct str payload;
	struct str signature;
	struct str signed_text; /* header and payload with the point between them */
};

/* One answer for whatever is wrong; the reason is for the operator. */
static struct err *
refusal(struct ctx *ctx, const char *why)
{
	return err_note(
		err_new(ctx, ERR_UNAUTHENTICATED, "the access token is not valid"), "%s",
		why);
}

static bool
split(struct str text, struct parts *ret)
{
	struct str rest = text;

	if (!str_next(&rest, '.', &ret->header) || str_is_none(rest) ||
		!str_next(&rest, '.', &ret->payload) || str_is_none(rest) ||
		!str_next(&rest, '.', &ret->signature) || !str_is_none(rest))
		return false;
	ret->signed_text = str_slice(text, 0, ret->header.len + 1 + ret->payload.len);
	return ret->header.len > 0 && ret->signature.len > 0;
}

static bool
decode(struct ctx *ctx, struct str text, struct str *ret)
{
	struct buf bytes;

	buf_init(&bytes, ctx->arena, text.len);
	if (!base64_decode(&bytes, text, BASE64_URL))
		return false;
	*ret = buf_str(&bytes);
	return true;
}

/* Only what is understood may stand in a header: RFC 7515 lets one ignore the rest, but
 * some of the rest would change what is verified. */
static struct err *
header_read(struct ctx *ctx, struct str text, struct jws_header *ret)
{
	const struct json_node *algorithm;
	struct json_node root;
	struct str json;

	if (text.len > HEADER_BYTES_MAX || !decode(ctx, text, &json) ||
		json_read(ctx->arena, json, &root) || root.kind != JSON_IS_OBJECT)
		return refusal(ctx, "its header is no JSON object in base64url");
	for (size_t i = 0; i < root.count; i++) {
		struct str name = root.keys[i];

		if (root.items[i].kind != JSON_IS_TEXT)
			return refusal(ctx, "its header has a member that is no text");
		if (str_eq(name, STR("kid")))
			ret->id = root.items[i].text;
		else if (str_eq(name, STR("typ")))
			ret->type = root.items[i].text;
		else if (!str_eq(name, STR("alg")) && !str_eq(name, STR("cty")))
			return refusal(ctx, "its header asks for more than is done");
	}
	algorithm = json_node_find(&root, STR("alg"));
	if (!algorithm || !key_algorithm_parse(algorithm->text, &ret->algorithm))
		return refusal(ctx, "its algorithm is none of ours");
	return NULL;
}

static bool
signature_is_right(
	const struct jws_key *key, const struct parts *parts, struct str signature)
{
	uint8_t mac[HMAC_SHA256_BYTES];

	switch (key->algorithm) {
	case KEY_IS_HS256:
		hmac_sha256(key->secret, parts->signed_text, mac);
		return bytes_eq_constant_time(
			str_from_bytes(mac, sizeof(mac)), signature);
	case KEY_IS_EDDSA:
		return key->secret.len == ED25519_KEY_BYTES &&
			signature.len == ED25519_SIGNATURE_BYTES &&
			ed25519_verify((const uint8_t *)key->secret.ptr,
				parts->signed_text, (const uint8_t *)signature.ptr);
	case KEY_IS_A256GCM:
	case KEY_ALGORITHM_COUNT:
		break;
	}
	return false;
}

struct err *
jws_verify(struct ctx *ctx, struct str text, jws_find_fn find, void *arg, struct str *ret)
{
	struct jws_header header = { .id = STR_NONE };
	struct str signature, payload;
	struct jws_key key;
	struct parts parts;

	if (text.len > JWS_BYTES_MAX)
		return refusal(ctx, "it is too long");
	if (!split(text, &parts))
		return refusal(ctx, "it has not three parts");
	TRY(header_read(ctx, parts.header, &header));
	if (!find(arg, &header, &key))
		return refusal(
			ctx, "its key is unknown or retired, or its type is not ours");
	if (key.algorithm != header.algorithm)
		return refusal(ctx, "its algorithm is not that of its key");
	if (!decode(ctx, parts.signature, &signature) ||
		!signature_is_right(&key, &parts, signature))
		return refusal(ctx, "its signature is wrong");
	if (!decode(ctx, parts.payload, &payload))
		return refusal(ctx, "its payload is no base64url");
	*ret = payload;
	return NULL;
}
