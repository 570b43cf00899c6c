// Collectives of the ranks of one machine through shared memory.

#pragma once

#include <memory>

#include "shared-segment.h"

namespace mocolab {

class SharedMemory : public Communicator {
 public:
  SharedMemory(const World& world, SharedSegment* segment) : world_(world), segment_(segment) {}
  void run(const Task& task) override;
  void abort() override { segment_->abort(); }
  SharedSegment& segment() { return *segment_; }

 private:
  void give(const Task& task, size_t from, size_t bytes, uint32_t number);
  void sumOwnPart(const Task& task, size_t bytes, uint32_t number);
  void take(const Task& task, size_t from, size_t bytes, uint32_t number);
  void checkLabels(const Task& task, uint32_t number) const;

  World world_;
  std::unique_ptr<SharedSegment> segment_;
  /** Slots given so far. */
  uint32_t done_ = 0;
};

}  // namespace mocolab
