#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <cstring>

#include "gpu-upload.h"
#include "gpu.h"

namespace mocolab::gpu {
namespace {

/** `13020` is 13.2. */
std::string toVersion(int64_t number) { return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10); }

/** Everything is computed on this stream; CUDA's default one would wait for the copies. */
c10::cuda::CUDAStream& computing() {
  static auto* stream = new c10::cuda::CUDAStream(c10::cuda::getStreamFromPool());
  return *stream;
}

c10::cuda::CUDAStream& copying() {
  static auto* stream = new c10::cuda::CUDAStream(c10::cuda::getStreamFromPool(true));
  return *stream;
}

}  // namespace

int count() {
  int found = 0;
  return cudaGetDeviceCount(&found) == cudaSuccess ? found : 0;
}

std::string whyNone() {
  int found = 0, driver = 0;
  const cudaError_t error = cudaGetDeviceCount(&found);
  cudaGetLastError();  // Else the next call of ATen reports it.
  if (error == cudaSuccess) return found > 0 ? "" : "CUDA shows no GPU";
  if (error == cudaErrorNoDevice) return "CUDA shows no GPU";
  if (error == cudaErrorInsufficientDriver) {
    cudaDriverGetVersion(&driver);
    if (driver == 0) return "there is no NVIDIA driver";
    return "the NVIDIA driver knows CUDA " + toVersion(driver) + " and libtorch wants " + toVersion(CUDART_VERSION);
  }
  return std::string("CUDA says: ") + cudaGetErrorString(error);
}

void start(int index, bool tf32) {
  c10::cuda::set_device(static_cast<c10::DeviceIndex>(index));
  c10::cuda::setCurrentCUDAStream(computing());
  at::empty({0}, at::TensorOptions(at::kCUDA));  // Starts ATen's CUDA: its allocator tells nothing before.
  at::globalContext().setBenchmarkCuDNN(true);
  at::globalContext().setAllowTF32CuDNN(tf32);
  at::globalContext().setAllowTF32CuBLAS(tf32);
}

std::vector<std::pair<std::string, std::string>> describe() {
  const auto& hooks = at::detail::getCUDAHooks();
  const int64_t cudnn = hooks.versionCuDNN();
  const int64_t major = cudnn >= 90000 ? cudnn / 10000 : cudnn / 1000;
  const int64_t minor = cudnn >= 90000 ? cudnn / 100 % 100 : cudnn / 100 % 10;
  return {{"device", at::cuda::getCurrentDeviceProperties()->name},
          {"cuda", toVersion(hooks.versionCUDART())},
          {"cudnn", std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(cudnn % 100)}};
}

at::Tensor copyIn(const void* values, size_t bytes, at::IntArrayRef shape, at::ScalarType type) {
  if (isRecording()) return recordConstant(values, bytes, shape, type);
  at::Tensor tensor;
  {
    const c10::cuda::CUDAStreamGuard guard(copying());
    tensor = beginUpload(values, bytes, shape, type);
  }
  at::cuda::CUDAEvent there;
  there.record(copying());
  there.block(computing());
  // Its memory belongs to the copying stream: it must not be given away while the other still reads it.
  c10::cuda::CUDACachingAllocator::recordStream(tensor.storage().data_ptr(), computing());
  return tensor;
}

void copyOut(const at::Tensor& tensor, void* to) {
  const at::Tensor host = tensor.to(at::kCPU).contiguous();
  if (host.nbytes() > 0) std::memcpy(to, host.data_ptr(), host.nbytes());
}

MemoryState memory() {
  constexpr size_t ALL = 0;  // StatType::AGGREGATE, whose namespace has moved.
  const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(c10::cuda::current_device());
  const auto& live = stats.allocated_bytes[ALL];
  return {static_cast<size_t>(stats.reserved_bytes[ALL].current), static_cast<size_t>(live.current),
          static_cast<size_t>(live.peak)};
}

void startPeak() { c10::cuda::CUDACachingAllocator::resetPeakStats(c10::cuda::current_device()); }

}  // namespace mocolab::gpu
