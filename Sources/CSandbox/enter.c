#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif

#ifndef UNDER_SANITIZER
#define UNDER_SANITIZER 0
#endif

static int limit(__rlimit_resource_t resource, unsigned long long value) {
  struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
  return setrlimit(resource, &limit);
}

static int set_limits(unsigned long long address_space) {
  int failed = limit(RLIMIT_CORE, 0) | limit(RLIMIT_FSIZE, 0) | limit(RLIMIT_NPROC, 0) |
               // One above the socket: no further descriptor can be had, not even without the filter.
               limit(RLIMIT_NOFILE, FG_SANDBOX_SOCKET + 1);
  // A sanitizer's shadow memory takes terabytes of addresses.
  if (!UNDER_SANITIZER) failed |= limit(RLIMIT_AS, address_space);
  return failed;
}

// What codecs do: take and give back memory, wait for locks, read clocks, end.
static const int anywhere[] = {
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

// What goes only with the one descriptor there is.
static const int on_socket[] = {
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(recvfrom), SCMP_SYS(sendto), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg),
};

static int add_rules(scmp_filter_ctx filter) {
  int failed = 0;
  for (size_t i = 0; i < sizeof(anywhere) / sizeof(*anywhere); i++) {
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, anywhere[i], 0);
  }
  for (size_t i = 0; i < sizeof(on_socket) / sizeof(*on_socket); i++) {
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, on_socket[i], 1, SCMP_A0(SCMP_CMP_EQ, FG_SANDBOX_SOCKET));
  }
  // Memory, but none that can be run, and none that is a file.
  failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                             SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
  failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  return failed;
}

static int set_filter(void) {
  // Refused calls fail instead of killing: a library that asks for the number of processors gets none and goes on.
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (filter == NULL) return -1;
  int failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
  if (!failed) failed = add_rules(filter);
  if (!failed) failed = seccomp_load(filter);
  seccomp_release(filter);
  return failed;
}

int fg_sandbox_enter(unsigned long long address_space) {
  int missing = FG_CONFINED;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0);
  if (set_limits(address_space)) missing |= FG_WITHOUT_LIMITS;
  // A sanitizer maps, reads and reports by calls of its own.
  if (UNDER_SANITIZER || set_filter()) missing |= FG_WITHOUT_FILTER;
  return missing;
}
