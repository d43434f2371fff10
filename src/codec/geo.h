/*
 * Where an address is: the city and the country, in English, from a file of the
 * operator's in MaxMind's format (.mmdb), such as GeoLite2 City or DB-IP's City Lite.
 *
 * The file is mapped into memory, so a new one takes the old one's place by renaming, as
 * geoipupdate does it, and counts from the next start on.
 */
#ifndef CODEC_GEO_H
#define CODEC_GEO_H

#include "base/err.h"

struct geo;

/* NOT_FOUND: there is no file PATH, or it may not be read. INVALID: it is no such file,
 * or one of something else than places. */
struct err *geo_open(struct arena *arena, const char *path, struct geo **ret) MUST_USE;
void geo_close(struct geo *geo);

/* What the file says it is: "GeoLite2-City". */
struct str geo_kind(const struct geo *geo);

/* "Green Bay, United States", "Canada", or absent: ADDRESS is not in the file, is none,
 * or GEO is NULL. Any thread may ask. */
struct str geo_place(const struct geo *geo, struct arena *arena, struct str address);

#endif
