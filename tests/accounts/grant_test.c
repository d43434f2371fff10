/* Free access: for accounts and for addresses, one and by the file. */
#include "tests/accounts/accounts.h"
#include "tests/support/database.h"

#include "accounts/grant_file.h"
#include "accounts/standing.h"
#include "accounts/users_q.h"
#include "base/buf.h"
#include "billing/tier.h"

static struct err *
begin(struct ctx *ctx)
{
	int64_t count;

	TRY(accounts_begin(ctx));
	ctx->actor = (struct actor){ .is_system = true };
	return tier_seed(ctx, &count);
}

static struct user_id
user_of(struct ctx *ctx, const char *email)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct registered user = { .is_active = false };
	bool found = false;

	if (q_user_by_email(&tx, str_from(email), &user, &found) || !found)
		tap_fail(__FILE__, __LINE__, "no user %s", email);
	return user.id;
}

/* The tier that EMAIL is entitled to. */
static struct str
tier_of(struct ctx *ctx, const char *email)
{
	struct standing standing = { .is_active = false };
	bool found;

	if (standing_get(ctx, user_of(ctx, email), &standing, &found))
		return STR("failed");
	return str_dup(ctx->arena, str_from(standing.entitlement.tier));
}

static struct err *
give(struct ctx *ctx, const char *email, const char *tier, enum grant_fate *ret)
{
	struct grant_wish wish;

	TRY(grant_give(ctx,
		&(struct grant_one){ .email = str_from(email), .tier = str_from(tier) },
		&wish));
	*ret = wish.fate;
	return NULL;
}

BOTH_ENGINES(an_account_has_its_access_at_once)
{
	enum grant_fate fate;
	struct mail mail;

	OK_ERR(begin(ctx));
	OK_ERR(account_make(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD)));
	EQ_STR(tier_of(ctx, "ann@example.org"), STR(""));
	OK_ERR(give(ctx, "ann@example.org", "beta_tester", &fate));
	EQ_I64(fate, GRANT_IS_GIVEN);
	EQ_STR(tier_of(ctx, "ann@example.org"), STR("beta_tester"));
	OK_ERR(mail_take(ctx, MAIL_GRANT, STR("ann@example.org"), &mail));
	/* As much again changes nothing. */
	OK_ERR(give(ctx, "ann@example.org", "beta_tester", &fate));
	EQ_I64(fate, GRANT_IS_UNCHANGED);
	FAILS_WITH(give(ctx, "ann@example.org", "no_such", &fate), ERR_INVALID);
	FAILS_WITH(give(ctx, "ann@example.org", "free_trial", &fate), ERR_INVALID);
}

BOTH_ENGINES(an_address_has_its_access_when_it_is_confirmed)
{
	enum grant_fate fate;
	struct mail mail;

	OK_ERR(begin(ctx));
	OK_ERR(give(ctx, "bea@example.org", "friends_family", &fate));
	EQ_I64(fate, GRANT_IS_OFFERED);
	OK_ERR(mail_take(ctx, MAIL_GRANT_INVITATION, STR("bea@example.org"), &mail));
	OK_ERR(give(ctx, "bea@example.org", "friends_family", &fate));
	EQ_I64(fate, GRANT_IS_UNCHANGED);
	OK_ERR(account_make(ctx, STR("bea@example.org"), STR(GOOD_PASSWORD)));
	EQ_STR(tier_of(ctx, "bea@example.org"), STR("friends_family"));
}

BOTH_ENGINES(access_taken_back_is_gone_at_once)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct grant_row_list list;
	enum grant_fate fate;
	struct user_id ann;

	OK_ERR(begin(ctx));
	OK_ERR(account_make(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD)));
	OK_ERR(give(ctx, "ann@example.org", "beta_tester", &fate));
	ann = user_of(ctx, "ann@example.org");
	OK_ERR(q_grant_list(&tx, ann, &list));
	EQ_I64(list.count, 1);
	ctx->actor = (struct actor){ .is_system = true };
	OK_ERR(grant_take_back(ctx, ann, list.items[0].id));
	EQ_STR(tier_of(ctx, "ann@example.org"), STR(""));
	FAILS_WITH(grant_take_back(ctx, ann, list.items[0].id), ERR_NOT_FOUND);
}

#define FILE_OF_THREE                                     \
	"email,tier,days,access_type,notes\r\n"           \
	"ann@example.org,beta_tester,30,,\"met, once\"\n" \
	"BEA@example.org, season ,,compensation,\n"       \
	"cid@example.org,friends_family,,,\n"

static struct str
held(struct ctx *ctx)
{
	static const enum db_type columns[] = { DB_TEXT, DB_TEXT, DB_I64 };
	struct str rows = STR("failed");

	if (database_dump(ctx,
		    "SELECT 'grant', access_type, count(*) FROM free_access_grants GROUP "
		    "BY 1, 2 UNION ALL "
		    "SELECT 'offer', access_type, count(*) FROM invitations GROUP BY 1, "
		    "2 UNION ALL "
		    "SELECT 'mail', status, count(*) FROM outbox WHERE status <> 'sent' "
		    "GROUP BY 1, 2 ORDER BY 1, 2",
		    columns, COUNT_OF(columns), &rows))
		rows = STR("cannot be read");
	return rows;
}

