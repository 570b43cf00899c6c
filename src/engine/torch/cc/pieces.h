// An array that lies in pieces, and how ranks share the work on an array. Standard C++ alone: both the addon and
// the module on Gloo are made of it.

#pragma once

#include <algorithm>
#include <cstring>

#include "communicator.h"

namespace mocolab {

/** Copies bytes [from, from + bytes) of an array in pieces. */
inline void copyFrom(const std::vector<Piece>& pieces, size_t from, size_t bytes, char* to) {
  for (const Piece& piece : pieces) {
    if (bytes == 0) return;
    if (from >= piece.bytes) {
      from -= piece.bytes;
      continue;
    }
    const size_t taken = std::min(bytes, piece.bytes - from);
    std::memcpy(to, piece.data + from, taken);
    to += taken;
    bytes -= taken;
    from = 0;
  }
}

/** Where the part of a rank begins, in bytes: whole cache lines, so that two ranks never write to one. */
inline size_t partStart(size_t bytes, int rank, int ranks) {
  return rank == ranks ? bytes : bytes / 64 * rank / ranks * 64;
}

/** What all ranks must agree on before they exchange a task's bytes. */
struct TaskLabel {
  uint64_t kind, element, bytes, layout;

  static TaskLabel of(const Task& task) {
    return {static_cast<uint64_t>(task.kind), static_cast<uint64_t>(task.element), task.bytes, task.layout};
  }
  bool operator==(const TaskLabel& other) const {
    return kind == other.kind && element == other.element && bytes == other.bytes && layout == other.layout;
  }
};

/** Throws unless another rank's label is ours. */
inline void checkLabel(const TaskLabel& own, const TaskLabel& theirs, int rank, int theirRank) {
  if (!(own == theirs))
    throw std::runtime_error("rank " + std::to_string(theirRank) + " and rank " + std::to_string(rank) +
                             " called different operations, or on tensors of other shapes");
}

inline void addInts(uint32_t* __restrict sum, const uint32_t* __restrict term, size_t count) {
  for (size_t i = 0; i < count; i++) sum[i] += term[i];
}

inline void scaleFloats(float* values, float factor, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] *= factor;
}

}  // namespace mocolab
