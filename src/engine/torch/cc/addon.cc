// The addon's export table: tensors in and out, and every operation of ops.h. An exception of ATen becomes
// a JavaScript error; which op, and on what shapes, the TypeScript side adds.

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/InferenceMode.h>
#include <torch/version.h>

#include <cstring>

#include "allocator.h"
#include "ops.h"
#include "profile.h"

namespace mocolab {
namespace {

/** Runs `body`; what it throws is thrown in JavaScript. Its time is the function's, by its name. */
template <typename Body>
Napi::Value guard(const Napi::CallbackInfo& info, const Body& body) {
  const Stopwatch watch(static_cast<OpTime*>(info.Data()));
  try {
    const c10::InferenceMode noTape;
    return body(Args(info));
  } catch (const Napi::Error&) {
    throw;
  } catch (const c10::Error& error) {
    throw Napi::Error::New(info.Env(), error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    throw Napi::Error::New(info.Env(), "out of memory");
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

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

Napi::Value callMaxPool(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    return Napi::Number::New(args.env(), MaxPool(args));
  });
}

/** A Float32Array, Int32Array or Uint8Array (bool), and a shape -> handle. The values are copied. */
Napi::Value fromHost(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    const auto values = args.value(0).As<Napi::TypedArray>();
    const auto type = values.TypedArrayType();
    const auto scalar = type == napi_float32_array ? at::kFloat : type == napi_int32_array ? at::kInt : at::kBool;
    at::Tensor tensor = at::empty(args.integers(1), at::dtype(scalar));
    if (tensor.nbytes() != values.ByteLength()) throw std::invalid_argument("The shape does not fit the values.");
    const auto* bytes = static_cast<const char*>(values.ArrayBuffer().Data()) + values.ByteOffset();
    std::memcpy(tensor.data_ptr(), bytes, values.ByteLength());
    return Napi::Number::New(args.env(), store().put(tensor));
  });
}

/** Handle -> an ArrayBuffer with its values. */
Napi::Value toHost(const Napi::CallbackInfo& info) {
  return guard(info, [](const Args& args) -> Napi::Value {
    const at::Tensor tensor = args.tensor(0).contiguous();
    auto buffer = Napi::ArrayBuffer::New(args.env(), tensor.nbytes());
    std::memcpy(buffer.Data(), tensor.data_ptr(), tensor.nbytes());
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
  const AllocatorState state = allocatorState();
  found.Set("reservedBytes", static_cast<double>(state.reserved));
  found.Set("liveBytes", static_cast<double>(state.live));
  found.Set("peakBytes", static_cast<double>(state.peak));
  return found;
}

Napi::Value startPeak(const Napi::CallbackInfo& info) {
  startAllocatorPeak();
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
  return found;
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  useCachingAllocator();
  const auto add = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
    exports.Set(name, Napi::Function::New(env, function, name, timeOf(name)));
  };
#define EXPORT(name) add(#name, call<name>);
  MOCOLAB_OPS(EXPORT)
#undef EXPORT
#define EXPORT(name) add(#name, callMulti<name>);
  MOCOLAB_MULTI_OPS(EXPORT)
#undef EXPORT
#define EXPORT(name) add(#name, callUpdate<name>);
  MOCOLAB_UPDATES(EXPORT)
#undef EXPORT
  add("MaxPool", callMaxPool);
  add("fromHost", fromHost);
  add("toHost", toHost);
  add("inspect", inspect);
  add("drop", drop);
  add("memory", memory);
  add("startPeak", startPeak);
  add("findShared", findShared);
  add("profile", profile);
  add("setThreads", setThreads);
  add("describe", describe);
  return exports;
}

}  // namespace
}  // namespace mocolab

Napi::Object InitialiseAddon(Napi::Env env, Napi::Object exports) { return mocolab::initialise(env, exports); }

NODE_API_MODULE(mocolab_torch, InitialiseAddon)
