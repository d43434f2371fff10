#include "accounts/guess.h"

#include <pthread.h>

#include "base/buf.h"
#include "codec/ip.h"
#include "crypto/digest.h"

enum {
	SETS = 2048, /* of each table */
	WAYS = 8,
	KEY_BYTES = 16,
	FREE_TRIES = 5,
	FREE_TRIES_UNDER_ATTACK = 2, /* from an address that never got in */
	ATTACK_FAILURES = 50,        /* on one account, from anywhere */
	ADDRESS_FREE_TRIES = 50,     /* on any accounts */
	FORGET_AFTER_S = 24 * 3600,
	CALM_AFTER_S = 3600, /* without a failure; the account's and the address's */
	WAIT_MOST_S = 900,
	CODE_EVERY_S = 5, /* under attack, from addresses that never got in */
	GUESS_BYTES_MAX = 400,
};

/* What is known of one account from one address, of an account, or of an address. */
struct tries {
	uint8_t key[KEY_BYTES];
	uint32_t failures;
	bool is_known; /* got in once */
	bool is_used;
	int64_t last_at; /* the last try; microseconds */
	int64_t next_at; /* when another may be made */
};

enum table { OF_PAIR, OF_ACCOUNT, OF_ADDRESS, TABLES };

static struct {
	pthread_mutex_t lock;
	struct tries tries[TABLES][SETS][WAYS];
	struct guess_counters counters;
} kept = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* A digest, so that nobody can make a name that shares another's count. */
static void
key_of(enum table table, const struct guess *guess, uint8_t ret[static KEY_BYTES])
{
	char storage[GUESS_BYTES_MAX];
	uint8_t digest[SHA256_BYTES];
	struct buf text;
	struct ip ip = { { 0 } };

	/* A network of version 6 has addresses to waste. */
	if (ip_parse(guess->address, &ip))
		ip = ip_customer(ip);
	buf_init_fixed(&text, storage, sizeof(storage));
	buf_put_char(&text, (char)('0' + table));
	buf_put_char(&text, (char)('0' + guess->kind));
	if (table != OF_ACCOUNT)
		buf_put(&text,
			(struct str){
				.ptr = (const char *)ip.bytes, .len = sizeof(ip.bytes) });
	if (table != OF_ADDRESS)
		buf_put(&text, str_slice(guess->account, 0, 300));
	digest_sha256(buf_str(&text), digest);
	memcpy(ret, digest, KEY_BYTES);
}

/* Whether A is better forgotten than B. */
static bool
is_less(const struct tries *a, const struct tries *b)
{
	if (a->is_used != b->is_used)
		return !a->is_used;
	if (a->failures != b->failures)
		return a->failures < b->failures;
	return a->last_at < b->last_at;
}

static struct tries *
tries_of(enum table table, const struct guess *guess, int64_t now)
{
	uint8_t key[KEY_BYTES];
	struct tries *set, *least;
	uint32_t hash;
	int64_t calm_after_s = table == OF_PAIR ? FORGET_AFTER_S : CALM_AFTER_S;

	key_of(table, guess, key);
	memcpy(&hash, key, sizeof(hash));
	set = kept.tries[table][hash % SETS];
	least = &set[0];
	for (size_t way = 0; way < WAYS; way++) {
		struct tries *tries = &set[way];

		if (tries->is_used && memcmp(tries->key, key, sizeof(key)) == 0) {
			if (now - tries->last_at > calm_after_s * MICROSECONDS_PER_SECOND)
				tries->failures = 0;
			return tries;
		}
		if (is_less(tries, least))
			least = tries;
	}
	*least = (struct tries){ .is_used = true, .last_at = now, .next_at = now };
	memcpy(least->key, key, sizeof(key));
	return least;
}

/* 1, 2, 4 … seconds for each try after the FREE first. */
static int64_t
pause_after(uint32_t failures, uint32_t free)
{
	uint32_t doubled = failures - free;

	if (failures < free)
		return 0;
	if (doubled > 9)
		return WAIT_MOST_S;
	return INT64_C(1) << doubled;
}

struct three {
	struct tries *pair;
	struct tries *account; /* NULL: nobody is named */
	struct tries *address;
};

static bool
is_attacked(const struct three *three)
{
	return three->account && three->account->failures >= ATTACK_FAILURES &&
		!three->pair->is_known;
}

