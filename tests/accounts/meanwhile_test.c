/* What is asked for with a password is done by whom the password still belongs to when it is
 * done: comparing it takes a while, in which another request may change it. */
#include <semaphore.h>

#include "accounts/api_key.h"
#include "accounts/api_keys_q.h"
#include "accounts/erase.h"
#include "accounts/mfa.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"
#include "tests/accounts/accounts.h"
#include "tests/support/database.h"

#define ALICE STR("alice@example.org")

enum {
	OFFLOAD_THREADS = 4,
	HANG_BOUND_MS = 60000,
};

/* Every thread of the pool, so that passwords wait to be compared. */
static sem_t gate;

static void
thread_hold(UNUSED void *arg)
{
	while (sem_wait(&gate) != 0)
		;
}

static void
hold_run(void *arg)
{
	struct ctx *ctx = arg;
	struct err *err = fiber_offload(ctx, thread_hold, NULL);

	(void)err;
}

/* One request of Alice's. */
struct request {
	struct ctx ctx;
	struct str code;
	struct err *(*run)(struct request *request);
	struct err *err;
	struct fiber_event ended;
};

static struct err *
run_erase(struct request *request)
{
	return erase_account(
		&request->ctx, &(struct proof){ .password = STR(GOOD_PASSWORD) });
}

static struct err *
run_begin(struct request *request)
{
	struct mfa_enrolment enrolment;

	return mfa_begin(&request->ctx, STR(GOOD_PASSWORD), &enrolment);
}

static struct err *
run_disable(struct request *request)
{
	struct proof proof = { .password = STR(GOOD_PASSWORD), .code = request->code };

	return mfa_disable(&request->ctx, &proof);
}

static struct err *
run_renew(struct request *request)
{
	struct proof proof = { .password = STR(GOOD_PASSWORD), .code = request->code };
	struct recovery_codes codes;

	return mfa_renew_codes(&request->ctx, &proof, &codes);
}

static void
request_run(void *arg)
{
	struct request *request = arg;

	request->err = request->run(request);
	fiber_event_set(&request->ended);
}

/* Until COUNT calls were given to the pool. */
static bool
were_offloaded(uint64_t count)
{
	int64_t bound = clock_deadline_ms(HANG_BOUND_MS);

	while (loop_counters(loop_current()).offloads < count &&
		clock_monotonic_ns() < bound)
		fiber_sleep_until(clock_deadline_ms(1));
	return loop_counters(loop_current()).offloads >= count;
}

/* Let RUN wait for its password to be compared, and do SQL meanwhile. */
static struct err *
meanwhile(struct ctx *ctx, struct request *request, const char *sql)
{
	uint64_t held = loop_counters(loop_current()).offloads + OFFLOAD_THREADS;
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct err *err = NULL;

	sem_init(&gate, 0, 0);
	request->ctx = *ctx;
	fiber_event_init(&request->ended);
	for (int i = 0; i < OFFLOAD_THREADS; i++)
		if (!fiber_spawn("hold", hold_run, ctx))
			return err_no_memory();
	if (!were_offloaded(held) || !fiber_spawn("request", request_run, request))
		return err_no_memory();
	if (!were_offloaded(held + 1))
		err = err_new(ctx, ERR_INTERNAL, "no password is to be compared");
	if (!err)
		err = db_run_text(&tx, str_from(sql));
	for (int i = 0; i < OFFLOAD_THREADS; i++)
		sem_post(&gate);
	fiber_event_join(&request->ended);
	return err;
}

static struct err *
alice_make(struct ctx *ctx, struct session_tokens *ret)
{
	TRY(accounts_begin(ctx));
	TRY(account_make(ctx, ALICE, STR(GOOD_PASSWORD)));
	TRY(account_sign_in(ctx, ALICE, STR(GOOD_PASSWORD), ret));
	ctx->actor = (struct actor){ .user_id = ret->user_id };
	return NULL;
}

/* The recovery codes that were made with the second factor. */
#define CODES                                                                           \
	"SELECT CAST(count(*) AS text) FROM mfa_recovery_codes c JOIN users u ON u.id " \
	"= c.user_id WHERE c.created_at = u.mfa_enabled_at"
#define OTHER_PASSWORD "UPDATE users SET password_hash = '$2b$another'"

