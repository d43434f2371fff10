#include "tests/tap.h"

#include <stdarg.h>

bool tap_failed;
const char *tap_skipped;

static struct tap_test *first;
static struct tap_test **last = &first;

void
tap_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	tap_failed = true;
	printf("# %s:%d: ", file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

void
tap_register(struct tap_test *test)
{
	*last = test;
	last = &test->next;
}

int
main(int argc, char **argv)
{
	size_t number = 0, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 14\n");
	for (struct tap_test *test = first; test; test = test->next) {
		if (argc > 1 && !strstr(test->name, argv[1]))
			continue;
		tap_failed = false;
		tap_skipped = NULL;
		test->run();
		failed += tap_failed;
		printf("%s %zu - %s%s%s\n", tap_failed ? "not ok" : "ok", ++number,
			test->name, tap_skipped ? " # SKIP " : "",
			tap_skipped ? tap_skipped : "");
	}
	printf("1..%zu\n", number);
	return failed ? 1 : 0;
}
