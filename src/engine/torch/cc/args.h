// What an operation gets from JavaScript. Types and shapes were checked there; here they are only read.

#pragma once

#include <napi.h>

#include <vector>

#include "store.h"

namespace mocolab {

class Args {
 public:
  explicit Args(const Napi::CallbackInfo& info) : info_(info) {}

  int32_t handle(size_t i) const { return info_[i].As<Napi::Number>().Int32Value(); }
  const at::Tensor& tensor(size_t i) const { return store().get(handle(i)); }
  bool has(size_t i) const { return i < info_.Length() && info_[i].IsNumber(); }
  double number(size_t i) const { return info_[i].As<Napi::Number>().DoubleValue(); }
  int64_t integer(size_t i) const { return info_[i].As<Napi::Number>().Int64Value(); }
  bool flag(size_t i) const { return info_[i].As<Napi::Boolean>().Value(); }
  Napi::Value value(size_t i) const { return info_[i]; }
  Napi::Env env() const { return info_.Env(); }

  std::vector<int64_t> integers(size_t i) const {
    const auto list = info_[i].As<Napi::Array>();
    std::vector<int64_t> values(list.Length());
    for (uint32_t at = 0; at < values.size(); at++) {
      values[at] = list.Get(at).As<Napi::Number>().Int64Value();
    }
    return values;
  }

  std::vector<at::Tensor> tensors(size_t i) const {
    std::vector<at::Tensor> found;
    for (const int64_t each : integers(i)) found.push_back(store().get(static_cast<int32_t>(each)));
    return found;
  }

 private:
  const Napi::CallbackInfo& info_;
};

using Tensors = std::vector<at::Tensor>;

}  // namespace mocolab
