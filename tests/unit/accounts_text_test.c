/* Whose an address is, and what a user agent says of its device. */
#include "accounts/device.h"
#include "accounts/identity.h"
#include "tests/tap.h"

static struct arena arena = { .cap_bytes = 1 << 20 };

#define IDENTITY(address, want) EQ_STR(email_identity(&arena, STR(address)), STR(want))

TEST(spellings_of_one_mailbox_are_one_identity)
{
	IDENTITY("bob@example.org", "bob@example.org");
	IDENTITY("bob+nfl@example.org", "bob@example.org");
	IDENTITY("b.o.b+x+y@gmail.com", "bob@gmail.com");
	IDENTITY("b.ob@googlemail.com", "bob@gmail.com");
	arena_release(&arena);
}

TEST(mailboxes_that_differ_are_two_identities)
{
	IDENTITY("b.ob@example.org", "b.ob@example.org");
	IDENTITY("+bob@example.org", "+bob@example.org");
	IDENTITY("bob@mygmail.com", "bob@mygmail.com");
	arena_release(&arena);
}

#define DEVICE(agent, want) EQ_STR(device_name(&arena, STR(agent)), STR(want))

TEST(a_device_is_named_as_a_person_would)
{
	DEVICE("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 "
	       "Firefox/115.0",
		"Firefox on Windows");
	DEVICE("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
	       "(KHTML, like Gecko) Version/17.0 Safari/605.1.15",
		"Safari on macOS");
	DEVICE("Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko) "
	       "Chrome/120.0.0.0 Mobile Safari/537.36",
		"Chrome on Android");
	DEVICE("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) "
	       "Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0",
		"Edge on Windows");
	DEVICE("curl/7.88.1", "curl");
	DEVICE("gibberish", "unknown device");
	EQ_STR(device_name(&arena, STR_NONE), STR("unknown device"));
	arena_release(&arena);
}

TEST(a_user_agent_is_cut_at_a_whole_character)
{
	char long_agent[400];
	struct str cut;

	memset(long_agent, 'a', sizeof(long_agent));
	memcpy(long_agent + USER_AGENT_BYTES_KEPT - 1, "\xc3\xa9", 2);
	cut = device_agent((struct str){ .ptr = long_agent, .len = sizeof(long_agent) });
	EQ_I64(cut.len, USER_AGENT_BYTES_KEPT - 1);
	EQ_STR(device_agent(STR("curl\xff/8")), STR("curl"));
	OK(str_is_none(device_agent(STR_NONE)));
}
