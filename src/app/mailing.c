#include "app/mailing.h"

#include "sys/file.h"

enum {
	PASSWORD_BYTES_MAX = 1024,
};

static struct err *
password_read(struct invocation *run, struct str *ret)
{
	const char *path = str_cstr(run->arena, run->config.mail_secret);
	struct str text;

	if (run->config.mail_secret.len == 0)
		return NULL;
	if (!path)
		return err_no_memory();
	TRY_CTX(file_read(run->arena, path, PASSWORD_BYTES_MAX, &text),
		"reading mail.secret");
	*ret = str_trim(text);
	return NULL;
}

/* Nobody finds a mail that went into a folder of a production server. */
static struct err *
production_check(struct invocation *run)
{
	const struct config *config = &run->config;

	if (config->environment != ENVIRONMENT_PRODUCTION)
		return NULL;
	if (config->mail_url.len == 0)
		return err_in(run->arena, ERR_INVALID,
			"production needs mail.url: smtp://USER:PASSWORD@HOST:587, or "
			"file: to have mail written into the data folder");
	if (config->public_url.len == 0)
		return err_in(run->arena, ERR_INVALID,
			"production needs public_url: links in mail begin with it");
	return NULL;
}

struct str
public_url_of(const struct invocation *run, struct str address)
{
	if (run->config.public_url.len > 0)
		return run->config.public_url;
	return str_fmt(run->arena, "http://" STR_FMT, STR_ARG(address));
}

struct err *
mailing_options(struct invocation *run, struct str address, struct mail_options *ret)
{
	const struct config *config = &run->config;
	struct mail_options options = {
		.smtp = { .ca_file = config->mail_ca_file,
			.timeout_ms = config->mail_timeout_ms },
		.folder = str_fmt(run->arena, STR_FMT "/mail", STR_ARG(config->data)),
		.from = config->mail_from,
		.public_url = public_url_of(run, address),
	};

	TRY(production_check(run));
	if (config->mail_url.len && !str_eq(config->mail_url, STR("file:")))
		options.smtp.url = config->mail_url;
	TRY(password_read(run, &options.smtp.password));
	TRY(mail_options_check(&run->ctx, &options));
	*ret = options;
	return NULL;
}
