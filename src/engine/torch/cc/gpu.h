// NVIDIA's GPUs, as the rest of the addon needs them. gpu-cuda.cc has them; gpu-none.cc stands in where the
// libtorch or the headers are for CPUs alone. No other file knows of CUDA.

#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "communicator.h"

namespace mocolab::gpu {

/** GPUs that this process may use. */
int count();

/** Why there is none, as the end of a sentence; empty where there is one. */
std::string whyNone();

/** Makes a GPU the current one. `tf32`: convolutions and matrix products may round their factors. */
void start(int index, bool tf32);

/** Facts for people: name of the GPU, versions of CUDA and cuDNN. */
std::vector<std::pair<std::string, std::string>> describe();

/** Copies to the GPU through pinned memory, on a stream of its own: it overlaps with what is computing. */
at::Tensor copyIn(const void* values, size_t bytes, at::IntArrayRef shape, at::ScalarType type);

/** Waits until the values are there, and copies them. */
void copyOut(const at::Tensor& tensor, void* to);

/** Work of the computing stream with all its addresses, recorded once, to be given to it again as a whole. */
class Graph {
 public:
  virtual ~Graph() = default;
  /** Ends the recording. */
  virtual void finish() = 0;
  virtual void replay() = 0;
};
/** From now on what the stream is given is recorded and not computed, in memory of the graph's own. */
std::unique_ptr<Graph> startGraph();
/** Whether a graph is recorded now. */
bool isRecording();
/** While one is: a new tensor that has these values in every replay. */
at::Tensor recordConstant(const void* values, size_t bytes, at::IntArrayRef shape, at::ScalarType type);

struct MemoryState {
  size_t reserved, live, peak;
};
MemoryState memory();
/** The peak counts from now. */
void startPeak();

/** Starts a kernel that was compiled at run time; false where that is not possible here. */
struct Launch {
  const char* kernel;
  unsigned blocks, threads;
  /** Addresses of the arguments, in order. */
  std::vector<void*> arguments;
};
bool launch(const Launch& launch);

/** Loads NCCL. Throws where there is none. */
void loadNccl(const std::vector<std::string>& libraries);
/** What rank 0 makes and all ranks need. */
std::string makeTicket();
/** Returns when all ranks have called it. */
void connectRanks(const World& world, const std::string& ticket);
bool hasRanks();
/** Starts an operation of all ranks on tensors without gaps, then multiplies by a factor. */
void exchange(TaskKind kind, Element element, const at::Tensor& input, const at::Tensor& output, double factor);
/** What is computed from now on waits for all that was started. */
void awaitExchange();
void abortRanks();
void closeRanks();

/** Where sources of kernels lie, and where compiled ones are kept. Before the first launch. */
void useKernels(const std::string& sources, const std::string& cache);

}  // namespace mocolab::gpu
