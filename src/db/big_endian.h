/* Numbers as PostgreSQL's protocol and binary formats have them: in network order, at any
 * address. */
#ifndef DB_BIG_ENDIAN_H
#define DB_BIG_ENDIAN_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t
get_be16(const char *from)
{
	uint16_t be;

	memcpy(&be, from, sizeof(be));
	return be16toh(be);
}

static inline uint32_t
get_be32(const char *from)
{
	uint32_t be;

	memcpy(&be, from, sizeof(be));
	return be32toh(be);
}

static inline uint64_t
get_be64(const char *from)
{
	uint64_t be;

	memcpy(&be, from, sizeof(be));
	return be64toh(be);
}

#endif
