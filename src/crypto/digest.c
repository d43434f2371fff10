#include "crypto/digest.h"

#include <assert.h>
#include <pthread.h>

#include <openssl/evp.h>

/* Looked up once: OpenSSL 3 takes longer to find an algorithm by name than to run it. */
static EVP_MD *md5, *sha1, *sha256;
static pthread_once_t is_fetched = PTHREAD_ONCE_INIT;

static void
fetch(void)
{
	md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	assert(md5 && sha1 && sha256);
}

static void
digest(EVP_MD *const *algorithm, struct str text, uint8_t *ret)
{
	const void *bytes = text.ptr ? text.ptr : "";
	int is_done;

	pthread_once(&is_fetched, fetch);
	is_done = EVP_Digest(bytes, text.len, ret, NULL, *algorithm, NULL);
	/* With a fetched algorithm it fails only where there is no memory at all. */
	assert(is_done == 1);
}

void
digest_md5(struct str text, uint8_t ret[static MD5_BYTES])
{
	digest(&md5, text, ret);
}

void
digest_sha1(struct str text, uint8_t ret[static SHA1_BYTES])
{
	digest(&sha1, text, ret);
}

void
digest_sha256(struct str text, uint8_t ret[static SHA256_BYTES])
{
	digest(&sha256, text, ret);
}
