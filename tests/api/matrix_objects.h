/* Whose objects the paths of routes name: for the authorisation matrix. */
#ifndef TESTS_API_MATRIX_OBJECTS_H
#define TESTS_API_MATRIX_OBJECTS_H

#include "tests/api/members.h"

enum {
	PATH_PARTS_MAX = 2,
};

/* Of an administrator's routes, too, what is "own" is there: his own account. */
enum whose {
	OWN,
	FOREIGN,
	MIXED, /* the first {…} is another's, the second one's own */
	ABSENT,
	WHOSE_COUNT,
};

/* A path with {…}: which objects of a member it names, or what everybody may see. */
struct object_rule {
	const char *path;
	enum object parts[PATH_PARTS_MAX]; /* 0: not a user's */
	const char *present;               /* of everybody's: one that is there */
	const char *absent;                /* and one that is not; NULL: as good as any */
};

/* NULL where the path of ROUTE has no rule. */
const struct object_rule *object_rule_find(const struct route *route);
/* How many {…} the path of ROUTE has. */
size_t path_part_count(const struct route *route);

/* What stands for everybody's in a path. */
struct everybodys {
	struct str game;
	struct str team;
};

/* Who may be named in a path. */
struct named {
	const struct member *own;
	const struct member *foreign;
	struct everybodys public;
};

/* The path of ROUTE with the ids of WHOSE objects for every {…}. */
struct str path_of(struct arena *arena, const struct route *route, enum whose whose,
	const struct named *named);

#endif
