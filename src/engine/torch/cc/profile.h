// Where the time goes: calls and milliseconds of every function of the addon, counted while asked for.

#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace mocolab {

struct OpTime {
  const char* name;
  int64_t calls = 0;
  double ms = 0;
};

/** The counter of a function; the same one for the same name. `name` must stay. */
OpTime* timeOf(const char* name);

/** Sets all counters to zero and lets them count. */
void startProfile();

/** Stops; the counters of what was called. */
std::vector<const OpTime*> stopProfile();

extern bool profiling;

/** Adds its own lifetime to a counter. */
class Stopwatch {
 public:
  explicit Stopwatch(OpTime* time) : time_(profiling ? time : nullptr) {
    if (time_) started_ = std::chrono::steady_clock::now();
  }
  ~Stopwatch() {
    if (!time_) return;
    time_->calls++;
    time_->ms += std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started_).count();
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  OpTime* time_;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace mocolab
