// What libavcodec, libavformat, libavutil, libswresample and libswscale offer as function-like macros, casts or compound
// literals does not reach Swift; each gets a constant or an inline function here, and nothing else does.
#ifndef FLASHGATE_CLIBAV_SHIM_H
#define FLASHGATE_CLIBAV_SHIM_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/error.h>
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libavutil/samplefmt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

static const int32_t clibav_error_again = AVERROR(EAGAIN);
static const int32_t clibav_error_end_of_file = AVERROR_EOF;
static const int32_t clibav_error_invalid_data = AVERROR_INVALIDDATA;
static const int32_t clibav_error_no_memory = AVERROR(ENOMEM);
static const int64_t clibav_no_time = AV_NOPTS_VALUE;
static const int32_t clibav_flag_low_delay = AV_CODEC_FLAG_LOW_DELAY;

/// The first plane of an audio frame as C wants it: an array of plane pointers.
static inline const uint8_t **clibav_planes(const AVFrame *frame) {
  return (const uint8_t **)frame->extended_data;
}

#endif
