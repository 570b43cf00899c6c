// Which of the compiled inner loops this processor can run.

#include <cstring>

#include "image-kernels.h"

namespace mocolab::image {
namespace {

/** Best first. */
const Kernels* const tables[] = {
#if defined(__x86_64__)
    &avx512Kernels, &avx2Kernels,
#endif
    &plainKernels};

bool canRun(const Kernels* table) {
#if defined(__x86_64__)
  if (table == &avx512Kernels) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  }
  if (table == &avx2Kernels) return __builtin_cpu_supports("avx2");
#endif
  return table == &plainKernels;
}

}  // namespace

const Kernels* chooseKernels(const char* name) {
  for (const Kernels* table : tables) {
    if (canRun(table) && (name == nullptr || std::strcmp(name, table->name) == 0)) return table;
  }
  return nullptr;
}

}  // namespace mocolab::image
