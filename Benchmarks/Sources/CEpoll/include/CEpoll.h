// epoll, which Swift's Glibc module does not have.
#ifndef FLASHGATE_CEPOLL_H
#define FLASHGATE_CEPOLL_H

#include <sys/epoll.h>

static const uint32_t epoll_readable = EPOLLIN;

#endif
