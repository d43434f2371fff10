/* What a mail is made of: addresses, headers, bodies, templates. And whose turn it is. */
#include "tests/unit/fiber_test.h"

#include "crypto/keyring.h"
#include "mail/address.h"
#include "mail/destination.h"
#include "mail/letter.h"
#include "mail/message.h"
#include "mail/payload.h"
#include "mail/template.h"

static struct arena arena = { .cap_bytes = 16 << 20 };
static struct ctx ctx = { .arena = &arena, .now = 1 };

static void
have_keys(void)
{
	struct keyring *keys = NULL;

	OK_ERR(keyring_new(&ctx, &keys));
	ctx.keys = keys;
}

#define NOVEMBER INT64_C(1795457700000000) /* 2026-11-23T18:15:00Z */

TEST(addresses_that_mail_goes_to_are_valid)
{
	static const char *const good[] = { "a@b", "a.b+c@example.org",
		"o'neil@example.co.uk", "x_y-z@sub.example.org", "1@2.3", "me@localhost",
		"!#$%&'*+-/=?^_`{|}~@example.org" };

	for (size_t i = 0; i < COUNT_OF(good); i++)
		OK_OR(address_is_valid(str_from(good[i])), "%s", good[i]);
}

TEST(whatever_could_end_a_header_or_a_command_is_no_address)
{
	static const char *const bad[] = { "", "a", "@b", "a@", "a@b@c", ".a@b", "a.@b",
		"a..b@c", "a@.b", "a@b.", "a@b..c", "a@-b", "a@b-", "a b@c", "a@b c",
		"a@b\r\nBcc: c@d", "a\n@b", "<a@b>", "a@b>", "\"a\"@b", "a@[127.0.0.1]",
		"a(c)@b", "a,b@c", "a;b@c", "a:b@c", "a\\b@c", "\xC3\xA9@b",
		"a@\xC3\xA9.fr", "a\x7f@b", "a\t@b" };

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		OK_OR(!address_is_valid(str_from(bad[i])), "%s", bad[i]);
	OK(!address_is_valid((struct str){ .ptr = "a\0b@c", .len = 5 }));
}

TEST(parts_of_addresses_have_their_lengths)
{
	char local[66], label[70];

	memset(local, 'a', sizeof(local));
	memset(label, 'b', sizeof(label));
	OK(address_is_valid(str_fmt(&arena, "%.64s@b", local)));
	OK(!address_is_valid(str_fmt(&arena, "%.65s@b", local)));
	OK(address_is_valid(str_fmt(&arena, "a@%.63s", label)));
	OK(!address_is_valid(str_fmt(&arena, "a@%.64s", label)));
	OK(address_is_valid(str_fmt(
		&arena, "a@%.63s.%.63s.%.63s.%.60s", label, label, label, label)));
	OK(!address_is_valid(str_fmt(
		&arena, "a@%.63s.%.63s.%.63s.%.61s", label, label, label, label)));
}

TEST(a_name_may_stand_before_an_address)
{
	struct str name, address;

	OK(address_split(STR("Gridiron <mail@example.org>"), &name, &address));
	EQ_STR(name, STR("Gridiron"));
	EQ_STR(address, STR("mail@example.org"));
	OK(address_split(STR(" \"A, B\" <m@x> "), &name, &address));
	EQ_STR(name, STR("A, B"));
	OK(address_split(STR("<m@x>"), &name, &address));
	OK(str_is_none(name));
	OK(address_split(STR("m@x"), &name, &address));
	OK(str_is_none(name));
	OK(!address_split(STR("Gridiron <mail>"), &name, &address));
	OK(!address_split(STR("Gridiron mail@x"), &name, &address));
	OK(!address_split(STR("<a@b> <c@d>"), &name, &address));
}

static struct str
header(struct str text, size_t used)
{
	struct buf out;

	buf_init(&out, &arena, 4096);
	header_text_encode(&out, text, used);
	return buf_str(&out);
}

TEST(a_plain_header_stays_as_it_is)
{
	EQ_STR(header(STR("Choose a new password"), 9), STR("Choose a new password"));
}

TEST(a_header_in_other_letters_is_encoded_words)
{
	EQ_STR(header(STR("Gr\xC3\xBC\xC3\x9F"
			  "e"),
		       9),
		STR("=?UTF-8?B?R3LDvMOfZQ==?="));
	/* What looks like an encoded word would be decoded by whoever reads it. */
	EQ_STR(header(STR("=?UTF-8?Q?x?="), 9), STR("=?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?="));
}

