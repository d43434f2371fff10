#include "sys/context.h"

#include <stdint.h>
#include <stdlib.h>

#ifdef CONTEXT_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef CONTEXT_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/* --- What the sanitizers are told */

static void
announce_leave(struct context *from, struct context *to, bool is_last)
{
#ifdef CONTEXT_ASAN
	to->came_from = from;
	__sanitizer_start_switch_fiber(
		is_last ? NULL : &from->fake_stack, to->stack_low, to->stack_bytes);
#elif defined(CONTEXT_TSAN)
	__tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
	(void)from;
	(void)to;
	(void)is_last;
}

static void
announce_arrival(struct context *self)
{
#ifdef CONTEXT_ASAN
	/* The one we came from learns its bounds here, which is how a thread's own stack,
	 * never measured, gets them. */
	__sanitizer_finish_switch_fiber(self->fake_stack, &self->came_from->stack_low,
		&self->came_from->stack_bytes);
#endif
	(void)self;
}

/* The first to run on a new stack. Global only because the assembly calls it. */
NORETURN void context_enter(struct context *self);

void
context_enter(struct context *self)
{
	announce_arrival(self);
	self->entry(self->arg);
	abort();
}

/* --- The switch itself */

#ifdef CONTEXT_BY_UCONTEXT

/* makecontext passes ints, so the pointer travels in two. */
static void
begin_ucontext(unsigned int high, unsigned int low)
{
	context_enter((struct context *)((uintptr_t)high << 16 << 16 | low));
}

static void
prepare(struct context *context, void *stack_low, size_t stack_bytes)
{
	uintptr_t self = (uintptr_t)context;

	getcontext(&context->ucontext);
	context->ucontext.uc_stack.ss_sp = stack_low;
	context->ucontext.uc_stack.ss_size = stack_bytes;
	context->ucontext.uc_link = NULL;
	makecontext(&context->ucontext, (void (*)(void))begin_ucontext, 2,
		(unsigned int)(self >> 16 >> 16), (unsigned int)self);
}

static void
swap(struct context *from, struct context *to)
{
	if (swapcontext(&from->ucontext, &to->ucontext) != 0)
		abort();
}

#else

/*
 * context_swap(void **save, void *load): push what the calling convention lets a function
 * rely on, store the stack pointer in *SAVE, take LOAD, pop, and go on there.
 * context_begin: where the first switch to a new stack arrives, its argument in the first
 * popped register.
 *
 * It goes on by a jump, not a return: the processor foretells returns from the calls it
 * has seen, which are those of the other stack, and is wrong each time (45 ns a round
 * trip with `ret`, 32 with `jmp`).
 *
 * The file is built without shadow stacks (-fcf-protection=branch), which such a switch
 * would leave behind; the linker then marks the whole program as not using them.
 */
void context_swap(void **save, void *load);
void context_begin(void);

#if defined(__x86_64__)

enum { SAVED_WORDS = 7, SAVED_ARG = 3, SAVED_RETURN = 6 };

__asm__(".pushsection .text\n"
	".globl context_swap\n"
	".type context_swap, @function\n"
	"context_swap:\n"
	"	endbr64\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	popq %rcx\n"
	"	notrack jmp *%rcx\n"
	".size context_swap, . - context_swap\n"
	".globl context_begin\n"
	".type context_begin, @function\n"
	"context_begin:\n"
	"	.cfi_startproc\n"
	"	.cfi_undefined rip\n" /* debuggers stop here */
	"	movq %r12, %rdi\n"
	"	call context_enter\n"
	"	ud2\n"
	"	.cfi_endproc\n"
	".size context_begin, . - context_begin\n"
	".popsection\n");

#elif defined(__aarch64__)

enum { SAVED_WORDS = 20, SAVED_ARG = 0, SAVED_RETURN = 11 };

__asm__(".pushsection .text\n"
	".globl context_swap\n"
	".type context_swap, %function\n"
	"context_swap:\n"
	"	sub sp, sp, #160\n"
	"	stp x19, x20, [sp, #0]\n"
	"	stp x21, x22, [sp, #16]\n"
	"	stp x23, x24, [sp, #32]\n"
	"	stp x25, x26, [sp, #48]\n"
	"	stp x27, x28, [sp, #64]\n"
	"	stp x29, x30, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n"
	"	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	mov x9, sp\n"
	"	str x9, [x0]\n"
	"	mov sp, x1\n"
	"	ldp x19, x20, [sp, #0]\n"
	"	ldp x21, x22, [sp, #16]\n"
	"	ldp x23, x24, [sp, #32]\n"
	"	ldp x25, x26, [sp, #48]\n"
	"	ldp x27, x28, [sp, #64]\n"
	"	ldp x29, x30, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #160\n"
	"	br x30\n"
	".size context_swap, . - context_swap\n"
	".globl context_begin\n"
	".type context_begin, %function\n"
	"context_begin:\n"
	"	.cfi_startproc\n"
	"	.cfi_undefined x30\n" /* debuggers stop here */
	"	mov x0, x19\n"
	"	bl context_enter\n"
	"	brk #1\n"
	"	.cfi_endproc\n"
	".size context_begin, . - context_begin\n"
	".popsection\n");

#endif

static void
prepare(struct context *context, void *stack_low, size_t stack_bytes)
{
	/* 16 below the top, so that context_begin finds the pointer a multiple of 16, as
	 * the call in it must. */
	uintptr_t *top = (uintptr_t *)((char *)stack_low + stack_bytes - 16);
	uintptr_t *saved = top - SAVED_WORDS;

	for (size_t i = 0; i < SAVED_WORDS; i++)
		saved[i] = 0;
	saved[SAVED_ARG] = (uintptr_t)context;
	saved[SAVED_RETURN] = (uintptr_t)context_begin;
	context->stack_pointer = saved;
}

static void
swap(struct context *from, struct context *to)
{
	context_swap(&from->stack_pointer, to->stack_pointer);
}

#endif

/* --- Contexts */

void
context_init_thread(struct context *context)
{
	*context = (struct context){ .entry = NULL };
#ifdef CONTEXT_TSAN
	context->tsan_fiber = __tsan_get_current_fiber();
#endif
}

void
context_init_stack(struct context *context, void *stack_low, size_t stack_bytes)
{
#ifdef CONTEXT_ASAN
	context->stack_low = stack_low;
	context->stack_bytes = stack_bytes;
	context->fake_stack = NULL;
#endif
#ifdef CONTEXT_TSAN
	context->tsan_fiber = __tsan_create_fiber(0);
#endif
	prepare(context, stack_low, stack_bytes);
}

void
context_switch(struct context *from, struct context *to)
{
	announce_leave(from, to, false);
	swap(from, to);
	announce_arrival(from);
}

void
context_switch_last(struct context *from, struct context *to)
{
	announce_leave(from, to, true);
	swap(from, to);
	abort();
}

void
context_release(struct context *context)
{
#ifdef CONTEXT_ASAN
	/* The frames left on it are marked as not to be touched; the next user of these
	 * addresses may. */
	ASAN_UNPOISON_MEMORY_REGION(context->stack_low, context->stack_bytes);
#endif
#ifdef CONTEXT_TSAN
	__tsan_destroy_fiber(context->tsan_fiber);
#endif
	(void)context;
}
