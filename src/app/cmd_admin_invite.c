#include "accounts/admin.h"
#include "app/mailing.h"
#include "codec/iso_time.h"
#include "mail/address.h"

static struct err *
invite_first(struct invocation *run)
{
	struct str token, link;
	int64_t expires_at;
	struct buf until;

	TRY(admin_invite_first(&run->ctx, &token, &expires_at));
	buf_init(&until, run->arena, ISO_TIME_LEN_MAX);
	iso_time_format(&until, expires_at);
	link = str_fmt(run->arena, STR_FMT "/accept-invitation#" STR_FMT,
		STR_ARG(public_url_of(run, run->config.listen)), STR_ARG(token));
	if (run->is_json)
		fprintf(run->console.out,
			"{\"link\": \"" STR_FMT "\", \"expires_at\": \"" STR_FMT "\"}\n",
			STR_ARG(link), STR_ARG(buf_str(&until)));
	else
		fprintf(run->console.out,
			"The first administrator follows this link, once, until " STR_FMT
			":\n\n    " STR_FMT "\n",
			STR_ARG(buf_str(&until)), STR_ARG(link));
	return NULL;
}

static struct err *
check_admin_invite(struct invocation *run)
{
	bool is_first = flag_is_set(run, "first");
	struct str role = flag_text(run, "role");

	if (is_first == (run->arg_count > 0))
		return usage_err(
			run, "give the address of whom to invite, or --first for a link");
	if (is_first && !str_is_none(role))
		return usage_err(run,
			"the first administrator is a super_admin: leave --role out");
	if (!str_is_none(role) && admin_role_parse(role) == ROLE_NONE)
		return usage_err(run,
			"--role is '" STR_FMT
			"', but must be support, admin or super_admin",
			STR_ARG(role));
	if (!is_first && !address_is_valid(run->args[0]))
		return usage_err(
			run, "'" STR_FMT "' is no e-mail address", STR_ARG(run->args[0]));
	return NULL;
}

static struct err *
invite_by_mail(struct invocation *run)
{
	struct str role = flag_text(run, "role");

	if (str_is_none(role))
		role = STR("admin");
	TRY(admin_invite(&run->ctx, address_in_lower_case(run->arena, run->args[0]),
		admin_role_parse(role)));
	if (run->is_json)
		fprintf(run->console.out,
			"{\"invited\": true, \"role\": \"" STR_FMT "\"}\n",
			STR_ARG(role));
	else
		fprintf(run->console.out,
			"An invitation to be " STR_FMT
			" waits to be mailed; a running server sends it\n",
			STR_ARG(role));
	return NULL;
}

static struct err *
run_admin_invite(struct invocation *run)
{
	return flag_is_set(run, "first") ? invite_first(run) : invite_by_mail(run);
}

static const struct flag flags[] = {
	{ "first", NULL, "print a link that makes the first super_admin" },
	{ "role", "support|admin|super_admin", "admin without it" },
	{ 0 },
};

const struct command cmd_admin_invite = {
	.name = "admin invite",
	.args = "[ADDRESS]",
	.summary = "invite an administrator: the first by a link, others by mail",
	.detail =
		"The first link works once, for a day, and only while there is no "
		"super_admin; a new one voids the one before.\n"
		"Administrators invite further ones themselves; from here, whoever runs "
		"the program can always. Nothing that\n"
		"an administrator may do works before signing in with a second factor.",
	.examples = "admin invite --first\n"
		    "admin invite ann@example.org --role support",
	.flags = flags,
	.args_max = 1,
	.needs = NEEDS_DATABASE,
	.uses_keys = true,
	.check = check_admin_invite,
	.run = run_admin_invite,
};
