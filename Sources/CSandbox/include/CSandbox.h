// Starts a program with nothing but one socket, and takes every right from a process but computing and talking on it.
//
// C files, because posix_spawn wants tables of pointers, and because libseccomp's rules are variadic and made of macros.
#ifndef FLASHGATE_CSANDBOX_H
#define FLASHGATE_CSANDBOX_H

#include <sys/types.h>

/// The descriptor of its socket in a process that `fg_sandbox_spawn` started.
#define FG_SANDBOX_SOCKET 3

/// What `fg_sandbox_enter` did.
enum fg_confinement {
  /// All of it.
  FG_CONFINED = 0,
  /// No resource limits.
  FG_WITHOUT_LIMITS = 1,
  /// No system call filter: the kernel or an outer sandbox refuses it.
  FG_WITHOUT_FILTER = 2,
};

/// Starts `program` with a connected stream socket as descriptor 3 and nothing else: the standard streams are /dev/null,
/// signals are as by default, and the process is in a session of its own, so that a terminal's Ctrl-C does not reach it.
/// `arguments` and `environment` end with NULL.
///
/// Returns our end of the socket (closed on exec) and the process id, or a negated errno.
int fg_sandbox_spawn(const char *program, char *const arguments[], char *const environment[], pid_t *process);

/// Takes from the calling process, for good: new privileges, new descriptors, files, networks, processes, core dumps,
/// executable memory, and more address space than `address_space` bytes. It dies with the thread that started it.
///
/// Returns the `fg_confinement` bits of what could not be done.
int fg_sandbox_enter(unsigned long long address_space);

#endif
