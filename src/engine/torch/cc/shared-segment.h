// Memory that the ranks of one machine share: a table of counters on which they wait for each other, and slots
// for what they give. It has no name in the file system: the last process that ends takes it along, killed or not.

#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "pieces.h"

namespace mocolab {

constexpr size_t SLOT_BYTES = 512 << 10;
/** At the beginning, known to nobody else: in another container the same path may lead to something else. */
constexpr size_t SECRET_BYTES = 64;
/** A rank may be so many slots ahead of another. */
constexpr uint32_t DEPTH = 2;

/** How far one rank is: counts of slots since the start, modulo 2^32. A cache line for each. */
struct alignas(64) Progress {
  alignas(64) std::atomic<uint32_t> given;
  alignas(64) std::atomic<uint32_t> summed;
  alignas(64) std::atomic<uint32_t> taken;
  /** Whether it has closed. */
  std::atomic<uint32_t> left;
  /** What it is about to do with a slot; compared by the others. */
  TaskLabel labels[DEPTH];
};

class SharedSegment {
 public:
  /** Makes one. Throws what the system says. */
  static SharedSegment* create(const World& world);
  /** Maps that of another process, by its ticket. Throws where there is none, or another one. */
  static SharedSegment* open(const World& world, const std::string& ticket);
  ~SharedSegment();
  SharedSegment(const SharedSegment&) = delete;
  SharedSegment& operator=(const SharedSegment&) = delete;

  /** By which other processes of this user find it, while this one lives and has not called `seal`. */
  std::string ticket() const;
  /** All have mapped it: nobody else shall. */
  void seal();

  Progress& progressOf(int rank) const { return reinterpret_cast<Progress*>(base_ + SECRET_BYTES)[rank]; }
  char* slot(int rank, uint32_t number) const;
  /** Announces that a count of this rank has grown to `value`. */
  static void advance(std::atomic<uint32_t>& count, uint32_t value);
  /** Waits until the count of `rank` has grown to `value`. */
  void await(std::atomic<uint32_t>& count, uint32_t value, int rank) const;
  void abort();

 private:
  SharedSegment(const World& world, int file, const std::string& secret);
  size_t bytes() const;

  World world_;
  int file_;
  std::string secret_;
  char* base_ = nullptr;
  std::atomic<bool> aborted_{false};
};

}  // namespace mocolab
