/*
 * Switching the processor from one stack to another, for fiber.c alone.
 *
 * By a few instructions of assembly on x86-64 and aarch64 (some 10 ns), elsewhere or with
 * -DCONTEXT_BY_UCONTEXT by swapcontext(3), which makes a system call (some 200 ns). The
 * floating point modes are not switched: nobody here sets them. The sanitizers are told
 * of every switch.
 */
#ifndef SYS_CONTEXT_H
#define SYS_CONTEXT_H

#include "base/compiler.h"

#if !defined(__x86_64__) && !defined(__aarch64__) && !defined(CONTEXT_BY_UCONTEXT)
#define CONTEXT_BY_UCONTEXT 1
#endif
#ifdef CONTEXT_BY_UCONTEXT
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define CONTEXT_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define CONTEXT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONTEXT_ASAN 1
#elif __has_feature(thread_sanitizer)
#define CONTEXT_TSAN 1
#endif
#endif

/* Where a stack is to go on. The caller's; its members belong to context.c. */
struct context {
#ifdef CONTEXT_BY_UCONTEXT
	ucontext_t ucontext;
#else
	void *stack_pointer;
#endif
	void (*entry)(void *arg);
	void *arg;
#ifdef CONTEXT_ASAN
	const void *stack_low;
	size_t stack_bytes;
	void *fake_stack;
	struct context *came_from;
#endif
#ifdef CONTEXT_TSAN
	void *tsan_fiber;
#endif
};

/* For the stack that the calling thread already runs on. */
void context_init_thread(struct context *context);

/* For a new stack of STACK_BYTES from STACK_LOW, a multiple of 16: the first switch to it
 * calls ENTRY(ARG), which must not return. CONTEXT->entry and ->arg are set by the
 * caller.
 */
void context_init_stack(struct context *context, void *stack_low, size_t stack_bytes);

/* Leave FROM, which is the running one, and go on where TO was left. */
void context_switch(struct context *from, struct context *to);

/* The same for a FROM that is never switched to again. */
NORETURN void context_switch_last(struct context *from, struct context *to);

/* Forget a context made by context_init_stack; its stack may be unmapped now. */
void context_release(struct context *context);

#endif
