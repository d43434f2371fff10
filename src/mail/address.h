/*
 * Addresses that mail can be sent to: the dot-atom form of RFC 5321 §4.1.2 in ASCII, with
 * a domain of at least two labels or one of them (localhost), at most 254 bytes. Quoted
 * local parts, comments, address literals and addresses that need SMTPUTF8 (RFC 6531) are
 * not taken: what is taken can stand in a header or an SMTP command as it is.
 */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include "base/str.h"

enum {
	ADDRESS_BYTES_MAX = 254,
};

bool address_is_valid(struct str address);

/* ADDRESS as it is kept and compared; absent when the arena is full. */
struct str address_in_lower_case(struct arena *arena, struct str address);

/* "Gridiron <mail@example.org>" or the address alone, into its parts; the name may be
 * quoted, and is absent where there is none. False: neither form, or no such address. */
bool address_split(struct str text, struct str *ret_name, struct str *ret_address);

#endif
