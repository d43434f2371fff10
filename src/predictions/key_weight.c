#include "predictions/key_weight.h"

#include "codec/hex.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "crypto/digest.h"

enum {
	TEXT_BYTES_MAX = 4096,
	DIGEST_DIGITS = 16,
};

/* How often a number comes against what a normal says: no fit comes near these. */
static const double least_weight = 0.001;
static const double most_weight = 1000;

struct err *
key_weights_format(struct arena *arena, const struct key_weights *keys,
	struct str *ret_text, struct str *ret_digest)
{
	uint8_t digest[SHA256_BYTES];
	struct buf text, digits;
	struct json json = json_begin(&text);

	buf_init(&text, arena, TEXT_BYTES_MAX);
	buf_init(&digits, arena, DIGEST_DIGITS);
	json_put_array(&json);
	for (int i = 0; i < KEY_NUMBERS; i++)
		json_put_f64(&json, keys->weight[i]);
	json_put_array_end(&json);
	digest_sha256(buf_str(&text), digest);
	hex_encode(&digits,
		(struct str){ .ptr = (const char *)digest, .len = DIGEST_DIGITS / 2 });
	if (buf_is_cut(&text) || buf_is_cut(&digits))
		return err_no_memory();
	*ret_text = buf_str(&text);
	*ret_digest = buf_str(&digits);
	return NULL;
}

struct err *
key_weights_parse(struct arena *arena, struct str text, struct key_weights *ret)
{
	struct json_node list = { .kind = JSON_IS_NULL };
	struct key_weights keys;

	TRY(json_read(arena, text, &list));
	if (list.kind != JSON_IS_ARRAY || list.count != KEY_NUMBERS)
		return err_in(arena, ERR_INVALID, "key numbers must be a list of %d",
			KEY_NUMBERS);
	for (int i = 0; i < KEY_NUMBERS; i++) {
		const struct json_node *node = &list.items[i];

		if ((node->kind != JSON_IS_F64 && node->kind != JSON_IS_I64) ||
			!(node->f64 >= least_weight && node->f64 <= most_weight))
			return err_in(arena, ERR_INVALID,
				"the weight of key number %d must be a number from %g to "
				"%g",
				i, least_weight, most_weight);
		keys.weight[i] = node->f64;
	}
	*ret = keys;
	return NULL;
}
