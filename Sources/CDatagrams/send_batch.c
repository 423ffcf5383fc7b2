#define _GNU_SOURCE
#include "CDatagrams.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/uio.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
  // Messages of one sendmmsg call, and datagrams they hold together.
  max_messages = 64,
  max_parts = 128,
  // The kernel's bounds for one segmented send (UDP_MAX_SEGMENTS, and an IPv4 datagram's size).
  max_segments = 64,
  max_segmented_bytes = 65000,
};

struct batch {
  struct mmsghdr messages[max_messages];
  struct iovec parts[max_parts];
  // Datagrams in each message.
  uint32_t held[max_messages];
  union {
    char bytes[CMSG_SPACE(sizeof(uint16_t))];
    struct cmsghdr align;
  } control[max_messages];
};

static socklen_t address_length(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

// How many datagrams from `first` on can go as one segmented send: all of one size to one destination, the last one
// possibly shorter.
static uint32_t run_length(const struct fg_datagram *datagrams, uint32_t first, uint32_t end) {
  uint32_t bytes = datagrams[first].length;
  uint32_t next = first + 1;
  while (next < end && next - first < max_segments && datagrams[next].destination == datagrams[first].destination &&
         datagrams[next].length <= datagrams[first].length && bytes + datagrams[next].length <= max_segmented_bytes) {
    bytes += datagrams[next].length;
    next += 1;
    if (datagrams[next - 1].length < datagrams[first].length) break;
  }
  return next - first;
}

static void set_segment_size(struct batch *batch, uint32_t index, uint16_t size) {
  struct msghdr *header = &batch->messages[index].msg_hdr;
  header->msg_control = batch->control[index].bytes;
  header->msg_controllen = sizeof(batch->control[index].bytes);
  struct cmsghdr *control = CMSG_FIRSTHDR(header);
  control->cmsg_level = SOL_UDP;
  control->cmsg_type = UDP_SEGMENT;
  control->cmsg_len = CMSG_LEN(sizeof(size));
  memcpy(CMSG_DATA(control), &size, sizeof(size));
}

// Sends the messages; one that the kernel refuses is skipped, so that a dead address does not hold up the others.
static void flush(int fd, struct batch *batch, uint32_t count, struct fg_batch_result *result) {
  uint32_t index = 0;
  while (index < count) {
    result->calls += 1;
    int taken = sendmmsg(fd, &batch->messages[index], count - index, MSG_DONTWAIT);
    if (taken > 0) {
      for (int i = 0; i < taken; i++) result->sent += batch->held[index++];
    } else if (errno != EINTR) {
      result->refused += batch->held[index++];
    }
  }
}

struct fg_batch_result fg_send_batch(int fd, const void *memory, const struct fg_datagram *datagrams, uint32_t count,
                                     const struct sockaddr_storage *destinations, int segment) {
  struct batch batch;
  struct fg_batch_result result = {0, 0, 0};
  uint32_t messages = 0, parts = 0, next = 0;
  while (next < count) {
    uint32_t run = segment ? run_length(datagrams, next, count) : 1;
    if (messages == max_messages || parts + run > max_parts) {
      flush(fd, &batch, messages, &result);
      messages = parts = 0;
    }
    const struct sockaddr_storage *to = &destinations[datagrams[next].destination];
    struct mmsghdr *message = &batch.messages[messages];
    memset(message, 0, sizeof(*message));
    message->msg_hdr.msg_name = (void *)to;
    message->msg_hdr.msg_namelen = address_length(to);
    message->msg_hdr.msg_iov = &batch.parts[parts];
    message->msg_hdr.msg_iovlen = run;
    batch.held[messages] = run;
    for (uint32_t i = 0; i < run; i++) {
      batch.parts[parts].iov_base = (void *)((const uint8_t *)memory + datagrams[next + i].offset);
      batch.parts[parts].iov_len = datagrams[next + i].length;
      parts += 1;
    }
    if (run > 1) set_segment_size(&batch, messages, datagrams[next].length);
    messages += 1;
    next += run;
  }
  flush(fd, &batch, messages, &result);
  return result;
}

int fg_supports_segmentation(int fd) {
  int size = 0;
  socklen_t length = sizeof(size);
  return getsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, &length) == 0;
}
