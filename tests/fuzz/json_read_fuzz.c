/* Any bytes through the JSON reader; what it takes, written again, reads as the same
 * bytes. */
#include <assert.h>

#include "codec/json_read.h"
#include "codec/json_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
put_node(struct json *json, const struct json_node *node)
{
	switch (node->kind) {
	case JSON_IS_NULL:
		json_put_null(json);
		break;
	case JSON_IS_BOOL:
		json_put_bool(json, node->boolean);
		break;
	case JSON_IS_I64:
		json_put_i64(json, node->i64);
		break;
	case JSON_IS_F64:
		json_put_f64(json, node->f64);
		break;
	case JSON_IS_TEXT:
		json_put_text(json, node->text);
		break;
	case JSON_IS_ARRAY:
		json_put_array(json);
		for (size_t i = 0; i < node->count; i++)
			put_node(json, &node->items[i]);
		json_put_array_end(json);
		break;
	case JSON_IS_OBJECT:
		json_put_object(json);
		for (size_t i = 0; i < node->count; i++) {
			json_put_key(json, node->keys[i]);
			put_node(json, &node->items[i]);
		}
		json_put_object_end(json);
		break;
	}
}

static struct str
written(struct arena *arena, const struct json_node *node)
{
	struct buf out;
	struct json json;

	buf_init(&out, arena, 16 << 20);
	json = json_begin(&out);
	put_node(&json, node);
	assert(!buf_is_cut(&out));
	return buf_str(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct json_node node, again;

	arena_init(&arena, 256 << 20);
	if (!json_read(&arena, (struct str){ (const char *)data, size }, &node)) {
		struct str text = written(&arena, &node);

		assert(!json_read(&arena, text, &again));
		assert(str_eq(written(&arena, &again), text));
	}
	arena_release(&arena);
	return 0;
}
