#include "app/serve_settings.h"

#include "app/mailing.h"
#include "base/num.h"
#include "crypto/breached.h"
#include "crypto/password.h"
#include "http/server.h"

/* "ADDRESS:PORT" into its parts; an IPv6 address stands in brackets. */
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
	if (host.len == 0)
		return err_in(run->arena, ERR_INVALID,
			"cannot listen on '" STR_FMT
			"': say the address too, such as 127.0.0.1:%d, or 0.0.0.0:%d for "
			"all that this machine has",
			STR_ARG(listen), port, port);
	if (host.len > 1 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = str_slice(host, 1, host.len - 1);
	if (str_eq(host, STR("localhost")))
		host = STR("127.0.0.1");
	TRY(http_address_check(run->arena, host));
	*ret_host = host;
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
	else
		setup.is_open = str_eq(open, STR("true"));
	return access_init(run->arena, &setup, ret);
}

struct err *
password_settings(struct invocation *run)
{
	struct password_params params = {
		.scheme = str_eq(run->config.password_scheme, STR("bcrypt"))
			? PASSWORD_BCRYPT
			: PASSWORD_ARGON2ID,
		.memory_kib = run->config.password_memory_kib,
		.passes = run->config.password_passes,
		.bcrypt_cost = run->config.password_bcrypt_cost,
	};

	return password_configure(run->arena, &params);
}

/* The file is looked at before anybody can choose a password. */
static struct err *
breached_settings(struct invocation *run)
{
	const char *path = str_cstr(run->arena, run->config.password_breached_file);

	if (!path)
		return err_no_memory();
	if (!*path)
		return NULL;
	TRY_CTX(breached_check(run->arena, path),
		STR_FMT " sets password.breached_file; without it only the commonest "
			"passwords are refused",
		STR_ARG(run->config.origins[SETTING_password_breached_file]));
	password_breached_file(path);
	return NULL;
}

struct err *
serve_settings_read(struct invocation *run, struct serve_settings *ret)
{
	const struct config *config = &run->config;

	TRY(address_parse(run, config->listen, &ret->host, &ret->port));
	TRY(access_read(run, ret->host, &ret->access));
	TRY(password_settings(run));
	TRY(breached_settings(run));
	ret->requires_mfa = str_eq(config->mfa_required_of, STR("everybody"));
	/* The system has yet to say which port, where any will do. */
	return mailing_options(
		run, ret->port ? config->listen : STR("127.0.0.1"), &ret->mail);
}

void
serve_settings_remarks(
	struct invocation *run, void (*say)(void *arg, struct str remark), void *arg)
{
	struct str name;
	size_t at = 0;

	while (!str_is_none(
		name = config_stray_variable(run->config_options.environment, &at)))
		say(arg,
			str_fmt(run->arena,
				"the variable " STR_FMT
				" is no setting and does nothing; gridiron --help lists "
				"them",
				STR_ARG(name)));
	if (run->config.redis_url.len)
		say(arg, STR("redis.url is set, but nothing uses it yet"));
}
