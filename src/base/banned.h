/*
 * Functions that the house does without. Included before every file by the build.
 *
 * Memory comes from an arena or a slab (base/arena.c, base/slab.c); text is `struct str`
 * or `struct buf`; numbers are parsed by base/num.h, which reports what it could not
 * read; time comes from sys/clock.h. tools/check-banned holds the list of files that may
 * lift a ban with #undef.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(name) name##_is_banned_see_base_banned_h

/* Macros already: for clang with _FORTIFY_SOURCE, and from the system's alloca.h. */
#undef sprintf
#undef asprintf
#undef alloca

#define malloc(...)    BANNED(malloc)
#define calloc(...)    BANNED(calloc)
#define realloc(...)   BANNED(realloc)
#define free(...)      BANNED(free)
#define strdup(...)    BANNED(strdup)
#define strndup(...)   BANNED(strndup)
#define strcpy(...)    BANNED(strcpy)
#define strncpy(...)   BANNED(strncpy)
#define strcat(...)    BANNED(strcat)
#define strncat(...)   BANNED(strncat)
#define strtok(...)    BANNED(strtok)
#define strtok_r(...)  BANNED(strtok_r)
#define sprintf(...)   BANNED(sprintf)
#define vsprintf(...)  BANNED(vsprintf)
#define asprintf(...)  BANNED(asprintf)
#define gets(...)      BANNED(gets)
#define sscanf(...)    BANNED(sscanf)
#define atoi(...)      BANNED(atoi)
#define atol(...)      BANNED(atol)
#define atof(...)      BANNED(atof)
#define system(...)    BANNED(system)
#define popen(...)     BANNED(popen)
#define time(...)      BANNED(time)
#define gmtime(...)    BANNED(gmtime)
#define localtime(...) BANNED(localtime)
#define ctime(...)     BANNED(ctime)
#define asctime(...)   BANNED(asctime)
#define rand(...)      BANNED(rand)
#define srand(...)     BANNED(srand)
#define random(...)    BANNED(random)
#define alloca(...)    BANNED(alloca)

#endif
