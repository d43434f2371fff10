/*
 * Text that one person types and another reads: names, notes, titles. What cannot be
 * seen, or makes text look other than it is, has no business in it (Unicode Technical
 * Report 36).
 */
#ifndef CODEC_PLAIN_TEXT_H
#define CODEC_PLAIN_TEXT_H

#include "base/str.h"

enum {
	PLAIN_TEXT_GOOD = 0,
	PLAIN_TEXT_BLANK = -1, /* nothing in it can be seen */
};

/*
 * What is wrong with TEXT, which is UTF-8: PLAIN_TEXT_GOOD; PLAIN_TEXT_BLANK, of text
 * that is not empty; or the first code point that may not stand where it does:
 *
 * - a control character, line ends and tabs aside where MAY_HAVE_LINES;
 * - what turns the direction of text around, or separates lines or paragraphs;
 * - what takes no room, but for what scripts need: joiners behind a character that is
 *   not ASCII (Persian, Hindi, emoji), variation selectors behind any that is seen, tags
 *   behind a flag.
 */
int32_t plain_text_fault(struct str text, bool may_have_lines);

/* TEXT, which is UTF-8, without the blanks at its ends, of any script. */
struct str plain_text_trim(struct str text);

#endif
