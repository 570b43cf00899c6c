#include "store.h"

#include <stdexcept>
#include <string>

namespace mocolab {

Store& store() {
  static Store* only = new Store();  // Never destroyed: ATen may be gone first when the process ends.
  return *only;
}

int32_t Store::put(at::Tensor tensor) {
  bytes_ += tensor.nbytes();
  if (free_.empty()) {
    slots_.push_back(std::move(tensor));
    return static_cast<int32_t>(slots_.size() - 1);
  }
  const int32_t handle = free_.back();
  free_.pop_back();
  slots_[handle] = std::move(tensor);
  return handle;
}

const at::Tensor& Store::get(int32_t handle) const {
  if (handle < 0 || handle >= static_cast<int32_t>(slots_.size()) || !slots_[handle].defined()) {
    throw std::out_of_range("There is no tensor " + std::to_string(handle) + ": it was disposed.");
  }
  return slots_[handle];
}

void Store::drop(int32_t handle) {
  bytes_ -= get(handle).nbytes();
  slots_[handle].reset();
  extras_.erase(handle);
  free_.push_back(handle);
}

const at::Tensor* Store::attached(int32_t handle) const {
  const auto found = extras_.find(handle);
  return found == extras_.end() ? nullptr : &found->second;
}

}  // namespace mocolab
