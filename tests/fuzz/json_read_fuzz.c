/* Any bytes through the JSON reader; what it takes, written again, reads as the same
 * bytes. */
#include <assert.h>

#include "codec/json_read.h"
#include "codec/json_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str
written(struct arena *arena, const struct json_node *node)
{
	struct buf out;
	struct json json;

	buf_init(&out, arena, 16 << 20);
	json = json_begin(&out);
	json_put_node(&json, node);
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
