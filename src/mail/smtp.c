#include "mail/smtp.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <sys/socket.h>

#include "base/buf.h"
#include "codec/url.h"
#include "sys/clock.h"
#include "sys/fiber.h"
#include "sys/wait.h"

enum {
	CONNECT_TIMEOUT_MS = 10000,
	SECRET_BYTES_MAX = 1024,
	SAID_BYTES_MAX = 200,
	REPLY_REFUSED = 500, /* and above: do not send the same again (§4.2.1) */
};

/* One message, for the thread that sends it. */
struct sending {
	struct ctx *ctx;
	struct smtp *smtp;
	const struct smtp_letter *letter;
	struct str rest; /* of the text */
	struct curl_slist *recipients;
	struct err *err;
	/* What was said last: a command of ours, a reply of theirs. */
	const char *command;
	bool is_leaving;
	char said[SAID_BYTES_MAX];
	char reason[CURL_ERROR_SIZE];
};

static bool
is_loopback(struct str host)
{
	return str_eq_nocase(host, STR("localhost")) || str_eq(host, STR("::1")) ||
		str_starts_with(host, STR("127."));
}

static bool
url_is_smtp(struct str text, struct url *ret)
{
	return url_split(text, ret) &&
		(str_eq_nocase(ret->scheme, STR("smtp")) ||
			str_eq_nocase(ret->scheme, STR("smtps")));
}

struct err *
smtp_options_check(struct ctx *ctx, const struct smtp_options *options)
{
	struct url url;

	if (!url_is_smtp(options->url, &url))
		return err_new(ctx, ERR_INVALID,
			"mail.url must be smtp://USER:PASSWORD@HOST:PORT or smtps://…");
	if (url.path.len > 1 || url.query.len || url.fragment.len)
		return err_new(ctx, ERR_INVALID,
			"mail.url must end behind the port; what follows means nothing");
	return NULL;
}

void
smtp_init(struct smtp *smtp, const struct smtp_options *options)
{
	*smtp = (struct smtp){ .options = options };
}

/* --- Taking leave */

/* libcurl says QUIT when it closes a connection, and waits two minutes for the answer,
 * whatever time limits the handle has. */
struct leaving {
	CURL *curl;
	int socket; /* ours, so that its number means no other one; -1: there is none */
	struct loop_timer timer;
};

static void
leaving_run(void *arg)
{
	struct leaving *leaving = arg;

	curl_easy_cleanup(leaving->curl);
}

/* Whoever waits for the server now finds that it closed the connection. */
static void
cut_short(void *arg)
{
	struct leaving *leaving = arg;

	shutdown(leaving->socket, SHUT_RDWR);
}

void
smtp_release(struct ctx *ctx, struct smtp *smtp)
{
	struct leaving leaving = { .curl = smtp->curl, .socket = -1 };
	curl_socket_t theirs = CURL_SOCKET_BAD;
	struct ctx own = *ctx;
	struct err *err;

	if (!smtp->curl)
		return;
	smtp->curl = NULL;
	curl_easy_getinfo(leaving.curl, CURLINFO_ACTIVESOCKET, &theirs);
	if (theirs != CURL_SOCKET_BAD)
		leaving.socket = fcntl(theirs, F_DUPFD_CLOEXEC, 0);
	if (leaving.socket >= 0)
		loop_timer_start(&leaving.timer, clock_deadline_ms(SMTP_LEAVE_MS),
			cut_short, &leaving);
	own.deadline = clock_deadline_ms(SMTP_LEAVE_MS);
	err = fiber_offload(&own, leaving_run, &leaving);
	if (leaving.socket >= 0)
		loop_timer_stop(&leaving.timer);
	/* The pool is full: then without a word, since that cannot wait. */
	if (err) {
		cut_short(&leaving);
		leaving_run(&leaving);
	}
	if (leaving.socket >= 0)
		close(leaving.socket);
}