TEST(a_long_header_is_folded_between_characters)
{
	struct buf long_text;
	struct str folded, line;

	buf_init(&long_text, &arena, 4096);
	for (int i = 0; i < 60; i++)
		buf_put(&long_text, STR("a\xE2\x82\xAC"));
	folded = header(buf_str(&long_text), 9);
	while (str_next(&folded, '\n', &line)) {
		line = str_trim(line);
		OK(line.len <= 75);
		OK(str_starts_with(line, STR("=?UTF-8?B?")) &&
			str_ends_with(line, STR("?=")));
		/* A word holds whole characters: its bytes are a multiple of four, so its
		 * Base64 ends in padding as that says. */
		OK((line.len - 12) % 4 == 0);
	}
}

static struct str
quoted(struct str text)
{
	struct buf out;

	buf_init(&out, &arena, 64 << 10);
	quoted_printable_encode(&out, text);
	return buf_str(&out);
}

TEST(a_body_is_quoted_printable)
{
	EQ_STR(quoted(STR("plain\n")), STR("plain\r\n"));
	EQ_STR(quoted(STR("a=b")), STR("a=3Db"));
	EQ_STR(quoted(STR("\xC3\xA9")), STR("=C3=A9"));
	EQ_STR(quoted(STR("end \nend\t\n")), STR("end=20\r\nend=09\r\n"));
	EQ_STR(quoted(STR("a\rb")), STR("a=0Db"));
	EQ_STR(quoted((struct str){ .ptr = "a\0b", .len = 3 }), STR("a=00b"));
}

TEST(long_lines_are_broken_softly)
{
	char text[500];
	struct str rest, line;
	size_t total = 0;

	memset(text, 'x', sizeof(text));
	text[74] = '=';
	text[75] = '\xC3';
	rest = quoted((struct str){ .ptr = text, .len = sizeof(text) });
	while (str_next(&rest, '\n', &line)) {
		OK_OR(line.len <= 77, "%zu", line.len);
		total += line.len;
	}
	OK(total > 500);
}

static const struct message good_message = {
	.from_name = STR_INIT("Gridiron"),
	.from = STR_INIT("mail@example.org"),
	.to = STR_INIT("a@example.org"),
	.subject = STR_INIT("Hello"),
	.text = STR_INIT("text\n"),
	.html = STR_INIT("<p>html</p>\n"),
	.id = { { 1, 2, 3 } },
	.created_at = NOVEMBER,
};

TEST(a_message_has_what_mail_servers_ask_for)
{
	struct str text;

	OK_ERR(message_format(&ctx, &good_message, &text));
	OK(str_starts_with(text,
		STR("From: \"Gridiron\"\r\n <mail@example.org>\r\nTo: <a@example.org>\r\n"
		    "Subject: Hello\r\nDate: Mon, 23 Nov 2026 18:15:00 +0000\r\n"
		    "Message-ID:\r\n <01020300-0000-0000-0000-000000000000@example.org>"
		    "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
		    "Content-Type: multipart/alternative;\r\n boundary=\"=_01020300-")));
	OK(str_find(text,
		   STR("\r\n\r\n--=_01020300-0000-0000-0000-000000000000\r\n"
		       "Content-Type: text/plain; charset=utf-8\r\n"
		       "Content-Transfer-Encoding: quoted-printable\r\n\r\ntext\r\n"
		       "\r\n--=_")) > 0);
	OK(str_ends_with(
		text, STR("\r\n--=_01020300-0000-0000-0000-000000000000--\r\n")));
	for (size_t i = 0; i < text.len; i++)
		OK(text.ptr[i] != '\n' || text.ptr[i - 1] == '\r');
}

TEST(no_header_can_be_ended_from_outside)
{
	struct message message;
	struct str text;

	message = good_message;
	message.subject = STR("a\r\nBcc: b@example.org");
	FAILS_WITH(message_format(&ctx, &message, &text), ERR_INTERNAL);
	message = good_message;
	message.from_name = STR("a\nb");
	FAILS_WITH(message_format(&ctx, &message, &text), ERR_INTERNAL);
	message = good_message;
	message.to = STR("a@b>\r\nBcc: <c@d");
	FAILS_WITH(message_format(&ctx, &message, &text), ERR_INTERNAL);
	message = good_message;
	message.from_name = STR("\" <evil@example.org>, \"");
	OK_ERR(message_format(&ctx, &message, &text));
	OK(str_starts_with(
		text, STR("From: \"\\\" <evil@example.org>, \\\"\"\r\n <mail@")));
}

static const struct template_value values[] = {
	{ STR_INIT("name"), STR_INIT("<b>&\"'\n\x01"), false },
	{ STR_INIT("lines"), STR_INIT("one\r\ntwo"), true },
	{ STR_INIT("absent"), { NULL, 0 }, false },
};

