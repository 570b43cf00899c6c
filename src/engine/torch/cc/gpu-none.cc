// The addon without CUDA: there is no GPU, and nobody gets past `count`.

#include <stdexcept>

#include "gpu.h"

namespace mocolab::gpu {
namespace {

[[noreturn]] void refuse() { throw std::logic_error("This addon was built without CUDA."); }

}  // namespace

int count() { return 0; }
std::string whyNone() { return "the addon was built without CUDA"; }
void start(int, bool) { refuse(); }
std::vector<std::pair<std::string, std::string>> describe() { return {}; }
at::Tensor copyIn(const void*, size_t, at::IntArrayRef, at::ScalarType) { refuse(); }
void copyOut(const at::Tensor&, void*) { refuse(); }
std::unique_ptr<Graph> startGraph() { refuse(); }
bool isRecording() { return false; }
at::Tensor recordConstant(const void*, size_t, at::IntArrayRef, at::ScalarType) { refuse(); }
MemoryState memory() { return {0, 0, 0}; }
void startPeak() {}
bool launch(const Launch&) { return false; }
void loadNccl(const std::vector<std::string>&) { refuse(); }
std::string makeTicket() { refuse(); }
void connectRanks(const World&, const std::string&) { refuse(); }
bool hasRanks() { return false; }
void exchange(TaskKind, Element, const at::Tensor&, const at::Tensor&, double) { refuse(); }
void awaitExchange() {}
void abortRanks() {}
void closeRanks() {}
void useKernels(const std::string&, const std::string&) {}

}  // namespace mocolab::gpu
