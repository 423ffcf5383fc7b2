// Sends a batch of datagrams with as few system calls as the kernel allows.
//
// A C file, because msghdr, iovec and ancillary data are a loop over pointers into each other, and because sendmmsg
// and UDP_SEGMENT are not visible to Swift.
#ifndef FLASHGATE_CDATAGRAMS_H
#define FLASHGATE_CDATAGRAMS_H

#include <stdint.h>
#include <sys/socket.h>

/// One datagram of a batch: `length` bytes at `offset` of the batch's memory, for the address `destination`.
struct fg_datagram {
  uint32_t offset;
  uint16_t length;
  uint16_t destination;
};

/// What became of a batch.
struct fg_batch_result {
  /// Datagrams the kernel took.
  uint32_t sent;
  /// Datagrams it refused: full buffer, unreachable address.
  uint32_t refused;
  /// System calls made.
  uint32_t calls;
};

/// Sends `count` datagrams out of `memory` over the UDP socket `fd`, in order. Runs of datagrams of one size to one
/// destination go as one segmented send (UDP_SEGMENT) when `segment` is not 0. Never blocks; what the kernel does not
/// take is dropped and counted, as a network would.
struct fg_batch_result fg_send_batch(int fd, const void *memory, const struct fg_datagram *datagrams, uint32_t count,
                                     const struct sockaddr_storage *destinations, int segment);

/// Whether the kernel segments UDP sends on this socket (Linux 4.18 and later).
int fg_supports_segmentation(int fd);

#endif
