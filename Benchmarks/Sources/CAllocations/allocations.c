#define _GNU_SOURCE
#include "CAllocations.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stddef.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static __thread int is_counting;
static __thread uint64_t count;
static __thread uint64_t bytes_copied;

void allocations_begin(void) {
  count = 0;
  bytes_copied = 0;
  is_counting = 1;
}

uint64_t allocations_end(void) {
  is_counting = 0;
  return count;
}

uint64_t allocations_bytes_copied(void) { return bytes_copied; }

static void *(*real_memmove)(void *to, const void *from, size_t size);

__attribute__((constructor)) static void find_memmove(void) {
  real_memmove = (void *(*)(void *, const void *, size_t))dlsym(RTLD_NEXT, "memmove");
}

void *memmove(void *to, const void *from, size_t size) {
  if (__builtin_expect(is_counting, 0)) bytes_copied += size;
  if (__builtin_expect(real_memmove != NULL, 1)) return real_memmove(to, from, size);
  // Before it is found: what the dynamic linker copies.
  uint8_t *target = to;
  const uint8_t *source = from;
  if (target < source) {
    for (size_t index = 0; index < size; index++) target[index] = source[index];
  } else {
    for (size_t index = size; index > 0; index--) target[index - 1] = source[index - 1];
  }
  return to;
}

void *memcpy(void *to, const void *from, size_t size) { return memmove(to, from, size); }

static inline void note(void) {
  if (__builtin_expect(is_counting, 0)) count += 1;
}

void *malloc(size_t size) {
  note();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  note();
  return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
  // A block that has the room already stays where it is.
  if (block == NULL || size > malloc_usable_size(block)) note();
  return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  note();
  void *memory = __libc_memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *block = memory;
  return 0;
}
