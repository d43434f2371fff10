#include "codec/geo.h"

#include <maxminddb.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include "codec/ip.h"

struct geo {
	MMDB_s file;
};

/* A database of networks or of proxies has no places, and would look as if nothing were
 * found. */
static bool
has_places(struct str kind)
{
	static const char *const kinds[] = { "City", "Country", "Enterprise" };

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (str_find(kind, str_from(kinds[i])) >= 0)
			return true;
	return false;
}

struct str
geo_kind(const struct geo *geo)
{
	return str_from(geo->file.metadata.database_type);
}

struct err *
geo_open(struct arena *arena, const char *path, struct geo **ret)
{
	struct geo *geo;
	struct err *err;
	int status;

	TRY_NEW(arena, geo, 1);
	status = MMDB_open(path, MMDB_MODE_MMAP, &geo->file);
	if (status == MMDB_FILE_OPEN_ERROR)
		return err_in(arena, ERR_NOT_FOUND, "cannot read %s", path);
	if (status != MMDB_SUCCESS)
		return err_in(arena, ERR_INVALID,
			"%s is no database of places (.mmdb): %s", path,
			MMDB_strerror(status));
	if (has_places(geo_kind(geo))) {
		*ret = geo;
		return NULL;
	}
	err = err_in(arena, ERR_INVALID,
		"%s is of the kind '" STR_FMT "', but must be one of cities or countries",
		path, STR_ARG(geo_kind(geo)));
	geo_close(geo);
	return err;
}

void
geo_close(struct geo *geo)
{
	MMDB_close(&geo->file);
}

/* The English name of PART, "city" or "country"; absent where the entry has none. */
static struct str
name_of(MMDB_entry_s *entry, const char *part)
{
	const char *const path[] = { part, "names", "en", NULL };
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
		data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size == 0)
		return STR_NONE;
	return (struct str){ data.utf8_string, data.data_size };
}

/* A tree of version 4 alone does not know ::ffff:0:0/96, so such go as what they are. */
static bool
find(const struct geo *geo, struct str address, MMDB_entry_s *ret)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} socket = { .v6 = { .sin6_family = AF_INET6 } };
	MMDB_lookup_result_s result;
	struct ip ip;
	int status;

	if (!geo || !ip_parse(address, &ip))
		return false;
	memcpy(&socket.v6.sin6_addr, ip.bytes, sizeof(ip.bytes));
	if (ip_is_v4(ip)) {
		socket.v4 = (struct sockaddr_in){ .sin_family = AF_INET };
		memcpy(&socket.v4.sin_addr, ip.bytes + sizeof(ip.bytes) - 4, 4);
	}
	result = MMDB_lookup_sockaddr(&geo->file, &socket.any, &status);
	*ret = result.entry;
	return status == MMDB_SUCCESS && result.found_entry;
}

struct str
geo_place(const struct geo *geo, struct arena *arena, struct str address)
{
	struct str city, country;
	MMDB_entry_s entry;

	if (!find(geo, address, &entry))
		return STR_NONE;
	city = name_of(&entry, "city");
	country = name_of(&entry, "country");
	if (!str_is_utf8(city) || !str_is_utf8(country))
		return STR_NONE;
	if (!str_is_none(city) && !str_is_none(country))
		return str_fmt(
			arena, STR_FMT ", " STR_FMT, STR_ARG(city), STR_ARG(country));
	if (str_is_none(city))
		city = country;
	return str_is_none(city) ? STR_NONE : str_dup(arena, city);
}
