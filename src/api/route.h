/* The table of routes (api/routes.def) and the way from a request to its row. */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "api/body.h"
#include "api/request.h"
#include "api/rows.h"
#include "base/histogram.h"

enum route_who { WHO_ANYONE, WHO_USER, WHO_ADMIN };
enum route_rate { RATE_FREE, RATE_READ, RATE_WRITE, RATE_SESSION };
enum answer_shape {
	SHAPE_ROW,
	SHAPE_CREATED, /* one row, made just now: 201 */
	SHAPE_ROWS,
	SHAPE_CSV,
	SHAPE_TEXT,
	SHAPE_JSON,
	SHAPE_HTML,
	SHAPE_EVENTS,
	SHAPE_EMPTY,
	SHAPE_ACCEPTED
};

/* What a route answers: of which rows, where it is made of rows. */
struct answer_kind {
	enum answer_shape shape;
	const struct row_schema *schema; /* NULL: none */
};

/* What a route takes as its body: one of bodies.def, or bytes of some content types. */
struct body_rule {
	const struct body_schema *schema; /* NULL: raw */
	struct str types;                 /* "text/csv|application/json" */
};

enum {
	ROUTE_NO_KEY = -1,
	ROUTE_OPEN = -1,
};

struct route {
	enum http_method method;
	struct str path;   /* "/v1/games/{id}" */
	const char *label; /* "GET /v1/games/{id}", for logs and statistics */
	const char *handler_name;
	handler_fn handler;
	enum route_who who;
	uint32_t permission; /* bit PERMISSION_x, of WHO_ADMIN */
	int key;             /* SCOPE_x that an API key needs; ROUTE_NO_KEY */
	int feature;         /* FEATURE_x that the caller is entitled to; ROUTE_OPEN */
	enum route_rate rate;
	uint32_t params; /* bits PARAM_x */
	struct body_rule body;
	struct answer_kind answer;
	bool is_kept; /* see api/ready.h */
	const char *about;
};

enum route_index {
#define ROUTE(method_, path_, handler_, ...) ROUTE_##handler_,
#include "api/routes.def"
#undef ROUTE
	ROUTE_COUNT
};

extern const struct route route_table[ROUTE_COUNT];

/* Of one route, by status class. */
struct route_stats {
	struct histogram duration;
	_Atomic uint64_t answers[5]; /* 1xx to 5xx */
};
extern struct route_stats route_stats[ROUTE_COUNT];

/*
 * The route of METHOD and PATH, its {…} parts decoded into RET_PARTS. NULL where there is
 * none; then RET_ALLOWED has bit M set for every method M that the path does have. HEAD
 * finds GET. A path that stands in the table as it is comes before {…} ones.
 */
const struct route *route_find(struct arena *arena, enum http_method method,
	struct str path, struct str ret_parts[PATH_PARAMS_MAX], uint32_t *ret_allowed);

#define ROUTE(method_, path_, handler_, ...) struct answer handler_(struct request *rq);
#include "api/routes.def"
#undef ROUTE

#endif
