// libvpx opens an encoder by a macro and sets its options by a variadic function; neither reaches Swift.
#ifndef FLASHGATE_CLIBVPX_SHIM_H
#define FLASHGATE_CLIBVPX_SHIM_H

#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

static const unsigned long clibvpx_deadline_realtime = VPX_DL_REALTIME;

/// Opens a VP8 encoder of this header's version.
static inline vpx_codec_err_t clibvpx_open_vp8(vpx_codec_ctx_t *context, const vpx_codec_enc_cfg_t *settings) {
  return vpx_codec_enc_init(context, vpx_codec_vp8_cx(), settings, 0);
}

/// Sets an option that takes an integer.
static inline vpx_codec_err_t clibvpx_set(vpx_codec_ctx_t *context, int option, int value) {
  return vpx_codec_control_(context, option, value);
}

#endif
