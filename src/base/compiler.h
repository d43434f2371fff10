/* What the compiler can check for us, under names that read well. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE   __attribute__((warn_unused_result))
#define NEVER_NULL __attribute__((returns_nonnull))
#define PRINTF_LIKE(fmt_index, args_index) \
	__attribute__((format(printf, fmt_index, args_index)))
#define NORETURN    __attribute__((noreturn))
#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define MALLOC_LIKE __attribute__((malloc))
#define UNUSED      __attribute__((unused))
/* Of a large array that is written before it is read, as the loop below it shows: else
 * the compiler would zero it each time. */
#define WRITTEN_FIRST                   __attribute__((uninitialized))
#define LIKELY(x)                       __builtin_expect(!!(x), 1)
#define UNLIKELY(x)                     __builtin_expect(!!(x), 0)
#define COUNT_OF(a)                     (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Of a loop over many numbers: compiled once more for processors that take four at a time
 * and chosen as the program starts. The operations and their order are the same, so are
 * the bits. Sanitizers are not ready yet when the choice is made; of clang they cannot be
 * asked for in C. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
	!defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FOUR_AT_A_TIME __attribute__((target_clones("avx2", "default")))
#else
#define FOUR_AT_A_TIME
#endif

/* A case goes on into the next: gcc reads a comment as well, clang does not. */
#define FALLTHROUGH __attribute__((fallthrough))

#endif
