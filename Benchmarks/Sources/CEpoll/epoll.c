#define _GNU_SOURCE
#include "CEpoll.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>

int stamp_arrivals(int fd) {
  int on = 1;
  return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
}

ssize_t receive_stamped(int fd, void *memory, size_t size, uint64_t *arrived) {
  union {
    char bytes[CMSG_SPACE(sizeof(struct timespec))];
    struct cmsghdr align;
  } control;
  struct iovec part = {memory, size};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
  *arrived = 0;
  ssize_t count = recvmsg(fd, &header, 0);
  if (count < 0) return count;
  for (struct cmsghdr *entry = CMSG_FIRSTHDR(&header); entry; entry = CMSG_NXTHDR(&header, entry)) {
    if (entry->cmsg_level != SOL_SOCKET || entry->cmsg_type != SCM_TIMESTAMPNS) continue;
    struct timespec time;
    memcpy(&time, CMSG_DATA(entry), sizeof(time));
    *arrived = (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
  }
  return count;
}
