/*
 * A second instance: opens the database of argv[1] and answers lines. Its clock stands
 * still, so nothing that it keeps grows old.
 *
 *     get UUID   →  active|inactive|absent EPOCH hits HITS
 *     role UUID  →  the number of the role, hits HITS
 *     key TEXT   →  good|refused
 *     hears      →  yes|no
 */
#include <stdio.h>
#include <unistd.h>

#include <sys/epoll.h>

#include "accounts/caller.h"
#include "accounts/standing.h"
#include "codec/uuid.h"
#include "db/listen.h"
#include "sys/clock.h"
#include "sys/fiber.h"

enum {
	ARENA_BYTES_MAX = 64 << 20,
	LINE_BYTES_MAX = 200,
	DEADLINE_MS = 600000,
};

struct peer {
	struct ctx *ctx;
	struct str url;
};

static void
answer_standing(struct ctx *ctx, struct str text, bool asks_role)
{
	struct standing standing = { 0 };
	struct user_id user;
	struct err *err = NULL;
	bool found = false;

	if (uuid_parse(text, &user.uuid))
		err = standing_get(ctx, user, &standing, &found);
	if (err)
		printf("error " STR_FMT "\n", STR_ARG(err->message));
	else if (asks_role)
		printf("%d hits %llu\n", (int)standing.role,
			(unsigned long long)standing_counters().hits);
	else
		printf("%s %lld hits %llu\n",
			!found                       ? "absent"
				: standing.is_active ? "active"
						     : "inactive",
			(long long)standing.session_epoch,
			(unsigned long long)standing_counters().hits);
}

static void
answer(struct ctx *ctx, struct str line)
{
	struct str rest = line, word;
	struct caller caller;

	(void)!str_next(&rest, ' ', &word);
	if (str_eq(word, STR("get")) || str_eq(word, STR("role")))
		answer_standing(ctx, rest, str_eq(word, STR("role")));
	else if (str_eq(word, STR("key")))
		printf("%s\n", caller_by_key(ctx, rest, &caller) ? "refused" : "good");
	else
		printf("%s\n", db_hears(ctx->db) ? "yes" : "no");
	fflush(stdout);
}

static struct err *
serve(struct peer *peer)
{
	struct ctx *ctx = peer->ctx;
	char line[LINE_BYTES_MAX];
	ssize_t length;

	TRY(db_open(ctx,
		&(struct db_options){ .url = peer->url, .allows_any_role = true },
		&ctx->db));
	TRY(standing_open(ctx));
	do {
		(void)fiber_wait_fd(STDIN_FILENO, EPOLLIN, DEADLINE_NEVER);
		length = read(STDIN_FILENO, line, sizeof(line));
		if (length > 0)
			answer(ctx,
				str_trim((struct str){
					.ptr = line, .len = (size_t)length }));
	} while (length > 0);
	standing_loop_close();
	db_loop_close(ctx->db);
	db_close(ctx->db);
	return NULL;
}

static void
serve_fiber(void *arg)
{
	struct err *err = serve(arg);

	if (err)
		printf("error " STR_FMT "\n", STR_ARG(err->message));
}

int
main(int argc, char **argv)
{
	struct arena arena;
	struct ctx ctx = { .arena = &arena,
		.now = clock_now_us(),
		.deadline = clock_deadline_ms(DEADLINE_MS),
		.route = "peer" };
	struct peer peer = { .ctx = &ctx,
		.url = str_from(argc > 1 ? argv[1] : "sqlite::memory:") };

	arena_init(&arena, ARENA_BYTES_MAX);
	if (loop_run_once(&arena, (struct loop_options){ 0 }, serve_fiber, &peer))
		return 1;
	arena_release(&arena);
	return 0;
}
