// Worker processes as they must not be, and one that tries what a confined one must not be able to do. The argument
// chooses; the socket is descriptor 3, as for a real one.
#define _GNU_SOURCE
#include "CSandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { sock = FG_SANDBOX_SOCKET };

static void send_all(const void *bytes, size_t count) {
  if (send(sock, bytes, count, MSG_NOSIGNAL) != (ssize_t)count) _exit(0);
}

static void receive_all(void *bytes, size_t count) {
  if (count > 0 && recv(sock, bytes, count, MSG_WAITALL) != (ssize_t)count) _exit(0);
}

// Version 3, nothing missing.
static void greet(void) {
  static const unsigned char hello[] = {0, 0, 0, 4, 1, 0, 3, 0};
  send_all(hello, sizeof hello);
}

static void wait_for_a_command(void) {
  char byte;
  receive_all(&byte, 1);
}

static void sleep_for_ever(void) {
  for (;;) pause();
}

// Answers each command as done, and dies of one that holds the word POISON.
static void serve_until_poisoned(void) {
  static char body[8 << 20];
  for (;;) {
    uint32_t length;
    receive_all(&length, sizeof length);
    length = ntohl(length);
    if (length > sizeof body) _exit(2);
    receive_all(body, length);
    if (memmem(body, length, "POISON", 6) != NULL) abort();
    // Claims an hour of processor time for each.
    static const unsigned char done[] = {0, 0, 0, 9, 3, 0, 0, 3, 0x46, 0x30, 0xb8, 0xa0, 0x00};
    if (length > 0 && body[0] == 2) send_all(done, sizeof done);
  }
}

static int opened(int descriptor) { return descriptor >= 0; }

static int connect_to_anything(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/tmp/nothing"};
  return connect(sock, (struct sockaddr *)&address, sizeof address) == 0 || errno == ENOENT;
}

static int run_a_program(void) {
  char *const arguments[] = {"true", NULL};
  execv("/bin/true", arguments);
  return 0;
}

static int change_to_executable(void) {
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static int begin_a_process(void) {
  pid_t process = fork();
  if (process == 0) _exit(0);
  return process > 0;
}

// One byte for each attempt, 1 where it succeeded. The order is that of SandboxTests.swift.
static void try_everything(void) {
  int inherited = 0;
  for (int descriptor = sock + 1; descriptor < 4096; descriptor++) inherited |= fcntl(descriptor, F_GETFD) >= 0;
  int secret = getenv("HOME") != NULL || getenv("PATH") != NULL;
  pid_t parent = getppid();
  unsigned char missing = (unsigned char)fg_sandbox_enter(1ULL << 30);
  send_all(&missing, 1);
  // A sanitizer leaves the filter out; the attempts below would succeed, and one of them replaces this program.
  if (missing & FG_WITHOUT_FILTER) return;
  const unsigned char results[] = {
      (unsigned char)inherited,
      (unsigned char)secret,
      (unsigned char)opened(open("/etc/passwd", O_RDONLY)),
      (unsigned char)opened(open("/tmp/flashgate-must-not-exist", O_WRONLY | O_CREAT, 0600)),
      (unsigned char)opened(socket(AF_INET, SOCK_STREAM, 0)),
      (unsigned char)opened(socket(AF_UNIX, SOCK_DGRAM, 0)),
      (unsigned char)connect_to_anything(),
      (unsigned char)opened(dup(sock)),
      (unsigned char)run_a_program(),
      (unsigned char)begin_a_process(),
      (unsigned char)(kill(parent, 0) == 0),
      (unsigned char)(ptrace(PTRACE_SEIZE, parent, 0, 0) == 0),
      (unsigned char)(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED),
      (unsigned char)change_to_executable(),
      (unsigned char)(mmap(NULL, 2ULL << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED),
      (unsigned char)(chdir("/") == 0),
      (unsigned char)(prctl(PR_SET_DUMPABLE, 1) == 0),
  };
  send_all(results, sizeof results);
}

int main(int count, char **arguments) {
  const char *kind = count > 1 ? arguments[1] : "";
  if (strcmp(kind, "ends") == 0) return 0;
  if (strcmp(kind, "mute") == 0) sleep_for_ever();
  if (strcmp(kind, "confined") == 0) {
    try_everything();
    return 0;
  }
  if (strcmp(kind, "other-version") == 0) {
    static const unsigned char hello[] = {0, 0, 0, 4, 1, 0xff, 0xff, 0};
    send_all(hello, sizeof hello);
    sleep_for_ever();
  }
  greet();
  if (strcmp(kind, "poisoned") == 0) serve_until_poisoned();
  wait_for_a_command();
  if (strcmp(kind, "garbage") == 0) {
    static unsigned char noise[4096];
    memset(noise, 0x55, sizeof noise);
    for (;;) send_all(noise, sizeof noise);
  }
  if (strcmp(kind, "chatter") == 0) {
    // A message of 4 MB, begun and never ended.
    static const unsigned char begun[] = {0, 0x3f, 0, 0};
    send_all(begun, sizeof begun);
    for (;;) {
      send_all("x", 1);
      usleep(10000);
    }
  }
  if (strcmp(kind, "endless") == 0) {
    static const unsigned char frame[] = {0, 0, 0, 11, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'x'};
    for (;;) send_all(frame, sizeof frame);
  }
  sleep_for_ever();
}
