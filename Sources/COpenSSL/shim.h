// OpenSSL as Swift can import it. Function-like macros, option bits behind a cast and variadic functions do not
// come through the importer; each one that is needed stands here as an inline function or a constant.
#ifndef FLASHGATE_COPENSSL_SHIM_H
#define FLASHGATE_COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/time.h>

static const uint64_t FLASHGATE_SSL_OP_NO_QUERY_MTU = SSL_OP_NO_QUERY_MTU;
static const uint64_t FLASHGATE_SSL_OP_NO_RENEGOTIATION = SSL_OP_NO_RENEGOTIATION;
static const uint64_t FLASHGATE_SSL_OP_NO_TICKET = SSL_OP_NO_TICKET;

// Names in the order and with the escapes of RFC 2253, in UTF-8, control characters escaped.
static const unsigned long FLASHGATE_XN_FLAG_RFC2253 = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;

static inline int flashgate_DTLSv1_get_timeout(SSL *ssl, struct timeval *left) { return (int)DTLSv1_get_timeout(ssl, left); }

static inline int flashgate_DTLSv1_handle_timeout(SSL *ssl) { return (int)DTLSv1_handle_timeout(ssl); }

static inline int flashgate_DTLS_set_link_mtu(SSL *ssl, long mtu) { return (int)DTLS_set_link_mtu(ssl, mtu); }

static inline int flashgate_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_min_proto_version(context, version);
}

static inline int flashgate_SSL_CTX_set1_groups_list(SSL_CTX *context, const char *list) {
  return (int)SSL_CTX_set1_groups_list(context, list);
}

// A new key on the curve NIST P-256, or NULL.
static inline EVP_PKEY *flashgate_EVP_PKEY_new_p256(void) { return EVP_EC_gen("P-256"); }

// The pseudo-random function of TLS 1.2 (RFC 5246 section 5); `seed` begins with the label. 1, or 0 for a failure.
static inline int flashgate_tls12_prf(const EVP_MD *digest, const uint8_t *secret, size_t secret_length, const uint8_t *seed,
                                      size_t seed_length, uint8_t *output, size_t output_length) {
  EVP_KDF *function = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_PRF, NULL);
  EVP_KDF_CTX *context = function ? EVP_KDF_CTX_new(function) : NULL;
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)EVP_MD_get0_name(digest), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)secret, secret_length),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)seed, seed_length),
      OSSL_PARAM_construct_end(),
  };
  int derived = context ? EVP_KDF_derive(context, output, output_length, parameters) : 0;
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(function);
  return derived > 0;
}

#endif
