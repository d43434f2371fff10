/*
 * A file of breached passwords that the operator provides: lines "SHA1" or "SHA1:COUNT",
 * the digest in hexadecimal digits of either case, sorted by it, lines ended by LF or
 * CRLF; what haveibeenpwned-downloader writes. It may have tens of gigabytes: it is
 * searched where it lies, some thirty reads of 128 bytes for one password.
 *
 * It is opened for each search, so a file that replaces it (by rename) is the one that is
 * searched next. These wait for the disk: at start-up, or offloaded. Errors name the
 * file: NOT_FOUND, DENIED; INVALID where it is no such file, with the byte at which; else
 * INTERNAL.
 */
#ifndef CRYPTO_BREACHED_H
#define CRYPTO_BREACHED_H

#include "base/err.h"

/* Whether the file PATH has PASSWORD. */
struct err *breached_find(
	struct arena *arena, const char *path, struct str password, bool *ret) MUST_USE;

/* Whether PATH can be read, and its first line, its last and some between are of the form
 * and in order. */
struct err *breached_check(struct arena *arena, const char *path) MUST_USE;

#endif
