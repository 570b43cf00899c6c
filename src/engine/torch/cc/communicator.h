// What the ranks of one stage do together, on memory of this process: one task at a time, in the same order on
// every rank, on a thread of its own.

#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace mocolab {

/** A range of memory without gaps. */
struct Piece {
  const char* data;
  size_t bytes;
};

enum class TaskKind : uint32_t { Sum = 1, Gather = 2, Broadcast = 3 };
enum class Element : uint32_t { Float = 0, Int = 1, Byte = 2 };

/** One collective operation. */
struct Task {
  TaskKind kind;
  Element element;
  /** Of sums: each is multiplied by it. */
  double factor = 1;
  /** What this rank gives: one array in pieces. */
  std::vector<Piece> input;
  /** The array's length, the same on every rank. */
  size_t bytes = 0;
  /** Where the result goes: as long as the input; of a gather, as long as all ranks' inputs. */
  char* output = nullptr;
  /** Of shapes and memory layouts: ranks with different ones must not be mixed up. */
  uint64_t layout = 0;
};

/** A rank let the others wait for too long (`stalled`), has closed (`left`) or can't be reached (`disconnected`). */
struct RankFailed : std::runtime_error {
  RankFailed(int which, const char* how) : std::runtime_error(how), rank(which) {}
  int rank;
};

/** The main thread has ended it all. */
struct Aborted : std::runtime_error {
  Aborted() : std::runtime_error("aborted") {}
};

class Communicator {
 public:
  virtual ~Communicator() = default;
  /** Throws RankFailed, Aborted, or what is wrong with the task. */
  virtual void run(const Task& task) = 0;
  /** From another thread: whatever runs, or comes later, throws Aborted. */
  virtual void abort() = 0;
};

/** How ranks share a Communicator. */
struct World {
  int rank, ranks;
  int64_t timeoutMs;
};

}  // namespace mocolab
