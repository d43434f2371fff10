/*
 * Signals that end the process: what loops have logged and not written yet is written.
 * And stack overflow: an access to the guard below a fiber's stack is a SIGSEGV, which is
 * told from others by its address. The handler needs a stack of its own, as the fiber's
 * is full.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>

#include "base/log.h"
#include "sys/loop.h"
#include "sys/process.h"

enum {
	/* Room for the handlers of the sanitizers too, which may follow ours. */
	ALTERNATE_STACK_BYTES = 64 * 1024,
};

static const int FATAL_SIGNALS[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
static struct sigaction previous_actions[COUNT_OF(FATAL_SIGNALS)];

/* Write TEXT to standard error; from a signal handler. */
static void
say(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		return;
}

static void
say_kib(size_t bytes)
{
	char digits[24];
	char *next = digits + sizeof(digits) - 1;
	size_t left = bytes / 1024;

	*next = '\0';
	do
		*--next = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	say(next);
	say(" KiB");
}

/* Say so where ADDRESS is in the guard of the running fiber's stack. */
static bool
is_overflow(const char *address)
{
	const struct loop *loop = loop_of_thread;
	const struct fiber *fiber = loop ? loop->running : NULL;

	if (!fiber || address < fiber->map || address >= fiber->stack)
		return false;
	say("gridiron: stack overflow: fiber '");
	say(fiber->name);
	say("' needs more than its stack of ");
	say_kib((size_t)((const char *)fiber - fiber->stack) + sizeof(*fiber));
	say("; ending the process\n");
	return true;
}

static void
on_fatal(int signal, siginfo_t *info, void *machine_context)
{
	struct sigaction end = { .sa_handler = SIG_DFL };

	(void)machine_context;
	log_flush_all();
	if (signal != SIGSEGV || !is_overflow(info->si_addr))
		for (size_t i = 0; i < COUNT_OF(FATAL_SIGNALS); i++)
			if (FATAL_SIGNALS[i] == signal)
				end = previous_actions[i];
	sigaction(signal, &end, NULL);
	/* A fault is met again on return, by the action just set. One that was sent, and
	 * SIGABRT, are not. */
	if (signal == SIGABRT || info->si_code <= 0)
		raise(signal);
}

void
overflow_install(void)
{
	struct sigaction action = { .sa_sigaction = on_fatal,
		.sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < COUNT_OF(FATAL_SIGNALS); i++)
		sigaction(FATAL_SIGNALS[i], &action, &previous_actions[i]);
}

void
overflow_uninstall(void)
{
	for (size_t i = 0; i < COUNT_OF(FATAL_SIGNALS); i++)
		sigaction(FATAL_SIGNALS[i], &previous_actions[i], NULL);
}

bool
overflow_prepare_thread(struct loop *loop)
{
	stack_t stack = { .ss_size = ALTERNATE_STACK_BYTES };

	stack.ss_sp = mmap(NULL, ALTERNATE_STACK_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp == MAP_FAILED)
		return false;
	loop->alternate_stack = stack.ss_sp;
	sigaltstack(&stack, &loop->previous_alternate_stack);
	return true;
}

void
overflow_release_thread(struct loop *loop)
{
	sigaltstack(&loop->previous_alternate_stack, NULL);
	munmap(loop->alternate_stack, ALTERNATE_STACK_BYTES);
}
