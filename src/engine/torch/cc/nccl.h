// NCCL through its C API, loaded at run time: whoever has no GPU needs none of it. The prototypes are those of
// nccl.h since 2.4, which promises not to change them. A stream is CUDA's cudaStream_t.

#pragma once

#include <string>
#include <vector>

#include "communicator.h"

namespace mocolab {

class Nccl {
 public:
  /** Loads the first of these libraries that there is. Throws what the system says of the last. */
  explicit Nccl(const std::vector<std::string>& libraries);
  ~Nccl();
  Nccl(const Nccl&) = delete;
  Nccl& operator=(const Nccl&) = delete;

  /** What rank 0 makes and all ranks need to connect; hexadecimal. */
  std::string makeTicket();
  /** Returns when all ranks have called it. */
  void connect(const World& world, const std::string& ticket);
  /** Puts an operation on the stream. `count`: elements of the input. */
  void run(TaskKind kind, Element element, const void* input, void* output, size_t count, void* stream);
  /** Ends what waits on the GPU for other ranks; every later call throws. */
  void abort();

 private:
  struct Functions;
  void check(int result, const char* what) const;

  Functions* functions_;
  void* communicator_ = nullptr;
  bool aborted_ = false;
};

}  // namespace mocolab
