// epoll and the kernel's time of arrival, which Swift's Glibc module does not have.
#ifndef FLASHGATE_CEPOLL_H
#define FLASHGATE_CEPOLL_H

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

static const uint32_t epoll_readable = EPOLLIN;

/// Makes the kernel note when each datagram comes to the socket.
int stamp_arrivals(int fd);

/// Receives a datagram; `arrived` is when the kernel put it into the socket, in nanoseconds of CLOCK_REALTIME, or 0 if
/// it did not say.
ssize_t receive_stamped(int fd, void *memory, size_t size, uint64_t *arrived);

#endif
