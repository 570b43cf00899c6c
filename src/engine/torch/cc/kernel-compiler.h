// Compiles CUDA source on the user's machine with NVRTC, which comes with libtorch's CUDA libraries or the
// toolkit. Loaded when it is first wanted; needs no GPU and no header of CUDA.

#pragma once

#include <string>

namespace mocolab {

/** Compiled code, or why there is none. */
struct Compiled {
  std::string code, problem;
};

/**
 * Compiles a text for `sm_80` and the like.
 *
 * @param library  name or path of NVRTC; empty: where libtorch has it
 */
Compiled compileKernels(const std::string& source, const std::string& architecture, const std::string& library);

/** The text of batch-norm.cu with its storage type (`float`, `bfloat16`) before it. */
std::string readKernels(const std::string& folder, const std::string& storage);

}  // namespace mocolab
