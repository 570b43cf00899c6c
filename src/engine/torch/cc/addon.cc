// The addon's export table: tensors in and out, and every operation of ops.h. An exception of ATen becomes
// a JavaScript error; which op, and on what shapes, the TypeScript side adds.

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <cstring>

#include "allocator.h"
#include "composed.h"
#include "device.h"
#include "gpu.h"
#include "guard.h"
#include "ops.h"
#include "profile.h"
#include "transfer.h"

namespace mocolab {
namespace {

template <at::Tensor (*Op)(const Args&)>
Napi::Value call(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    return Napi::Number::New(args.env(), store().put(Op(args)));
  });
}

template <Tensors (*Op)(const Args&)>
Napi::Value callMulti(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    const Tensors results = Op(args);
    auto handles = Napi::Array::New(args.env(), results.size());
    for (uint32_t i = 0; i < results.size(); i++) handles.Set(i, store().put(results[i]));
    return handles;
  });
}

template <void (*Op)(const Args&)>
Napi::Value callUpdate(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    Op(args);
    return args.env().Undefined();
  });
}

/** The one of two forms of an operation that this device takes. */
template <auto Loops, auto Composed>
auto choose(const Args& args) {
  return settings().composed ? Composed(args) : Loops(args);
}

Napi::Value callMaxPool(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    return Napi::Number::New(args.env(), choose<MaxPool, composed::MaxPool>(args));
  });
}

/** A Float32Array, Int32Array or Uint8Array (bool), and a shape -> handle. The values are copied. */
Napi::Value fromHost(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    const auto values = args.value(0).As<Napi::TypedArray>();
    const auto type = values.TypedArrayType();
    const auto scalar = type == napi_float32_array ? at::kFloat : type == napi_int32_array ? at::kInt : at::kBool;
    const auto shape = args.integers(1);
    const size_t bytes = c10::multiply_integers(shape) * c10::elementSize(scalar);
    if (bytes != values.ByteLength()) throw std::invalid_argument("The shape does not fit the values.");
    const auto* from = static_cast<const char*>(values.ArrayBuffer().Data()) + values.ByteOffset();
    return Napi::Number::New(args.env(), store().put(copyIn(from, bytes, shape, scalar)));
  });
}

/** Handle -> an ArrayBuffer with its values; bfloat16 as float32. */
Napi::Value toHost(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    store().expectNoRecording();
    const at::Tensor tensor = widen(args.tensor(0)).contiguous();
    auto buffer = Napi::ArrayBuffer::New(args.env(), tensor.nbytes());
    copyOut(tensor, buffer.Data());
    return buffer;
  });
}

/** What a handle really is: for tests that compare it with what TypeScript takes it for. */
Napi::Value inspect(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    const at::Tensor& tensor = args.tensor(0);
    auto shape = Napi::Array::New(args.env(), tensor.dim());
    for (uint32_t axis = 0; axis < shape.Length(); axis++) shape.Set(axis, static_cast<double>(tensor.size(axis)));
    auto found = Napi::Object::New(args.env());
    found.Set("shape", shape);
    found.Set("type", c10::toString(tensor.scalar_type()));
    return found;
  });
}

Napi::Value drop(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    store().drop(args.handle(0));
    return args.env().Undefined();
  });
}

Napi::Value memory(const Napi::CallbackInfo& info) {
  auto found = Napi::Object::New(info.Env());
  found.Set("tensors", static_cast<double>(store().count()));
  found.Set("bytes", static_cast<double>(store().bytes()));
  AllocatorState state = allocatorState();
  if (settings().device.is_cuda()) {
    const gpu::MemoryState onGpu = gpu::memory();
    state = {onGpu.reserved, onGpu.live, onGpu.peak};
  }
  found.Set("reservedBytes", static_cast<double>(state.reserved));
  found.Set("liveBytes", static_cast<double>(state.live));
  found.Set("peakBytes", static_cast<double>(state.peak));
  return found;
}

Napi::Value startPeak(const Napi::CallbackInfo& info) {
  startAllocatorPeak();
  if (settings().device.is_cuda()) gpu::startPeak();
  return info.Env().Undefined();
}

