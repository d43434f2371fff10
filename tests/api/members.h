/*
 * Users who have something in every table that users own, to be looked for where it must
 * not be; and requests in their names, put to the handlers without a socket.
 */
#ifndef TESTS_API_MEMBERS_H
#define TESTS_API_MEMBERS_H

#include "api/api.h"
#include "api/route.h"

/* Of every member. */
#define MEMBER_PASSWORD "abcdefghijklmnopqrst"

enum {
	/* Ids of a member's objects are person(number * OBJECTS_EACH + which). */
	OBJECTS_EACH = 100,
	ABSENT_NUMBER = 9999999, /* nobody's */
};

enum object {
	OBJECT_SESSION = 1,
	OBJECT_KEY,
	OBJECT_NARROW_KEY,
	OBJECT_VERIFICATION,
	OBJECT_RESET,
	OBJECT_CHANGE,
	OBJECT_CODE,
	OBJECT_SUBSCRIPTION,
	OBJECT_PAYMENT,
	OBJECT_GRANT,
	OBJECT_AFFILIATE,
	OBJECT_PICK,
	OBJECT_PREDICTION,
	OBJECT_ADMIN,
	OBJECT_LEAGUE,
	OBJECT_PLACE, /* his own in the league */
	/* One of administrators where he is one himself, else one to free access. */
	OBJECT_INVITATION,
	OBJECT_USER, /* the member himself */
};

/* How a member stands. */
enum standing_kind {
	MEMBER_PLAIN,
	MEMBER_ENTITLED, /* to every feature */
	MEMBER_SUPPORT,
	MEMBER_ADMIN,
	MEMBER_SUPER_ADMIN,
};

struct member {
	int number;
	struct user_id id;
	struct str marker;     /* stands in each of his texts, and nowhere else */
	struct str key;        /* of an API key with every scope */
	struct str narrow_key; /* of one with none */
};

/* The league that everybody sees, a forecast and an outlook of it, the tiers. */
struct err *league_put(struct ctx *ctx) MUST_USE;
/* A member with something everywhere. */
struct err *member_put(struct ctx *ctx, int number, enum standing_kind kind,
	struct member *ret) MUST_USE;
/* Whether TEXT shows no other member's marker. */
bool member_is_alone(const struct member *member, struct str text);
/* What is on file of MEMBER, as text: to see that it stays so. */
struct err *
member_dump(struct ctx *ctx, const struct member *member, struct str *ret) MUST_USE;

/* The same of OWN and FOREIGN, and how much there is at all of what administrators make. */
struct err *stored_dump(struct ctx *ctx, const struct member *own,
	const struct member *foreign, struct str *ret) MUST_USE;

/* His access token, under EPOCH; of a session with a second factor or without. */
struct str member_token(
	struct ctx *ctx, const struct member *member, int64_t epoch, bool is_mfa_passed);

/* A body that SCHEMA takes, of member NUMBER. */
struct str
member_sample_body(struct ctx *ctx, const struct body_schema *schema, int number);

/* The id of an object of member NUMBER, as it stands in a path. */
struct str object_text(struct arena *arena, int number, enum object object);
/* The same for SQL: {u…}. */
int object_number(int number, enum object object);

struct asking {
	enum http_method method;
	struct str target;
	struct str bearer; /* absent: no Authorization */
	struct str type;   /* of the body; absent: none */
	struct str body;
	struct str origin; /* absent: none */
	struct str cookie;
	struct str accept;
	struct str address; /* absent: one that nobody else has */
	struct str host;    /* absent: a name that is not this machine's own */
};

struct asked {
	int status;
	struct str body; /* "" of a stream */
	bool is_stream;
	const struct http_header *headers;
	size_t header_count;
	struct str cache_control;
	struct str lines;
};

/* Put a request to API, from an address of its own; the answer lies in CTX's arena. */
struct asked ask(struct ctx *ctx, struct api *api, const struct asking *what);
/* An API to which nothing is open, with the league, and the token of a member entitled to
 * all. */
struct err *
members_api_open(struct ctx *ctx, struct api *ret, struct str *ret_bearer) MUST_USE;
/* Give back what requests left on this loop, and the database of API. */
void api_close(struct ctx *ctx, struct api *api);
/* The value of a header of the answer; absent where it is not there. */
struct str asked_header(const struct asked *asked, struct str name);

#endif
