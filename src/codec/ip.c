#include "codec/ip.h"

#include <arpa/inet.h>

#include "base/num.h"

enum {
	TEXT_MAX = INET6_ADDRSTRLEN,
	V4_AT = 12,      /* where the address of version 4 stands */
	V4_PREFIX = 96,  /* bits in front of it */
	CUSTOMER_AT = 8, /* behind the first 64 bits */
	LOOPBACK_V4 = 127,
};

static const uint8_t v4_prefix[V4_AT] = { [10] = 0xff, [11] = 0xff };

bool
ip_is_v4(struct ip ip)
{
	return memcmp(ip.bytes, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool
ip_parse(struct str text, struct ip *ret)
{
	char storage[TEXT_MAX];
	ptrdiff_t zone;
	struct ip ip;

	text = str_trim(text);
	if (text.len > 1 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
		text = str_slice(text, 1, text.len - 1);
	zone = str_find_char(text, '%');
	if (zone >= 0)
		text = str_slice(text, 0, (size_t)zone);
	if (text.len >= sizeof(storage) ||
		(text.len > 0 && memchr(text.ptr, 0, text.len)))
		return false;
	memcpy(storage, text.ptr ? text.ptr : "", text.len);
	storage[text.len] = '\0';
	memcpy(ip.bytes, v4_prefix, sizeof(v4_prefix));
	if (inet_pton(AF_INET, storage, ip.bytes + V4_AT) != 1 &&
		inet_pton(AF_INET6, storage, ip.bytes) != 1)
		return false;
	*ret = ip;
	return true;
}

bool
ip_is_loopback(struct ip ip)
{
	static const struct ip loopback = { .bytes = { [15] = 1 } };

	return ip_is_v4(ip) ? ip.bytes[V4_AT] == LOOPBACK_V4
			    : memcmp(&ip, &loopback, sizeof(ip)) == 0;
}

struct ip
ip_customer(struct ip ip)
{
	if (!ip_is_v4(ip))
		memset(ip.bytes + CUSTOMER_AT, 0, sizeof(ip.bytes) - CUSTOMER_AT);
	return ip;
}

bool
ip_block_parse(struct str text, struct ip_block *ret)
{
	struct str rest = str_trim(text), address;
	struct ip_block block;
	int32_t bits, most;

	if (!str_next(&rest, '/', &address) || !ip_parse(address, &block.first))
		return false;
	most = ip_is_v4(block.first) ? 32 : 128;
	bits = most;
	if (!str_is_none(rest) && !num_parse_i32(rest, 0, most, &bits))
		return false;
	block.bits = (uint8_t)(most == 32 ? bits + V4_PREFIX : bits);
	*ret = block;
	return true;
}

bool
ip_block_has(const struct ip_block *block, struct ip ip)
{
	size_t whole = block->bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> block->bits % 8);

	return memcmp(block->first.bytes, ip.bytes, whole) == 0 &&
		(block->bits % 8 == 0 ||
			((block->first.bytes[whole] ^ ip.bytes[whole]) & mask) == 0);
}