static void
curl_prepare(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t
give_text(char *into, size_t size, size_t count, void *arg)
{
	struct sending *sending = arg;
	size_t room = size * count;
	struct str part = str_slice(sending->rest, 0, room);

	memcpy(into, part.ptr, part.len);
	sending->rest = str_slice(sending->rest, part.len, sending->rest.len);
	return part.len;
}

/* TEXT without its line end into STORAGE, a zero byte behind it. */
static void
keep(char *storage, size_t size, struct str text)
{
	struct buf out;

	buf_init_fixed(&out, storage, size - 1);
	buf_put(&out, str_trim(str_slice(text, 0, size - 1)));
	storage[out.len] = '\0';
}

/* The verbs that are remembered. Other lines of ours are secrets, as those that follow
 * AUTH, or QUIT, behind which nothing matters. */
static const char *const verbs[] = { "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT",
	"DATA" };

static int
listen_in(CURL *curl, curl_infotype type, char *data, size_t size, void *arg)
{
	struct sending *sending = arg;
	struct str text = { .ptr = data, .len = size }, verb = STR("");

	if (type == CURLINFO_HEADER_OUT && str_next(&text, ' ', &verb)) {
		verb = str_trim(verb);
		for (size_t i = 0; i < COUNT_OF(verbs); i++)
			if (str_eq(verb, str_from(verbs[i])))
				sending->command = verbs[i];
		sending->is_leaving = str_eq(verb, STR("QUIT"));
		/* Also behind a letter that was refused the connection is closed. */
		if (sending->is_leaving)
			curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT,
				(long)SMTP_LEAVE_MS / 1000);
	}
	if (type == CURLINFO_HEADER_IN && !sending->is_leaving)
		keep(sending->said, sizeof(sending->said), text);
	return 0;
}

/* PART of a URL, percent codes undone, or absent. */
static struct err *
decoded(struct ctx *ctx, struct str part, const char **ret)
{
	struct buf out;

	buf_init(&out, ctx->arena, SECRET_BYTES_MAX);
	if (!url_decode(&out, part, URL_PLUS_IS_PLUS) || buf_is_cut(&out))
		return err_new(ctx, ERR_INVALID,
			"mail.url: user and password must be percent-coded");
	*ret = str_cstr(ctx->arena, buf_str(&out));
	return *ret ? NULL : err_no_memory();
}

static struct err *
login_set(struct sending *sending, const struct url *url)
{
	const struct smtp_options *options = sending->smtp->options;
	struct str rest = url->user_info, user;
	const char *name = NULL, *password = NULL;

	if (!str_next(&rest, ':', &user))
		return NULL;
	TRY(decoded(sending->ctx, user, &name));
	curl_easy_setopt(sending->smtp->curl, CURLOPT_USERNAME, name);
	if (!str_is_none(options->password)) {
		password = str_cstr(sending->ctx->arena, options->password);
		if (!password)
			return err_no_memory();
	} else if (!str_is_none(rest)) {
		TRY(decoded(sending->ctx, rest, &password));
	}
	if (password)
		curl_easy_setopt(sending->smtp->curl, CURLOPT_PASSWORD, password);
	return NULL;
}

/* Where to, and under which name we introduce ourselves: libcurl takes the name of EHLO
 * from the path. */
static struct err *
server_set(struct sending *sending, const struct url *url)
{
	const struct smtp_options *options = sending->smtp->options;
	struct arena *arena = sending->ctx->arena;
	CURL *curl = sending->smtp->curl;
	struct str from = sending->letter->from;
	struct str domain = str_slice(
		from, (size_t)str_find_char(from, '@') + 1, from.len);
	bool is_v6 = str_find_char(url->host, ':') >= 0;
	struct str where = str_fmt(arena,
		STR_FMT "://%s" STR_FMT "%s" STR_FMT STR_FMT "/" STR_FMT,
		STR_ARG(url->scheme), is_v6 ? "[" : "", STR_ARG(url->host),
		is_v6 ? "]" : "", STR_ARG(url->port.len ? STR(":") : STR("")),
		STR_ARG(url->port), STR_ARG(domain));
	const char *text = str_cstr(arena, where);
	const char *ca_file = str_cstr(arena, options->ca_file);
	bool has_ca = options->ca_file.len > 0;

	if (!text || (has_ca && !ca_file))
		return err_no_memory();
	curl_easy_setopt(curl, CURLOPT_URL, text);
	curl_easy_setopt(curl, CURLOPT_USE_SSL,
		is_loopback(url->host) && !has_ca ? (long)CURLUSESSL_NONE
						  : (long)CURLUSESSL_ALL);
	if (has_ca)
		curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
	return NULL;
}

