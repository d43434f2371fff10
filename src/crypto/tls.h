/* Reading and writing on a TLS session of OpenSSL's that another library opened, over a
 * socket that does not block. */
#ifndef CRYPTO_TLS_H
#define CRYPTO_TLS_H

#include "base/compiler.h"

/* What became of it: bytes from 1 on, TLS_WAIT: the socket gives or takes none now, and
 * TLS_LOST: the session is over. */
enum { TLS_WAIT = 0, TLS_LOST = -1 };

/* At most SIZE bytes to TO, from SESSION, an SSL *. */
ptrdiff_t tls_read(void *session, char *to, size_t size);
/* Some of SIZE bytes at FROM. What was not taken must be offered again as it is. */
ptrdiff_t tls_write(void *session, const char *from, size_t size);

#endif