static struct str
filled(enum template_kind kind, const char *text)
{
	struct buf out;

	buf_init(&out, &arena, 4096);
	if (!template_fill(&out, kind, str_from(text), values, COUNT_OF(values)))
		return STR("refused");
	return buf_str(&out);
}

TEST(values_are_escaped_for_what_they_stand_in)
{
	EQ_STR(filled(TEMPLATE_HTML, "<i>{{name}}</i>"),
		STR("<i>&lt;b&gt;&amp;&quot;&#39;  </i>"));
	EQ_STR(filled(TEMPLATE_TEXT, "{{name}}|"), STR("<b>&\"'  |"));
	EQ_STR(filled(TEMPLATE_TEXT, "{{lines}}"), STR("one\ntwo"));
	EQ_STR(filled(TEMPLATE_HTML, "{{lines}}"), STR("one<br>\ntwo"));
}

TEST(a_part_stands_only_where_its_value_does)
{
	EQ_STR(filled(TEMPLATE_TEXT, "a{{?absent}}b{{absent}}c{{/absent}}d"), STR("ad"));
	EQ_STR(filled(TEMPLATE_TEXT, "a{{?lines}}b{{/lines}}d"), STR("abd"));
	EQ_STR(filled(TEMPLATE_TEXT,
		       "{{?absent}}{{?lines}}x{{/lines}}{{/"
		       "absent}}{{?lines}}{{?absent}}y{{/"
		       "absent}}z{{/lines}}"),
		STR("z"));
}

TEST(a_faulty_template_is_refused)
{
	static const char *const faulty[] = { "{{unknown}}", "{{absent}}", "{{name",
		"{{?lines}}x", "{{?absent}}x", "x{{/lines}}", "{{}}", "}}{{name" };

	for (size_t i = 0; i < COUNT_OF(faulty); i++)
		EQ_STR(filled(TEMPLATE_TEXT, faulty[i]), STR("refused"));
}

/* A mail of KIND with every value there is, or with those only that it needs. */
static struct mail
mail_of(enum mail_kind kind)
{
	struct mail mail = {
		.kind = kind,
		.recipient = STR("a@example.org"),
		.token = STR("grx_token"),
		.opens_at = NOVEMBER,
		.expires_at = NOVEMBER,
		.happened_at = NOVEMBER,
		.device = STR("Firefox <script> on Linux"),
		.change = STR("Codes at sign-in were turned on"),
		.key_name = STR("my notebook"),
		.key_prefix = STR("grk_AbCdEfGh"),
		.role = STR("support"),
		.tier = STR("Beta Tester"),
		.access_until = NOVEMBER,
		.days = STR("365"),
		.headline = STR("Three forecasts for Sunday"),
		.details = STR("KC @ BUF\nNYJ @ NE"),
		.unsubscribe = STR("gru_token"),
	};

	return mail;
}

static const struct mail_options options = {
	.from = STR_INIT("Gridiron <mail@example.org>"),
	.public_url = STR_INIT("https://gridiron.example.org"),
};

TEST(every_kind_of_mail_can_be_written)
{
	for (int kind = 0; kind < MAIL_KIND_COUNT; kind++) {
		struct mail mail = mail_of((enum mail_kind)kind);
		struct letter letter;

		OK_ERR(letter_make(&ctx, &options, &mail,
			(struct letter_head){ .created_at = NOVEMBER }, &letter));
		OK(letter.subject.len > 5);
		OK(str_find(letter.smtp.text, STR("{{")) < 0);
		OK(str_find(letter.smtp.text, STR("<script>")) < 0 ||
			kind == MAIL_NEW_SIGN_IN || kind == MAIL_SESSION_REUSED);
		mail.place = mail.ip_address = mail.invited_by = STR("somewhere");
		OK_ERR(letter_make(&ctx, &options, &mail,
			(struct letter_head){ .created_at = NOVEMBER }, &letter));
	}
}

TEST(links_and_moments_are_written_out)
{
	struct mail mail = mail_of(MAIL_VERIFY_EMAIL);
	struct letter letter;

	OK_ERR(letter_make(&ctx, &options, &mail,
		(struct letter_head){ .id = { { { 9 } } }, .created_at = NOVEMBER },
		&letter));
	OK(str_find(letter.smtp.text,
		   STR("    https://gridiron.example.org/verify-email#grx_token\r\n")) >
		0);
	OK(str_find(letter.smtp.text, STR("until 23 November 2026, 18:15 UTC")) > 0);
	EQ_STR(letter.name,
		STR("2026-11-23T18:15:00-verify-email-09000000-0000-0000-0000-"
		    "000000000000"));
}

