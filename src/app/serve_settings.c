#include "app/serve_settings.h"

#include "app/mailing.h"
#include "base/num.h"
#include "crypto/password.h"

/* "HOST:PORT" into its parts; an IPv6 host stands in brackets. */
static struct err *
address_parse(struct invocation *run, struct str listen, struct str *ret_host,
	uint16_t *ret_port)
{
	size_t colon = listen.len;
	struct str host;
	int32_t port;

	while (colon > 0 && listen.ptr[colon - 1] != ':')
		colon--;
	if (colon == 0 ||
		!num_parse_i32(
			str_slice(listen, colon, listen.len), 0, UINT16_MAX, &port))
		return err_in(run->arena, ERR_INVALID,
			"cannot listen on '" STR_FMT
			"': give HOST:PORT, such as 127.0.0.1:8080",
			STR_ARG(listen));
	host = str_slice(listen, 0, colon - 1);
	if (host.len > 1 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = str_slice(host, 1, host.len - 1);
	*ret_host = str_eq(host, STR("localhost")) ? STR("127.0.0.1") : host;
	*ret_port = (uint16_t)port;
	return NULL;
}

/* Nothing but the machine itself can reach a loopback address, so looking around there
 * needs no account; what passes a proxy is told apart at each request. */
static struct err *
access_read(struct invocation *run, struct str host, struct access *ret)
{
	struct str open = run->config.access_open;
	struct access_setup setup = { .proxies = run->config.trusted_proxies };
	struct ip ip;

	if (str_eq(open, STR("auto")))
		setup.is_open = run->config.environment == ENVIRONMENT_DEVELOPMENT &&
			ip_parse(host, &ip) && ip_is_loopback(ip);
	else if (str_eq(open, STR("true")))
		setup.is_open = true;
	else if (!str_eq(open, STR("false")))
		return err_in(run->arena, ERR_INVALID,
			"access.open is '" STR_FMT "', but must be true, false or auto",
			STR_ARG(open));
	return access_init(run->arena, &setup, ret);
}

struct err *
password_settings(struct invocation *run)
{
	struct password_params params = {
		.scheme = PASSWORD_ARGON2ID,
		.memory_kib = run->config.password_memory_kib,
		.passes = run->config.password_passes,
		.bcrypt_cost = run->config.password_bcrypt_cost,
	};

	if (str_eq(run->config.password_scheme, STR("bcrypt")))
		params.scheme = PASSWORD_BCRYPT;
	else if (!str_eq(run->config.password_scheme, STR("argon2id")))
		return err_in(run->arena, ERR_INVALID,
			"password.scheme is '" STR_FMT
			"', but must be argon2id or bcrypt",
			STR_ARG(run->config.password_scheme));
	return password_configure(run->arena, &params);
}

/* A slip would leave people without a factor that the operator thinks they have. */
static struct err *
mfa_read(struct invocation *run, bool *ret)
{
	struct str who = run->config.mfa_required_of;

	*ret = str_eq(who, STR("everybody"));
	if (*ret || str_eq(who, STR("administrators")))
		return NULL;
	return err_in(run->arena, ERR_INVALID,
		"mfa.required_of is '" STR_FMT
		"', but must be administrators or everybody",
		STR_ARG(who));
}

struct err *
serve_settings_read(struct invocation *run, struct serve_settings *ret)
{
	const struct config *config = &run->config;

	TRY(address_parse(run, config->listen, &ret->host, &ret->port));
	TRY(access_read(run, ret->host, &ret->access));
	TRY(password_settings(run));
	TRY(mfa_read(run, &ret->requires_mfa));
	/* The system has yet to say which port, where any will do. */
	return mailing_options(
		run, ret->port ? config->listen : STR("127.0.0.1"), &ret->mail);
}
