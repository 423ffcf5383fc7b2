// libsrtp2 as Swift can import it: the one policy that is only a macro, as a function.
#ifndef FLASHGATE_CLIBSRTP_SHIM_H
#define FLASHGATE_CLIBSRTP_SHIM_H

#include <srtp2/srtp.h>

static inline void flashgate_srtp_policy_set_aes_cm_128_hmac_sha1_80(srtp_crypto_policy_t *policy) {
  srtp_crypto_policy_set_rtp_default(policy);
}

#endif
