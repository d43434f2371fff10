#include "app/places.h"

#include "codec/geo.h"

struct err *
places_open(struct invocation *run, struct geo **ret)
{
	const char *path = str_cstr(run->arena, run->config.geo_database);

	*ret = NULL;
	if (run->config.geo_database.len == 0)
		return NULL;
	if (!path)
		return err_no_memory();
	TRY_CTX(geo_open(run->arena, path, ret),
		STR_FMT " sets geo.database; without it sessions have no place",
		STR_ARG(run->config.origins[SETTING_geo_database]));
	return NULL;
}
