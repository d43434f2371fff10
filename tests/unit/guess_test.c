#include "accounts/guess.h"
#include "tests/tap.h"

enum {
	ARENA_BYTES = 4 << 20,
	SPRAYED = 60,
	PLACES = 200,
};

#define SECOND INT64_C(1000000)

struct place {
	struct arena arena;
	struct ctx ctx;
};

static void
begin(struct place *place)
{
	arena_init(&place->arena, ARENA_BYTES);
	place->ctx = (struct ctx){ .arena = &place->arena,
		.now = INT64_C(1700000000) * SECOND };
	guess_forget_all();
}

static struct guess
of(const char *account, const char *address)
{
	return (struct guess){ .kind = GUESS_PASSWORD,
		.account = str_from(account),
		.address = str_from(address) };
}

/* How many of TRIES wrong ones in a row are taken. */
static int
taken(struct ctx *ctx, struct guess guess, int tries)
{
	int count = 0;

	for (int i = 0; i < tries; i++)
		count += !guess_gate(ctx, &guess);
	return count;
}

TEST(a_few_tries_are_free_then_each_waits_twice_as_long)
{
	struct guess guess = of("ann@example.org", "192.0.2.1");
	struct place place;
	const struct err *err;

	begin(&place);
	EQ_I64(taken(&place.ctx, guess, 100), 5);
	err = guess_gate(&place.ctx, &guess);
	OK(err && err->code == ERR_RATE_LIMITED);
	EQ_I64(err->retry_after_s, 1);
	for (int wait = 1; wait <= 512; wait *= 2) {
		place.ctx.now += wait * SECOND - 1;
		EQ_I64(taken(&place.ctx, guess, 3), 0);
		place.ctx.now += 1;
		EQ_I64(taken(&place.ctx, guess, 3), 1);
	}
	/* No longer than a quarter of an hour. */
	place.ctx.now += 900 * SECOND;
	EQ_I64(taken(&place.ctx, guess, 3), 1);
	arena_release(&place.arena);
}

TEST(the_owner_elsewhere_still_gets_in)
{
	struct place place;

	begin(&place);
	EQ_I64(taken(&place.ctx, of("ann@example.org", "192.0.2.1"), 1000), 5);
	EQ_I64(taken(&place.ctx, of("ann@example.org", "198.51.100.7"), 1), 1);
	EQ_I64(taken(&place.ctx, of("bob@example.org", "192.0.2.1"), 1), 1);
	arena_release(&place.arena);
}

TEST(the_owner_gets_in_while_his_account_is_attacked_from_everywhere)
{
	struct guess owner = of("ann@example.org", "198.51.100.7");
	struct place place;
	int count = 0;

	begin(&place);
	OK(!guess_gate(&place.ctx, &owner));
	guess_right(&place.ctx, &owner);
	for (int i = 0; i < PLACES; i++)
		count += taken(&place.ctx,
			of("ann@example.org",
				str_cstr(&place.arena,
					str_fmt(&place.arena, "203.0.113.%d", i))),
			20);
	/* Five each for the first ten, then two. */
	EQ_I64(count, 50 + 2 * (PLACES - 10));
	EQ_I64(taken(&place.ctx, owner, 20), 5);
	EQ_I64(taken(&place.ctx, of("ann@example.org", "100.64.0.1"), 20), 2);
	arena_release(&place.arena);
}

TEST(codes_under_attack_are_tried_every_few_seconds_in_all)
{
	struct place place;
	int count = 0;

	begin(&place);
	for (int i = 0; i < PLACES; i++) {
		struct guess guess = of("ann",
			str_cstr(&place.arena, str_fmt(&place.arena, "203.0.113.%d", i)));

		guess.kind = GUESS_CODE;
		count += taken(&place.ctx, guess, 20);
	}
	EQ_I64(count, 50);
	arena_release(&place.arena);
}

/* How many of COUNT accounts, from FIRST on, one address may try once. */
static int
sprayed(struct place *place, int first, int count)
{
	int ret = 0;

	for (int i = first; i < first + count; i++)
		ret += taken(&place->ctx,
			of(str_cstr(&place->arena,
				   str_fmt(&place->arena, "user%d@example.org", i)),
				"192.0.2.1"),
			1);
	return ret;
}

TEST(one_address_cannot_try_a_password_on_everybody)
{
	struct place place;

	begin(&place);
	EQ_I64(sprayed(&place, 0, SPRAYED), 50);
	arena_release(&place.arena);
}

TEST(a_network_of_version_6_is_one_address)
{
	struct place place;
	int count = 0;

	begin(&place);
	for (int i = 0; i < PLACES; i++)
		count += taken(&place.ctx,
			of("ann@example.org",
				str_cstr(&place.arena,
					str_fmt(&place.arena, "2001:db8::%x", i))),
			1);
	EQ_I64(count, 5);
	arena_release(&place.arena);
}

TEST(who_was_right_begins_anew)
{
	struct guess guess = of("ann@example.org", "192.0.2.1");
	struct place place;

	begin(&place);
	for (int i = 0; i < PLACES; i++) {
		OK(!guess_gate(&place.ctx, &guess));
		guess_right(&place.ctx, &guess);
	}
	EQ_I64(taken(&place.ctx, guess, 20), 5);
	arena_release(&place.arena);
}

static struct guess
code_of_a_league(void)
{
	struct guess guess = of("ann", "192.0.2.1");

	guess.kind = GUESS_LEAGUE;
	return guess;
}

TEST(a_right_secret_tried_many_times_at_once_counts_for_nothing)
{
	struct guess guess = code_of_a_league();
	struct place place;

	begin(&place);
	for (int i = 0; i < PLACES; i++)
		OK(!guess_wait(&place.ctx, &guess));
	for (int i = 0; i < PLACES; i++)
		OK(!guess_judge(&place.ctx, &guess, NULL));
	/* Nor is it told that the database had no time. */
	for (int i = 0; i < PLACES; i++)
		FAILS_WITH(guess_judge(&place.ctx, &guess,
				   err_new(&place.ctx, ERR_BUSY, "no time")),
			ERR_BUSY);
	OK(!guess_wait(&place.ctx, &guess));
	/* And pays for none that was wrong elsewhere on the account. */
	EQ_I64(taken(&place.ctx, guess, 20), 5);
	arena_release(&place.arena);
}

TEST(a_right_secret_that_took_no_try_pays_none_back)
{
	struct guess guess = of("ann@example.org", "192.0.2.1");
	struct place place;

	begin(&place);
	EQ_I64(sprayed(&place, 0, 40), 40);
	for (int i = 0; i < PLACES; i++)
		OK(!guess_judge(&place.ctx, &guess, NULL));
	EQ_I64(sprayed(&place, 40, 40), 10);
	arena_release(&place.arena);
}

TEST(wrong_secrets_are_slowed_like_wrong_passwords)
{
	struct guess guess = code_of_a_league();
	struct place place;
	int count = 0;

	begin(&place);
	for (int i = 0; i < PLACES; i++) {
		if (guess_wait(&place.ctx, &guess))
			continue;
		count++;
		FAILS_WITH(guess_judge(&place.ctx, &guess,
				   err_new(&place.ctx, ERR_GONE, "no such link")),
			ERR_GONE);
	}
	EQ_I64(count, 5);
	arena_release(&place.arena);
}
