// Memory for tensors on the CPU.

#pragma once

#include <cstddef>

namespace mocolab {

struct AllocatorState {
  /** Bytes taken from the system; of these, in use now, and at most so far. */
  size_t reserved, live, peak;
};

/** Makes every CPU tensor of the process use the caching allocator. Before the first tensor. */
void useCachingAllocator();

AllocatorState allocatorState();

/** The peak counts from here. */
void startAllocatorPeak();

}  // namespace mocolab
