/* Any bytes as a URL, as coded text and as a query: parts lie within the text, and what
 * decodes encodes and decodes to the same. */
#include <assert.h>

#include "codec/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_within(struct str part, struct str text)
{
	if (part.len)
		assert(part.ptr >= text.ptr &&
			part.ptr + part.len <= text.ptr + text.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size }, rest = text, name, value;
	struct arena arena;
	struct buf decoded, encoded, again;
	struct url url;

	if (url_split(text, &url)) {
		assert(url.scheme.len && url.host.len);
		check_within(url.user_info, text);
		check_within(url.host, text);
		check_within(url.port, text);
		check_within(url.path, text);
		check_within(url.query, text);
		check_within(url.fragment, text);
	}
	while (url_query_next(&rest, &name, &value)) {
		check_within(name, text);
		check_within(value, text);
	}
	arena_init(&arena, 64 << 20);
	buf_init(&decoded, &arena, 16 << 20);
	buf_init(&encoded, &arena, 16 << 20);
	buf_init(&again, &arena, 16 << 20);
	if (url_decode(&decoded, text, URL_PLUS_IS_SPACE)) {
		url_encode(&encoded, buf_str(&decoded));
		if (str_find_char(buf_str(&decoded), '\0') < 0) {
			assert(url_decode(&again, buf_str(&encoded), URL_PLUS_IS_SPACE));
			assert(str_eq(buf_str(&again), buf_str(&decoded)));
		}
	}
	arena_release(&arena);
	return 0;
}
