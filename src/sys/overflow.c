/*
 * Stack overflow: an access to the guard below a fiber's stack is a SIGSEGV, which is
 * told from others by its address. The handler needs a stack of its own, as the fiber's
 * is full.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>

#include "sys/loop.h"
#include "sys/process.h"

enum {
	/* Room for the handlers of the sanitizers too, which may follow ours. */
	ALTERNATE_STACK_BYTES = 64 * 1024,
};

static struct sigaction previous_action;

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

static void
on_fault(int signal, siginfo_t *info, void *machine_context)
{
	const struct loop *loop = loop_of_thread;
	const struct fiber *fiber = loop ? loop->running : NULL;
	const char *address = info->si_addr;

	(void)machine_context;
	if (fiber && address >= fiber->map && address < fiber->stack) {
		struct sigaction fatal = { .sa_handler = SIG_DFL };

		say("gridiron: stack overflow: fiber '");
		say(fiber->name);
		say("' needs more than its stack of ");
		say_kib((size_t)((const char *)fiber - fiber->stack) + sizeof(*fiber));
		say("; ending the process\n");
		sigaction(signal, &fatal, NULL);
	} else {
		sigaction(signal, &previous_action, NULL);
	}
	/* The access is tried again on return, and meets the action just set. */
}

void
overflow_install(void)
{
	struct sigaction action = { .sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigemptyset(&action.sa_mask);
	sigaction(SIGSEGV, &action, &previous_action);
}

void
overflow_uninstall(void)
{
	sigaction(SIGSEGV, &previous_action, NULL);
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
