/* The commonest passwords of published breaches that are long enough to be chosen, in
 * lower case, sorted by bytes, one a line. Made from common_passwords.txt; where that is
 * from says common_passwords.license. */
#ifndef CRYPTO_COMMON_PASSWORDS_H
#define CRYPTO_COMMON_PASSWORDS_H

#include "base/str.h"

extern const struct str common_passwords;

#endif
