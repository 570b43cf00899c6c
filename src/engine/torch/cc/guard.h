// An exception of the addon or of ATen becomes an error in JavaScript. ATen's own are told as libtorch's: the
// kernels check before they call, so that one of these is a bug.

#pragma once

#include <c10/core/InferenceMode.h>

#include <new>
#include <string>

#include "args.h"
#include "profile.h"

namespace mocolab {

/** Makes a function of the addon's, by whose name its time is counted. `name` must stay. */
inline void addExport(Napi::Object exports, const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
  exports.Set(name, Napi::Function::New(exports.Env(), function, name, timeOf(name)));
}

/** In device-exports.cc. */
void addDeviceExports(Napi::Object exports);
/** In rank-exports.cc. */
void addRankExports(Napi::Object exports);
/** In recording-exports.cc. */
void addRecordingExports(Napi::Object exports);

/** Whether ATen speaks of memory, in one of its ways: its own allocator, or a size that no machine has. */
inline bool isOutOfMemory(const std::string& message) {
  return message.find("DefaultCPUAllocator") != std::string::npos ||
         message.find("Storage size calculation overflowed") != std::string::npos;
}

/** Runs `body`; what it throws is thrown in JavaScript. Its time is the function's, by its name. */
template <typename Body>
Napi::Value guard(const Napi::CallbackInfo& info, const Body& body) {
  const Stopwatch watch(static_cast<OpTime*>(info.Data()));
  try {
    const c10::InferenceMode noTape;
    return body(Args(info));
  } catch (const Napi::Error&) {
    throw;
  } catch (const c10::OutOfMemoryError& error) {
    throw Napi::Error::New(info.Env(), std::string("out of memory: ") + error.what_without_backtrace());
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    throw Napi::Error::New(info.Env(), (isOutOfMemory(message) ? "out of memory: " : "libtorch: ") + message);
  } catch (const std::bad_alloc&) {
    throw Napi::Error::New(info.Env(), "out of memory");
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

}  // namespace mocolab