BOTH_ENGINES(a_file_is_tried_first_and_then_carried_out)
{
	struct grant_report report;
	size_t mails;
	struct str before;

	OK_ERR(begin(ctx));
	OK_ERR(account_make(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD)));
	OK_ERR(mail_count(ctx, &mails));
	before = held(ctx);
	ctx->actor = (struct actor){ .is_system = true };
	OK_ERR(grant_file_import(ctx, STR(FILE_OF_THREE), true, &report));
	EQ_I64(report.fault_count, 0);
	EQ_I64(report.rows, 3);
	EQ_I64(report.counts.given, 1);
	EQ_I64(report.counts.offered, 2);
	OK(uuid_is_nil(report.batch));
	EQ_STR(held(ctx), before);
	OK_ERR(grant_file_import(ctx, STR(FILE_OF_THREE), false, &report));
	OK(!uuid_is_nil(report.batch));
	EQ_STR(tier_of(ctx, "ann@example.org"), STR("beta_tester"));
	OK_OR(str_find(held(ctx), STR("offer|compensation|1\noffer|friends_family|1\n")) >
			0,
		STR_FMT, STR_ARG(held(ctx)));
	OK_ERR(mail_count(ctx, &mails));
	EQ_I64(mails, 3);
	/* The same file again, an hour later, gives nothing twice. */
	ctx->now += (int64_t)3600 * MICROSECONDS_PER_SECOND;
	OK_ERR(grant_file_import(ctx, STR(FILE_OF_THREE), false, &report));
	EQ_I64(report.counts.unchanged, 3);
	OK_ERR(mail_count(ctx, &mails));
	EQ_I64(mails, 0);
}

BOTH_ENGINES(one_faulty_row_keeps_all_back_and_every_fault_is_named)
{
	struct grant_report report;
	struct str before;

	OK_ERR(begin(ctx));
	before = held(ctx);
	OK_ERR(grant_file_import(ctx,
		STR("tier,email,days\n"
		    "beta_tester,ann@example.org,30\n"
		    "gold,bea@example.org,\n"
		    "beta_tester,not-an-address,\n"
		    "beta_tester,cid@example.org,0\n"
		    "beta_tester,Ann@example.org,1\n"
		    "beta_tester\n"),
		false, &report));
	EQ_I64(report.rows, 6);
	EQ_I64(report.fault_count, 5);
	EQ_STR(report.faults,
		STR("line,field,reason\r\n"
		    "3,tier,'gold' is no tier that can be given\r\n"
		    "4,email,'not-an-address' is no e-mail address\r\n"
		    "5,days,'0' is no number of days from 1 to 3660\r\n"
		    "6,email,this address is in line 2 already\r\n"
		    "7,,\"1 fields, but line 1 has 3\"\r\n"));
	EQ_STR(held(ctx), before);
}

BOTH_ENGINES(a_deactivated_account_is_a_fault_of_its_row)
{
	struct tx tx = db_auto(ctx, SHARD_GLOBAL);
	struct grant_report report;

	OK_ERR(begin(ctx));
	OK_ERR(account_make(ctx, STR("ann@example.org"), STR(GOOD_PASSWORD)));
	OK_ERR(db_run_text(&tx, STR("UPDATE users SET is_active = FALSE")));
	ctx->actor = (struct actor){ .is_system = true };
	OK_ERR(grant_file_import(ctx,
		STR("email,tier\nbea@example.org,season\nann@example.org,season\n"),
		false, &report));
	EQ_STR(report.faults,
		STR("line,field,reason\r\n3,email,the account of this address is "
		    "deactivated\r\n"));
}

/* As a spreadsheet has it, and as JSON counts it. */
BOTH_ENGINES(notes_are_of_five_hundred_characters_and_columns_of_either_case)
{
	char notes[2 * 501 + 1] = "";
	struct grant_report report;

	OK_ERR(begin(ctx));
	for (size_t i = 0; i < 501; i++)
		memcpy(notes + 2 * i, "\xc3\xa4", 2);
	OK_ERR(grant_file_import(ctx,
		str_fmt(ctx->arena, "Email,TIER,Notes\na@example.org,season,%.1000s\n",
			notes),
		true, &report));
	EQ_I64(report.fault_count, 0);
	OK_ERR(grant_file_import(ctx,
		str_fmt(ctx->arena, "Email,TIER,Notes\na@example.org,season,%s\n", notes),
		true, &report));
	EQ_STR(report.faults,
		STR("line,field,reason\r\n2,notes,longer than 500 characters\r\n"));
}

BOTH_ENGINES(what_is_no_such_file_is_refused)
{
	static const char *const bad[] = { "", "email\na@b\n", "email,tier\n",
		"email,tier,colour\na@b,season,red\n", "email,tier,email\n",
		"email,tier\n\"a@b,season\n" };
	struct grant_report report;

	OK_ERR(begin(ctx));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		FAILS_WITH(grant_file_import(ctx, str_from(bad[i]), true, &report),
			ERR_INVALID);
	EQ_STR(grant_file_import(ctx, STR("email;tier\na@b;season\n"), true, &report)
			->message,
		STR("line 1: columns are separated by commas, not by semicolons or "
		    "tabs"));
}

BOTH_ENGINES(thousands_of_rows_are_carried_out_at_once)
{
	struct grant_report report;
	struct buf file;

	OK_ERR(begin(ctx));
	buf_init(&file, ctx->arena, 1 << 20);
	buf_put(&file, STR("email,tier\n"));
	for (int i = 0; i < 1234; i++)
		buf_fmt(&file, "user%d@example.org,season\n", i);
	OK_ERR(grant_file_import(ctx, buf_str(&file), false, &report));
	EQ_I64(report.counts.offered, 1234);
	OK_OR(str_find(held(ctx), STR("mail|pending|1234\noffer|promotional|1234\n")) >=
			0,
		STR_FMT, STR_ARG(held(ctx)));
}
