// Ranks on GPUs: NCCL on a stream of its own, so that it overlaps with the backward pass. Nothing is waited for
// on the host: the computing stream waits where a result is taken.

#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "gpu.h"
#include "nccl.h"

namespace mocolab::gpu {
namespace {

Nccl* nccl = nullptr;

c10::cuda::CUDAStream& exchanging() {
  static auto* stream = new c10::cuda::CUDAStream(c10::cuda::getStreamFromPool(true));
  return *stream;
}

/** Of one stream's memory the other uses: it must not be given away before. */
void keepFor(const c10::cuda::CUDAStream& stream, const at::Tensor& tensor) {
  if (tensor.numel() > 0) c10::cuda::CUDACachingAllocator::recordStream(tensor.storage().data_ptr(), stream);
}

void waitFor(const c10::cuda::CUDAStream& earlier, const c10::cuda::CUDAStream& later) {
  at::cuda::CUDAEvent done;
  done.record(earlier);
  done.block(later);
}

}  // namespace

void loadNccl(const std::vector<std::string>& libraries) {
  if (!nccl) nccl = new Nccl(libraries);
}

std::string makeTicket() { return nccl->makeTicket(); }

void connectRanks(const World& world, const std::string& ticket) { nccl->connect(world, ticket); }

void exchange(TaskKind kind, Element element, const at::Tensor& input, const at::Tensor& output, double factor) {
  waitFor(c10::cuda::getCurrentCUDAStream(), exchanging());
  keepFor(exchanging(), input);
  keepFor(exchanging(), output);
  const c10::cuda::CUDAStreamGuard guard(exchanging());
  nccl->run(kind, element, input.data_ptr(), output.data_ptr(), input.numel(), exchanging().stream());
  if (factor != 1) at::Tensor(output).mul_(factor);
}

void awaitExchange() { waitFor(exchanging(), c10::cuda::getCurrentCUDAStream()); }

bool hasRanks() { return nccl != nullptr; }

void abortRanks() {
  if (nccl) nccl->abort();
}

void closeRanks() {
  if (nccl) exchanging().synchronize();
  delete nccl;
  nccl = nullptr;
}

}  // namespace mocolab::gpu
