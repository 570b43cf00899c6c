// Kernels of our own on a GPU: compiled once for each kind of GPU, kept as files, started through the driver.

#include <ATen/cuda/CUDAContext.h>
#include <cuda.h>
#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>

#include "gpu.h"
#include "kernel-compiler.h"

namespace mocolab::gpu {
namespace {

struct Folders {
  std::string sources, cache;
};

Folders& folders() {
  static Folders only;
  return only;
}

/** What is wanted of the driver. It is opened by name, so that the addon loads where there is none. */
struct Driver {
  decltype(&cuModuleLoadData) loadModule = nullptr;
  decltype(&cuModuleGetFunction) getFunction = nullptr;
  decltype(&cuLaunchKernel) launch = nullptr;

  Driver() {
    void* library = dlopen("libcuda.so.1", RTLD_NOW);
    if (!library) return;
    loadModule = reinterpret_cast<decltype(loadModule)>(dlsym(library, "cuModuleLoadData"));
    getFunction = reinterpret_cast<decltype(getFunction)>(dlsym(library, "cuModuleGetFunction"));
    launch = reinterpret_cast<decltype(launch)>(dlsym(library, "cuLaunchKernel"));
  }
  bool isWhole() const { return loadModule && getFunction && launch; }
};

const Driver& driver() {
  static const Driver only;
  return only;
}

/** Written whole or not at all: several workers may start at once. */
void keep(const std::string& file, const std::string& code) {
  const std::string fresh = file + "." + std::to_string(getpid());
  std::ofstream(fresh, std::ios::binary) << code;
  if (std::rename(fresh.c_str(), file.c_str()) != 0) std::remove(fresh.c_str());
}

/** The compiled kernels for this GPU: from the cache, else new. Empty where NVRTC fails, said once. */
std::string findCode(const std::string& storage) {
  const auto* properties = at::cuda::getCurrentDeviceProperties();
  const std::string architecture = "sm_" + std::to_string(properties->major) + std::to_string(properties->minor);
  const std::string source = readKernels(folders().sources, storage);
  const std::string identity = std::to_string(std::hash<std::string>()(source + std::to_string(CUDA_VERSION)));
  const std::string file = folders().cache + "/kernels-" + storage + "-" + architecture + "-" + identity + ".cubin";
  if (std::ifstream stream(file, std::ios::binary); stream) {
    std::ostringstream code;
    code << stream.rdbuf();
    return code.str();
  }
  const Compiled compiled = compileKernels(source, architecture, "");
  if (compiled.code.empty())
    std::fprintf(stderr, "BatchNorm is composed of ATen's operations: %s\n", compiled.problem.c_str());
  else
    keep(file, compiled.code);
  return compiled.code;
}

/** Null where there is none. */
CUmodule loadKernels(const std::string& storage) {
  if (!driver().isWhole()) return nullptr;
  const std::string code = findCode(storage);
  CUmodule module = nullptr;
  if (code.empty() || driver().loadModule(&module, code.data()) != CUDA_SUCCESS) return nullptr;
  return module;
}

CUfunction findKernel(const std::string& name) {
  static auto* modules = new std::map<std::string, CUmodule>();
  static auto* kernels = new std::map<std::string, CUfunction>();
  if (const auto found = kernels->find(name); found != kernels->end()) return found->second;
  const size_t split = name.find('@');
  const std::string storage = name.substr(split + 1);
  if (modules->find(storage) == modules->end()) (*modules)[storage] = loadKernels(storage);
  CUfunction kernel = nullptr;
  CUmodule module = (*modules)[storage];
  if (module && driver().getFunction(&kernel, module, name.substr(0, split).c_str()) != CUDA_SUCCESS)
    kernel = nullptr;
  return (*kernels)[name] = kernel;
}

}  // namespace

void useKernels(const std::string& sources, const std::string& cache) { folders() = {sources, cache}; }

bool launch(const Launch& of) {
  const CUfunction kernel = findKernel(of.kernel);
  if (!kernel) return false;
  auto arguments = of.arguments;
  const CUresult result = driver().launch(kernel, of.blocks, 1, 1, of.threads, 1, 1, 0,
                                          at::cuda::getCurrentCUDAStream().stream(), arguments.data(), nullptr);
  if (result != CUDA_SUCCESS)
    throw std::runtime_error(std::string(of.kernel) + " does not start: CUDA error " + std::to_string(result));
  return true;
}

}  // namespace mocolab::gpu
