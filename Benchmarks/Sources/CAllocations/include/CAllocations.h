// Counts heap allocations and copied bytes of the process, those of shared libraries included.
//
// The executable defines malloc and its kin, memcpy and memmove itself; the dynamic linker then gives these to every
// library that is loaded. Allocations are passed on to glibc's own functions under their internal names, so that nothing
// has to be looked up before the first one.
#ifndef FLASHGATE_CALLOCATIONS_H
#define FLASHGATE_CALLOCATIONS_H

#include <stdint.h>

/// Sets the count of this thread to zero and begins to count.
void allocations_begin(void);

/// Stops counting; allocations of this thread since `allocations_begin`: malloc, calloc, aligned forms, and realloc where
/// it grows or begins a block. Freeing is not counted.
uint64_t allocations_end(void);

/// Bytes that memcpy and memmove moved on this thread from `allocations_begin` to `allocations_end`. Copies of a few
/// bytes that the compiler writes out itself are not in it.
uint64_t allocations_bytes_copied(void);

#endif