static void
count(struct tries *tries, int64_t now, int64_t pause_s)
{
	tries->failures++;
	tries->last_at = now;
	tries->next_at = now + pause_s * MICROSECONDS_PER_SECOND;
}

/* When the next try may be made. */
static int64_t
allowed_at(const struct three *three, enum guess_kind kind)
{
	int64_t at = three->pair->next_at;

	if (three->address->next_at > at)
		at = three->address->next_at;
	if (is_attacked(three) && kind == GUESS_CODE && three->account->next_at > at)
		at = three->account->next_at;
	return at;
}

static void
take(const struct three *three, int64_t now)
{
	uint32_t free = is_attacked(three) ? FREE_TRIES_UNDER_ATTACK : FREE_TRIES;
	bool is_known = three->pair->is_known;

	count(three->pair, now, pause_after(three->pair->failures + 1, free));
	if (three->account && !is_known)
		count(three->account, now, CODE_EVERY_S);
	count(three->address, now,
		pause_after(three->address->failures + 1, ADDRESS_FREE_TRIES));
}

static struct three
three_of(const struct guess *guess, int64_t now)
{
	return (struct three){
		.pair = tries_of(OF_PAIR, guess, now),
		.account = str_is_none(guess->account) ? NULL
						       : tries_of(OF_ACCOUNT, guess, now),
		.address = tries_of(OF_ADDRESS, guess, now),
	};
}

static struct err *
gate(struct ctx *ctx, const struct guess *guess, bool is_taken)
{
	int64_t now = ctx->now, at;
	struct three three;
	struct err *err;

	pthread_mutex_lock(&kept.lock);
	three = three_of(guess, now);
	at = allowed_at(&three, guess->kind);
	/* No wait is longer than the longest: the clock was set back. */
	if (at > now + INT64_C(2) * WAIT_MOST_S * MICROSECONDS_PER_SECOND)
		at = now;
	if (at <= now) {
		if (is_taken)
			take(&three, now);
		kept.counters.taken++;
	} else {
		kept.counters.refused++;
	}
	pthread_mutex_unlock(&kept.lock);
	if (at <= now)
		return NULL;
	err = err_new(ctx, ERR_RATE_LIMITED, "too many tries");
	err->retry_after_s = (int32_t)((at - now + MICROSECONDS_PER_SECOND - 1) /
		MICROSECONDS_PER_SECOND);
	return err;
}

struct err *
guess_gate(struct ctx *ctx, const struct guess *guess)
{
	return gate(ctx, guess, true);
}

struct err *
guess_wait(struct ctx *ctx, const struct guess *guess)
{
	return gate(ctx, guess, false);
}

/* A try that was taken and right was none of the failures of these two; others' stay. */
static void
give_back(const struct three *three, int64_t now)
{
	if (three->address->failures > 0)
		three->address->failures--;
	if (three->address->failures < ADDRESS_FREE_TRIES)
		three->address->next_at = now;
	if (three->account && !three->pair->is_known && three->account->failures > 0)
		three->account->failures--;
}

static void
right(const struct ctx *ctx, const struct guess *guess, bool was_taken)
{
	struct three three;

	pthread_mutex_lock(&kept.lock);
	three = three_of(guess, ctx->now);
	if (was_taken)
		give_back(&three, ctx->now);
	three.pair->failures = 0;
	three.pair->next_at = ctx->now;
	three.pair->is_known = three.account != NULL;
	pthread_mutex_unlock(&kept.lock);
}

void
guess_right(const struct ctx *ctx, const struct guess *guess)
{
	right(ctx, guess, true);
}

struct err *
guess_judge(const struct ctx *ctx, const struct guess *guess, struct err *verdict)
{
	if (!verdict) {
		right(ctx, guess, false);
	} else if (verdict->code == ERR_GONE || verdict->code == ERR_NOT_FOUND) {
		struct three three;

		pthread_mutex_lock(&kept.lock);
		three = three_of(guess, ctx->now);
		take(&three, ctx->now);
		pthread_mutex_unlock(&kept.lock);
	}
	return verdict;
}

struct guess_counters
guess_counters(void)
{
	struct guess_counters counters;

	pthread_mutex_lock(&kept.lock);
	counters = kept.counters;
	pthread_mutex_unlock(&kept.lock);
	return counters;
}

void
guess_forget_all(void)
{
	pthread_mutex_lock(&kept.lock);
	memset(kept.tries, 0, sizeof(kept.tries));
	pthread_mutex_unlock(&kept.lock);
}
