#include "tests/accounts/peer.h"

#include <stdlib.h>
#include <unistd.h>

#include <sys/wait.h>

#include "base/buf.h"
#include "codec/uuid.h"
#include "sys/clock.h"
#include "sys/fiber.h"

enum {
	TRIES_MAX = 3000,
	PAUSE_MS = 20,
};

bool
peer_start(struct peer *peer, struct arena *arena, struct str address)
{
	const char *url = str_cstr(arena, address);
	int to[2], from[2];

	if (pipe(to) != 0 || pipe(from) != 0)
		return false;
	peer->pid = fork();
	if (peer->pid == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		close(to[1]);
		close(from[0]);
		execl(STANDING_PEER, STANDING_PEER, url, (char *)NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	peer->to = fdopen(to[1], "w");
	peer->from = fdopen(from[0], "r");
	return peer->pid > 0 && peer->to && peer->from;
}

void
peer_end(struct peer *peer)
{
	fclose(peer->to);
	fclose(peer->from);
	waitpid(peer->pid, NULL, 0);
}

struct str
peer_ask(struct peer *peer, const char *question)
{
	fprintf(peer->to, "%s\n", question);
	fflush(peer->to);
	if (!fgets(peer->line, sizeof(peer->line), peer->from))
		return STR("gone");
	return str_trim(str_from(peer->line));
}

bool
peer_says(struct peer *peer, const char *question, const char *want)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		if (str_starts_with(peer_ask(peer, question), str_from(want)))
			return true;
		(void)fiber_sleep_until(clock_deadline_ms(PAUSE_MS));
	}
	fprintf(stderr, "# '%s' still answers %s", question, peer->line);
	return false;
}

const char *
peer_question(struct arena *arena, const char *word, struct user_id user)
{
	struct buf text;

	buf_init(&text, arena, PEER_LINE_BYTES_MAX);
	buf_fmt(&text, "%s ", word);
	uuid_format(&text, user.uuid);
	return str_cstr(arena, buf_str(&text));
}
