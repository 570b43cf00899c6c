// Exports that choose the device and the precision.

#include "device.h"
#include "gpu.h"
#include "guard.h"
#include "kernel-compiler.h"

namespace mocolab {
namespace {

/** Why there is no GPU to compute on, as the end of a sentence; empty where there is one. */
Napi::Value whyNoGpu(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value { return Napi::String::New(args.env(), gpu::whyNone()); });
}

/** The folder of the kernels' sources, and the one for what they are compiled to. */
Napi::Value useKernels(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    gpu::useKernels(args.value(0).ToString(), args.value(1).ToString());
    return args.env().Undefined();
  });
}

/** Whether on the first GPU, and whether it may round to TF32. Before the first tensor. */
Napi::Value start(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    if (args.flag(0)) {
      gpu::start(0, args.flag(1));
      settings().device = at::Device(at::kCUDA, 0);
    }
    settings().composed = args.flag(0);
    return args.env().Undefined();
  });
}

/** Whether activations are bfloat16. Tensors that are there keep their type. */
Napi::Value useBfloat16(const Napi::CallbackInfo& info) {
  settings().activations = info[0].As<Napi::Boolean>().Value() ? at::kBFloat16 : at::kFloat;
  return info.Env().Undefined();
}

/** For tests: the operations that a GPU takes, on the CPU. */
Napi::Value useComposed(const Napi::CallbackInfo& info) {
  settings().composed = info[0].As<Napi::Boolean>().Value();
  return info.Env().Undefined();
}

/** For tests: folder of the kernels, storage, architecture, NVRTC -> bytes of code, or what is wrong with it. */
Napi::Value compile(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    const auto text = [&](size_t i) { return args.value(i).ToString().Utf8Value(); };
    const Compiled compiled = compileKernels(readKernels(text(0), text(1)), text(2), text(3));
    if (compiled.code.empty()) return Napi::String::New(args.env(), compiled.problem);
    return Napi::Number::New(args.env(), static_cast<double>(compiled.code.size()));
  });
}

}  // namespace

void addDeviceExports(Napi::Object exports) {
  addExport(exports, "whyNoGpu", whyNoGpu);
  addExport(exports, "useKernels", useKernels);
  addExport(exports, "start", start);
  addExport(exports, "useBfloat16", useBfloat16);
  addExport(exports, "useComposed", useComposed);
  addExport(exports, "compile", compile);
}

}  // namespace mocolab