/** Handles -> the places in the list of those whose memory something else shows too. */
Napi::Value findShared(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    const auto handles = args.integers(0);
    auto shared = Napi::Array::New(args.env());
    for (size_t i = 0; i < handles.size(); i++) {
      if (isShared(store().get(static_cast<int32_t>(handles[i])))) shared.Set(shared.Length(), i);
    }
    return shared;
  });
}

/** true: counts from zero. false: counts no longer, and tells { name: { calls, ms } }. */
Napi::Value profile(const Napi::CallbackInfo& info) {
  if (info[0].As<Napi::Boolean>().Value()) {
    startProfile();
    return info.Env().Undefined();
  }
  auto found = Napi::Object::New(info.Env());
  for (const OpTime* time : stopProfile()) {
    auto entry = Napi::Object::New(info.Env());
    entry.Set("calls", static_cast<double>(time->calls));
    entry.Set("ms", time->ms);
    found.Set(time->name, entry);
  }
  return found;
}

Napi::Value setThreads(const Napi::CallbackInfo& info) {
  at::set_num_threads(info[0].As<Napi::Number>().Int32Value());
  return info.Env().Undefined();
}

/** The instruction set of ATen's kernels, such as AVX512. libtorch 1 tells it only in prose. */
std::string cpuCapability() {
#if TORCH_VERSION_MAJOR >= 2
  return at::get_cpu_capability();
#else
  const std::string text = at::show_config(), before = "CPU capability usage: ";
  const size_t from = text.find(before);
  if (from == std::string::npos) return "unknown";
  return text.substr(from + before.size(), text.find('\n', from) - from - before.size());
#endif
}

Napi::Value describe(const Napi::CallbackInfo& info) {
  auto found = Napi::Object::New(info.Env());
  found.Set("libtorch", TORCH_VERSION_TEXT);
  found.Set("cpu", cpuCapability());
  found.Set("threads", at::get_num_threads());
  if (settings().device.is_cuda())
    for (const auto& [name, value] : gpu::describe()) found.Set(name, value);
  return found;
}

Napi::Object initialise(Napi::Object exports) {
#ifndef __SANITIZE_ADDRESS__  // Blocks that are used again would hide what the sanitizer looks for.
  useCachingAllocator();
#endif
#define EXPORT(name) addExport(exports, #name, call<name>);
  MOCOLAB_OPS(EXPORT)
#undef EXPORT
#define EXPORT(name) addExport(exports, #name, callMulti<name>);
  MOCOLAB_MULTI_OPS(EXPORT)
#undef EXPORT
#define EXPORT(name) addExport(exports, #name, callUpdate<name>);
  MOCOLAB_UPDATES(EXPORT)
#undef EXPORT
#define EXPORT(name) addExport(exports, #name, call<choose<name, composed::name>>);
  MOCOLAB_COMPOSED_OPS(EXPORT)
#undef EXPORT
#define EXPORT(name) addExport(exports, #name, callMulti<choose<name, composed::name>>);
  MOCOLAB_COMPOSED_MULTI_OPS(EXPORT)
#undef EXPORT
#define EXPORT(name) addExport(exports, #name, callUpdate<choose<name, composed::name>>);
  MOCOLAB_COMPOSED_UPDATES(EXPORT)
#undef EXPORT
  addExport(exports, "MaxPool", callMaxPool);
  addExport(exports, "fromHost", fromHost);
  addExport(exports, "toHost", toHost);
  addExport(exports, "inspect", inspect);
  addExport(exports, "drop", drop);
  addExport(exports, "memory", memory);
  addExport(exports, "startPeak", startPeak);
  addExport(exports, "findShared", findShared);
  addExport(exports, "profile", profile);
  addExport(exports, "setThreads", setThreads);
  addExport(exports, "describe", describe);
  addDeviceExports(exports);
  addRankExports(exports);
  addRecordingExports(exports);
  return exports;
}

}  // namespace
}  // namespace mocolab

Napi::Object InitialiseAddon(Napi::Env, Napi::Object exports) { return mocolab::initialise(exports); }

NODE_API_MODULE(mocolab_torch, InitialiseAddon)
