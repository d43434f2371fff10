/* Addresses of the internet protocol, both versions, and blocks of them (RFC 4291, RFC
 * 4632). */
#ifndef CODEC_IP_H
#define CODEC_IP_H

#include "base/str.h"

/* Version 4 as ::ffff:a.b.c.d, so that both compare alike. */
struct ip {
	uint8_t bytes[16];
};

/* "192.0.2.7", "2001:db8::7", in brackets or with a zone (%eth0) too; no port. */
bool ip_parse(struct str text, struct ip *ret) MUST_USE;
bool ip_is_v4(struct ip ip);
bool ip_is_loopback(struct ip ip);
/* What one customer of a provider has: an address of version 4, or the /64 of one of
 * version 6. */
struct ip ip_customer(struct ip ip);

struct ip_block {
	struct ip first;
	uint8_t bits; /* of 128 */
};

/* "10.0.0.0/8", "fd00::/8", or one address. */
bool ip_block_parse(struct str text, struct ip_block *ret) MUST_USE;
bool ip_block_has(const struct ip_block *block, struct ip ip);

#endif
