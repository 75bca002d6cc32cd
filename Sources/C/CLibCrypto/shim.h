/* The one-shot digests of before OpenSSL 3: they need no provider to be looked up. */
#define OPENSSL_API_COMPAT 0x10101000L
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
