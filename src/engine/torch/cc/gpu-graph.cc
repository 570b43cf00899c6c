// A step as a CUDA graph. What was written for an eager stream holds for a recorded one, but for three things: no other
// stream may come in, the host may not wait, and what it hands over must be there in every replay.

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGraphsC10Utils.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "gpu-upload.h"
#include "gpu.h"

namespace mocolab::gpu {
namespace {

class CudaGraph;
CudaGraph* recording = nullptr;

class CudaGraph : public Graph {
 public:
  CudaGraph() {
    c10::cuda::device_synchronize();  // So that no memory is still waited for, which a recording can't do.
    graph_.capture_begin();
    recording = this;
  }

  ~CudaGraph() override {
    if (recording == this) abandon();
    cudaStreamSynchronize(c10::cuda::getCurrentCUDAStream());  // The last replay may still run.
  }

  void finish() override {
    recording = nullptr;
    graph_.capture_end();
  }

  void replay() override { graph_.replay(); }

  /** Keeps a tensor as long as the graph. */
  void keep(const at::Tensor& tensor) { constants_.push_back(tensor); }

 private:
  void abandon() {
    recording = nullptr;
    try {
      graph_.capture_end();
    } catch (const std::exception&) {  // What broke the recording is thrown already.
    }
    cudaGetLastError();  // Else the next call of ATen reports it.
  }

  std::vector<at::Tensor> constants_;  // Before the graph, which goes first.
  at::cuda::CUDAGraph graph_;
};

c10::cuda::CUDAStream& uploading() {
  static auto* stream = new c10::cuda::CUDAStream(c10::cuda::getStreamFromPool(true));
  return *stream;
}

/** A tensor on the GPU, of a stream that takes no part in the recording; the values have arrived. */
at::Tensor upload(const void* values, size_t bytes, at::IntArrayRef shape, at::ScalarType type) {
  const c10::cuda::CUDAStreamCaptureModeGuard besides(cudaStreamCaptureModeRelaxed);
  const c10::cuda::CUDAStreamGuard guard(uploading());
  const at::Tensor tensor = beginUpload(values, bytes, shape, type);
  uploading().synchronize();
  return tensor;
}

}  // namespace

std::unique_ptr<Graph> startGraph() { return std::make_unique<CudaGraph>(); }

bool isRecording() { return recording != nullptr; }

at::Tensor recordConstant(const void* values, size_t bytes, at::IntArrayRef shape, at::ScalarType type) {
  const at::Tensor constant = upload(values, bytes, shape, type);
  recording->keep(constant);
  return constant.clone();  // In every replay: the step may take its memory for something else.
}

}  // namespace mocolab::gpu