static struct err *
letter_set(struct sending *sending)
{
	struct arena *arena = sending->ctx->arena;
	const struct smtp_letter *letter = sending->letter;
	CURL *curl = sending->smtp->curl;
	struct str from = str_fmt(arena, "<" STR_FMT ">", STR_ARG(letter->from));
	struct str to = str_fmt(arena, "<" STR_FMT ">", STR_ARG(letter->to));
	const char *sender = str_cstr(arena, from), *recipient = str_cstr(arena, to);

	if (!sender || !recipient)
		return err_no_memory();
	sending->recipients = curl_slist_append(NULL, recipient);
	if (!sending->recipients)
		return err_no_memory();
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, sending->recipients);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_text);
	curl_easy_setopt(curl, CURLOPT_READDATA, sending);
	curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)letter->text.len);
	return NULL;
}

static struct err *
options_set(struct sending *sending)
{
	const struct smtp_options *options = sending->smtp->options;
	CURL *curl = sending->smtp->curl;
	struct url url;

	if (!url_is_smtp(options->url, &url))
		return err_new(sending->ctx, ERR_INVALID, "mail.url is none of SMTP");
	/* Of the letter before nothing stays but the connection. */
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
		options->timeout_ms < CONNECT_TIMEOUT_MS ? (long)options->timeout_ms
							 : (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, sending->reason);
	curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, listen_in);
	curl_easy_setopt(curl, CURLOPT_DEBUGDATA, sending);
	TRY(server_set(sending, &url));
	TRY(login_set(sending, &url));
	return letter_set(sending);
}

/* Whether the last command was about this letter, and not about us. */
static bool
is_about_letter(const struct sending *sending)
{
	return strcmp(sending->command, "MAIL") == 0 ||
		strcmp(sending->command, "RCPT") == 0 ||
		strcmp(sending->command, "DATA") == 0;
}

static struct err *
failure(struct sending *sending, CURLcode code)
{
	struct ctx *ctx = sending->ctx;
	const char *reason = *sending->reason ? sending->reason
					      : curl_easy_strerror(code);
	long reply = 0;

	curl_easy_getinfo(sending->smtp->curl, CURLINFO_RESPONSE_CODE, &reply);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return err_new(ctx, ERR_TIMEOUT, "no answer in time behind %s",
			sending->command);
	if ((code == CURLE_SEND_ERROR || code == CURLE_WEIRD_SERVER_REPLY) && reply > 0)
		return err_new(ctx,
			reply >= REPLY_REFUSED && is_about_letter(sending) ? ERR_DENIED
									   : ERR_BUSY,
			"to %s the server said: %s", sending->command, sending->said);
	return err_new(ctx, ERR_BUSY, "%s", reason);
}

static struct err *
perform(struct sending *sending)
{
	CURLcode code;

	TRY(options_set(sending));
	sending->rest = sending->letter->text;
	code = curl_easy_perform(sending->smtp->curl);
	return code == CURLE_OK ? NULL : failure(sending, code);
}

/* On the other thread. The fiber that waits leaves its arena to this one meanwhile. */
static void
sending_run(void *arg)
{
	static pthread_once_t prepared = PTHREAD_ONCE_INIT;
	struct sending *sending = arg;
	struct smtp *smtp = sending->smtp;

	pthread_once(&prepared, curl_prepare);
	if (!smtp->curl)
		smtp->curl = curl_easy_init();
	sending->err = smtp->curl ? perform(sending) : err_no_memory();
	curl_slist_free_all(sending->recipients);
}

struct err *
smtp_send(struct ctx *ctx, struct smtp *smtp, const struct smtp_letter *letter)
{
	struct sending sending = {
		.ctx = ctx, .smtp = smtp, .letter = letter, .command = "connecting"
	};

	TRY(fiber_offload(ctx, sending_run, &sending));
	/* A connection on which something went wrong serves no other letter. */
	if (sending.err)
		smtp_release(ctx, smtp);
	return sending.err;
}
