#ifndef FLASHGATE_COPENSSL_H
#define FLASHGATE_COPENSSL_H

#include <openssl/evp.h>
#include <openssl/hmac.h>

#endif
