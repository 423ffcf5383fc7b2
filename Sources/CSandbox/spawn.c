#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int socket) {
  int error = 0;
  for (int stream = 0; stream < FG_SANDBOX_SOCKET && !error; stream++) {
    error = posix_spawn_file_actions_addopen(actions, stream, "/dev/null", stream == 0 ? O_RDONLY : O_WRONLY, 0);
  }
  if (!error) error = posix_spawn_file_actions_adddup2(actions, socket, FG_SANDBOX_SOCKET);
  if (!error) error = posix_spawn_file_actions_addclosefrom_np(actions, FG_SANDBOX_SOCKET + 1);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  if (!error) error = posix_spawnattr_setsigmask(attributes, &none);
  if (!error) error = posix_spawnattr_setsigdefault(attributes, &all);
  if (!error) {
    error = posix_spawnattr_setflags(attributes,
                                     POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  return error;
}

static int spawn(const char *program, char *const arguments[], char *const environment[], int socket,
                 pid_t *process) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) return error;
  error = posix_spawnattr_init(&attributes);
  if (!error) {
    error = set_up(&actions, &attributes, socket);
    if (!error) error = posix_spawn(process, program, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

int fg_sandbox_spawn(const char *program, char *const arguments[], char *const environment[], pid_t *process) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -errno;
  // Away from the descriptors that the child's own streams take, should any of these be closed in this process.
  int theirs = fcntl(ends[1], F_DUPFD_CLOEXEC, FG_SANDBOX_SOCKET + 1);
  int error = theirs < 0 ? errno : spawn(program, arguments, environment, theirs, process);
  if (theirs >= 0) close(theirs);
  close(ends[1]);
  if (error) {
    close(ends[0]);
    return -error;
  }
  return ends[0];
}
