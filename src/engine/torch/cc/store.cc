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
    slots_.emplace_back();
    free_.push_back(static_cast<int32_t>(slots_.size() - 1));
  }
  const int32_t handle = free_.back();
  free_.pop_back();
  slots_[handle] = std::move(tensor);
  if (noting_) made_.insert(handle);
  return handle;
}

const at::Tensor& Store::get(int32_t handle) const {
  if (handle < 0 || handle >= static_cast<int32_t>(slots_.size()) || !slots_[handle].defined()) {
    throw std::out_of_range("There is no tensor " + std::to_string(handle) + ": it was disposed.");
  }
  const at::Tensor& tensor = slots_[handle];
  if (noting_ && made_.count(handle) == 0)
    used_.insert({handle, {handle, c10::weak_intrusive_ptr<c10::TensorImpl>(tensor.getIntrusivePtr()), tensor.data_ptr()}});
  return tensor;
}

void Store::drop(int32_t handle) {
  if (noting_ && made_.count(handle) == 0)
    throw std::logic_error("A tensor from before can't be freed while a step is recorded.");
  bytes_ -= get(handle).nbytes();
  made_.erase(handle);
  slots_[handle].reset();
  extras_.erase(handle);
  free_.push_back(handle);
}

void Store::relay(int32_t handle, at::Tensor tensor) {
  if (noting_ && made_.count(handle) == 0 && !tensor.is_same(slots_[handle]))
    throw std::logic_error("A tensor from before would move to other memory while a step is recorded.");
  slots_[handle] = std::move(tensor);
}

void Store::startNoting() {
  extras_.clear();  // Made by others, these would not be made anew with the step.
  made_.clear();
  used_.clear();
  noting_ = true;
}

std::vector<Used> Store::stopNoting() {
  noting_ = false;
  extras_.clear();  // In the recording's own memory.
  std::vector<Used> found;
  for (auto& [handle, used] : used_) found.push_back(std::move(used));
  used_.clear();
  return found;
}

bool Store::isCurrent(const Used& used) const {
  if (used.handle >= static_cast<int32_t>(slots_.size()) || !slots_[used.handle].defined()) return false;
  const at::Tensor& now = slots_[used.handle];
  return used.tensor.lock().get() == now.unsafeGetTensorImpl() && used.data == now.data_ptr();
}

void Store::expectNoRecording() const {
  if (noting_) throw std::logic_error("the host can't look at values while a step is recorded");
}

const at::Tensor* Store::attached(int32_t handle) const {
  const auto found = extras_.find(handle);
  return found == extras_.end() ? nullptr : &found->second;
}

}  // namespace mocolab