/* Alice's account as it is on file. */
static struct str
state(struct ctx *ctx)
{
	static const enum db_type columns[] = { DB_I64, DB_I64, DB_I64 };
	struct str dump = STR("failed");

	if (database_dump(ctx,
		    "SELECT CASE WHEN erased_at IS NULL THEN 0 ELSE 1 END, CASE WHEN "
		    "totp_secret IS NULL THEN 0 ELSE 1 END, CASE WHEN mfa_enabled_at IS "
		    "NULL THEN 0 ELSE 1 END FROM users",
		    columns, COUNT_OF(columns), &dump))
		return STR("failed");
	return dump;
}

BOTH_ENGINES(an_account_is_not_erased_by_a_password_that_it_had)
{
	struct request request = { .run = run_erase };
	struct session_tokens tokens;

	OK_ERR(alice_make(ctx, &tokens));
	OK_ERR(meanwhile(ctx, &request, OTHER_PASSWORD));
	FAILS_WITH(request.err, ERR_CONFLICT);
	EQ_STR(state(ctx), STR("0|0|0\n"));
}

BOTH_ENGINES(a_second_factor_is_not_begun_by_a_password_that_was)
{
	struct request request = { .run = run_begin };
	struct session_tokens tokens;

	OK_ERR(alice_make(ctx, &tokens));
	OK_ERR(meanwhile(ctx, &request, OTHER_PASSWORD));
	FAILS_WITH(request.err, ERR_CONFLICT);
	EQ_STR(state(ctx), STR("0|0|0\n"));
}

static struct err *
run_key(struct request *request)
{
	struct api_key_new key = { .name = STR("n"),
		.scopes = 1,
		.days = 1,
		.proof = { .password = STR(GOOD_PASSWORD) } };
	struct api_key made;
	struct str text;

	return api_key_create(&request->ctx, &key, &made, &text);
}

BOTH_ENGINES(an_api_key_is_not_made_by_a_password_that_was)
{
	struct request request = { .run = run_key };
	struct session_tokens tokens;
	struct str keys;

	OK_ERR(alice_make(ctx, &tokens));
	OK_ERR(meanwhile(ctx, &request, OTHER_PASSWORD));
	FAILS_WITH(request.err, ERR_CONFLICT);
	OK_ERR(value_of(ctx, "SELECT CAST(count(*) AS text) FROM api_keys", &keys));
	EQ_STR(keys, STR("0"));
}

static struct err *
alice_enrol(struct ctx *ctx, struct str *ret_code)
{
	struct mfa_enrolment enrolment;
	struct session_tokens tokens;
	struct recovery_codes codes;
	struct str secret;

	TRY(alice_make(ctx, &tokens));
	TRY(mfa_begin(ctx, STR(GOOD_PASSWORD), &enrolment));
	secret = authenticator_secret(ctx->arena, enrolment.secret);
	TRY(mfa_confirm(
		ctx, tokens.family_id, authenticator_code(ctx, secret, 0), &codes));
	ctx->now += (int64_t)60 * MICROSECONDS_PER_SECOND;
	*ret_code = authenticator_code(ctx, secret, 0);
	return NULL;
}

/* The code is right, and good for nothing else than what it was not used for. */
static void
change_refused(struct ctx *ctx, struct err *(*run)(struct request *request),
	const char *sql, enum err_code code)
{
	struct request request = { .run = run };
	struct str codes_before, codes_after;

	OK_ERR(alice_enrol(ctx, &request.code));
	OK_ERR(value_of(ctx, CODES, &codes_before));
	OK_ERR(meanwhile(ctx, &request, sql));
	FAILS_WITH(request.err, code);
	EQ_STR(state(ctx), STR("0|1|1\n"));
	OK_ERR(value_of(ctx, CODES, &codes_after));
	EQ_STR(codes_after, codes_before);
}

BOTH_ENGINES(a_second_factor_is_not_taken_away_by_a_password_that_was)
{
	change_refused(ctx, run_disable, OTHER_PASSWORD, ERR_CONFLICT);
}

BOTH_ENGINES(recovery_codes_are_not_renewed_by_a_password_that_was)
{
	change_refused(ctx, run_renew, OTHER_PASSWORD, ERR_CONFLICT);
}
