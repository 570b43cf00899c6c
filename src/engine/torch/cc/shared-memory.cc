// An array goes through the slots in stretches that stay in the cache. Of each stretch every rank copies its own
// into its slot, sums one part of all slots in rank order into its slot, and copies all parts out; it gives the
// next stretch before it takes this one, so that a rank seldom sleeps.

#include "shared-memory.h"

#include "pieces.h"
#include "update-loops.h"

namespace mocolab {

void SharedMemory::run(const Task& task) {
  // A task of no bytes still takes a slot: what the ranks are about to do is compared all the same.
  const size_t stretches = std::max<size_t>(1, (task.bytes + SLOT_BYTES - 1) / SLOT_BYTES);
  const auto lengthOf = [&](size_t i) { return std::min(SLOT_BYTES, task.bytes - i * SLOT_BYTES); };
  const uint32_t first = done_;
  give(task, 0, lengthOf(0), first);
  for (size_t i = 0; i < stretches; i++) {
    const uint32_t number = first + static_cast<uint32_t>(i);
    if (i + 1 < stretches) give(task, (i + 1) * SLOT_BYTES, lengthOf(i + 1), number + 1);
    for (int rank = 0; rank < world_.ranks; rank++)
      segment_->await(segment_->progressOf(rank).given, number + 1, rank);
    if (i == 0) checkLabels(task, number);
    if (task.kind == TaskKind::Sum) sumOwnPart(task, lengthOf(i), number);
    take(task, i * SLOT_BYTES, lengthOf(i), number);
  }
  done_ = first + static_cast<uint32_t>(stretches);
}

void SharedMemory::give(const Task& task, size_t from, size_t bytes, uint32_t number) {
  // The slot is free when every rank has taken what was in it before.
  for (int rank = 0; rank < world_.ranks; rank++)
    segment_->await(segment_->progressOf(rank).taken, number + 1 - DEPTH, rank);
  Progress& own = segment_->progressOf(world_.rank);
  own.labels[number % DEPTH] = TaskLabel::of(task);
  if (task.kind != TaskKind::Broadcast || world_.rank == 0)
    copyFrom(task.input, from, bytes, segment_->slot(world_.rank, number));
  SharedSegment::advance(own.given, number + 1);
}

void SharedMemory::checkLabels(const Task& task, uint32_t number) const {
  for (int rank = 0; rank < world_.ranks; rank++)
    checkLabel(TaskLabel::of(task), segment_->progressOf(rank).labels[number % DEPTH], world_.rank, rank);
}

void SharedMemory::sumOwnPart(const Task& task, size_t bytes, uint32_t number) {
  const size_t from = partStart(bytes, world_.rank, world_.ranks);
  const size_t length = partStart(bytes, world_.rank + 1, world_.ranks) - from;
  const size_t count = length / sizeof(float);
  char* own = segment_->slot(world_.rank, number) + from;
  // In rank order: x0 + x1 + ... into a buffer that is hot, because our own slot holds a term.
  static thread_local std::vector<float> sums(SLOT_BYTES / sizeof(float));
  std::memcpy(sums.data(), segment_->slot(0, number) + from, length);
  for (int rank = 1; rank < world_.ranks; rank++) {
    const char* term = segment_->slot(rank, number) + from;
    if (task.element == Element::Float)
      updateLoops().add[0](sums.data(), term, static_cast<int64_t>(count));
    else
      addInts(reinterpret_cast<uint32_t*>(sums.data()), reinterpret_cast<const uint32_t*>(term), count);
  }
  if (task.element == Element::Float && task.factor != 1)
    scaleFloats(sums.data(), static_cast<float>(task.factor), count);
  std::memcpy(own, sums.data(), length);
  SharedSegment::advance(segment_->progressOf(world_.rank).summed, number + 1);
}

void SharedMemory::take(const Task& task, size_t from, size_t bytes, uint32_t number) {
  for (int rank = 0; rank < world_.ranks; rank++) {
    const char* slot = segment_->slot(rank, number);
    if (task.kind == TaskKind::Sum) {
      segment_->await(segment_->progressOf(rank).summed, number + 1, rank);
      const size_t start = partStart(bytes, rank, world_.ranks);
      std::memcpy(task.output + from + start, slot + start, partStart(bytes, rank + 1, world_.ranks) - start);
    } else if (task.kind == TaskKind::Gather) {
      std::memcpy(task.output + rank * task.bytes + from, slot, bytes);
    } else if (rank == 0) {
      std::memcpy(task.output + from, slot, bytes);
    }
  }
  Progress& own = segment_->progressOf(world_.rank);
  SharedSegment::advance(own.summed, number + 1);
  SharedSegment::advance(own.taken, number + 1);
}

}  // namespace mocolab
