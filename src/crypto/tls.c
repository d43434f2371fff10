#include "crypto/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

enum { ONCE_BYTES_MAX = 1 << 30 };

static ptrdiff_t
result_of(SSL *ssl, int result)
{
	if (result > 0)
		return result;
	switch (SSL_get_error(ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return TLS_WAIT;
	default:
		return TLS_LOST;
	}
}

/* SSL_get_error looks at the thread's queue of errors, where another session may have
 * left some. */
ptrdiff_t
tls_read(void *session, char *to, size_t size)
{
	ERR_clear_error();
	return result_of(session,
		SSL_read(
			session, to, size < ONCE_BYTES_MAX ? (int)size : ONCE_BYTES_MAX));
}

ptrdiff_t
tls_write(void *session, const char *from, size_t size)
{
	ERR_clear_error();
	return result_of(session,
		SSL_write(session, from,
			size < ONCE_BYTES_MAX ? (int)size : ONCE_BYTES_MAX));
}
