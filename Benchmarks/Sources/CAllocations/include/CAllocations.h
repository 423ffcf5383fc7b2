// Counts heap allocations of the process, those of shared libraries included.
//
// The executable defines malloc and its kin itself; the dynamic linker then gives these to every library that is loaded.
// They pass everything on to glibc's own functions under their internal names, so that nothing has to be looked up
// before the first allocation.
#ifndef FLASHGATE_CALLOCATIONS_H
#define FLASHGATE_CALLOCATIONS_H

#include <stdint.h>

/// Sets the count of this thread to zero and begins to count.
void allocations_begin(void);

/// Stops counting; allocations of this thread since `allocations_begin`: malloc, calloc, aligned forms, and realloc where
/// it grows or begins a block. Freeing is not counted.
uint64_t allocations_end(void);

#endif