TEST(what_waits_says_its_kind_and_keeps_the_rest)
{
	struct outbox_id id = { { { 7 } } };
	struct mail mail = mail_of(MAIL_NEW_SIGN_IN), back;
	struct str payload;

	have_keys();
	OK_ERR(payload_format(&ctx, id, &mail, &payload));
	OK(str_find(payload, STR("\"mail\":\"new-sign-in\"")) > 0);
	OK(str_find(payload, STR("Firefox")) < 0);
	OK_ERR(payload_parse(&ctx, id, payload, &back));
	EQ_I64(back.kind, MAIL_NEW_SIGN_IN);
	EQ_STR(back.device, mail.device);
	EQ_I64(back.happened_at, NOVEMBER);
	OK(str_is_none(back.place));
}

TEST(a_mail_without_what_its_kind_needs_is_a_fault_of_ours)
{
	struct outbox_id id = { { { 7 } } };
	struct mail mail = mail_of(MAIL_VERIFY_EMAIL);
	struct str payload;

	have_keys();
	mail.token = STR_NONE;
	FAILS_WITH(payload_format(&ctx, id, &mail, &payload), ERR_INTERNAL);
	mail.token = STR("a b");
	FAILS_WITH(payload_format(&ctx, id, &mail, &payload), ERR_INTERNAL);
	mail.token = STR("");
	FAILS_WITH(payload_format(&ctx, id, &mail, &payload), ERR_INTERNAL);
	mail = mail_of(MAIL_VERIFY_EMAIL);
	mail.expires_at = 0;
	FAILS_WITH(payload_format(&ctx, id, &mail, &payload), ERR_INTERNAL);
}

TEST(a_long_value_is_cut_between_characters)
{
	struct outbox_id id = { { { 7 } } };
	struct mail mail = mail_of(MAIL_NEW_SIGN_IN), back;
	struct buf device;
	struct str payload;

	have_keys();
	buf_init(&device, &arena, 4096);
	buf_put_char(&device, 'x');
	while (device.len < 300)
		buf_put(&device, STR("\xC3\xA9"));
	mail.device = buf_str(&device);
	OK_ERR(payload_format(&ctx, id, &mail, &payload));
	OK_ERR(payload_parse(&ctx, id, payload, &back));
	EQ_I64(back.device.len, 199);
	OK(str_is_utf8(back.device));
}

/* --- Turns */

#define MUCH STR("b@much.example")

/* Two lanes that send mail after mail to one domain, each in no time. */
static void
two_send(void *arg)
{
	struct destinations *destinations = arg;

	for (int i = 0; i < 60; i++) {
		for (size_t lane = 0; lane < 2; lane++) {
			destination_leave(destinations, lane, true);
			OK(destination_enter(destinations, lane, MUCH));
		}
		(void)fiber_sleep_until(clock_deadline_ms(10));
	}
	destination_leave(destinations, 0, true);
	destination_leave(destinations, 1, true);
}

/* Whether, with mail to ADDRESS under way in two lanes, OTHER still goes at once. */
static bool
is_elsewhere(const char *address, const char *other)
{
	struct destinations destinations = { .slow_ms = 0 };

	return destination_enter(&destinations, 0, str_from(address)) &&
		destination_enter(&destinations, 1, str_from(other));
}

FIBER_TEST(names_below_a_domain_are_that_domain)
{
	OK(!is_elsewhere("a@1.evil.example", "a@2.evil.example"));
	OK(!is_elsewhere("a@evil.example", "a@x.y.evil.example"));
	OK(!is_elsewhere("a@1.evil.co.uk", "a@2.evil.co.uk"));
	OK(is_elsewhere("a@good.co.uk", "a@evil.co.uk"));
	OK(!is_elsewhere("a@1.abc.io", "a@2.abc.io"));
	OK(!is_elsewhere("a@1.x.me", "a@2.x.me"));
	OK(is_elsewhere("a@good.example", "a@evil.example"));
	OK(!is_elsewhere("a@localhost", "b@localhost"));
	OK(is_elsewhere("a@x.org", "b@y.org"));
}

/* Else its lease would run out meanwhile, and the mail go out twice. */
FIBER_TEST(a_mail_that_finds_no_turn_at_its_domain_is_put_off)
{
	struct destinations destinations = { .slow_ms = 100 };

	OK(destination_enter(&destinations, 0, MUCH));
	OK(destination_enter(&destinations, 1, MUCH));
	OK(fiber_spawn("two", two_send, &destinations));
	OK(!destination_enter(&destinations, 2, MUCH));
	OK(destination_enter(&destinations, 2, STR("c@elsewhere.example")));
	join_all();
}
