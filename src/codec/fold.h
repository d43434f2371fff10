/*
 * Names as they compare: two that differ in case, width, composition, or spaces alone
 * look the same to whoever reads them (Unicode Standard, chapter 3.13, toNFKC_Casefold).
 * It is done here and not in SQL, as SQLite folds ASCII only and PostgreSQL by its
 * locale.
 */
#ifndef CODEC_FOLD_H
#define CODEC_FOLD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	FOLD_BYTES_MAX = 1024, /* of what is folded */
};

/* TEXT, which is UTF-8, folded: runs of spaces are one, and none is at either end. May be
 * empty, of a text in which nothing can be seen. TOO_LARGE past FOLD_BYTES_MAX, INVALID
 * of what is no UTF-8. */
struct err *fold_text(struct arena *arena, struct str text, struct str *ret) MUST_USE;

#endif
