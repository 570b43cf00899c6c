#include "kernel-compiler.h"

#include <dlfcn.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace mocolab {
namespace {

using Program = void*;

/** The functions of NVRTC that are wanted, by their names in nvrtc.h. Each returns 0 where all went well. */
struct Nvrtc {
  int (*create)(Program*, const char* source, const char* name, int, const char* const*, const char* const*) = nullptr;
  int (*compile)(Program, int count, const char* const* options) = nullptr;
  int (*logSize)(Program, size_t*) = nullptr;
  int (*log)(Program, char*) = nullptr;
  int (*codeSize)(Program, size_t*) = nullptr;
  int (*code)(Program, char*) = nullptr;
  int (*destroy)(Program*) = nullptr;
  std::string problem;
};

template <typename Function>
void find(void* library, const char* name, Function& function, std::string& problem) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (!function) problem = std::string("NVRTC has no ") + name;
}

/** libcaffe2_nvrtc is libtorch's own and leads to NVRTC wherever that was put. */
void* open(const std::string& given) {
  if (!given.empty()) return dlopen(given.c_str(), RTLD_NOW);
  for (const char* name : {"libcaffe2_nvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"})
    if (void* library = dlopen(name, RTLD_NOW)) return library;
  return nullptr;
}

Nvrtc load(const std::string& given) {
  Nvrtc found;
  void* library = open(given);
  if (!library) {
    found.problem = "NVRTC is not found";
    return found;
  }
  find(library, "nvrtcCreateProgram", found.create, found.problem);
  find(library, "nvrtcCompileProgram", found.compile, found.problem);
  find(library, "nvrtcGetProgramLogSize", found.logSize, found.problem);
  find(library, "nvrtcGetProgramLog", found.log, found.problem);
  find(library, "nvrtcGetCUBINSize", found.codeSize, found.problem);
  find(library, "nvrtcGetCUBIN", found.code, found.problem);
  find(library, "nvrtcDestroyProgram", found.destroy, found.problem);
  return found;
}

std::string readText(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error("There is no " + file + ".");
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string readLog(const Nvrtc& nvrtc, Program program) {
  size_t size = 0;
  nvrtc.logSize(program, &size);
  std::string log(size, '\0');
  nvrtc.log(program, &log[0]);
  return log.c_str();
}

}  // namespace

Compiled compileKernels(const std::string& source, const std::string& architecture, const std::string& library) {
  const Nvrtc nvrtc = load(library);
  if (!nvrtc.problem.empty()) return {"", nvrtc.problem};
  Program program = nullptr;
  if (nvrtc.create(&program, source.c_str(), "mocolab.cu", 0, nullptr, nullptr) != 0)
    return {"", "NVRTC does not start"};
  const std::string target = "--gpu-architecture=" + architecture;
  const char* options[] = {target.c_str(), "--std=c++17"};
  Compiled result;
  if (nvrtc.compile(program, 2, options) == 0) {
    size_t size = 0;
    nvrtc.codeSize(program, &size);
    result.code.resize(size);
    nvrtc.code(program, &result.code[0]);
  } else {
    result.problem = readLog(nvrtc, program);
  }
  nvrtc.destroy(&program);
  return result;
}

std::string readKernels(const std::string& folder, const std::string& storage) {
  return readText(folder + "/indices-gpu.cuh") + readText(folder + "/storage-" + storage + ".cuh") +
         readText(folder + "/batch-norm.cu");
}

}  // namespace mocolab
