// Tensors by number: what JavaScript holds are small integers, what they mean lies here.

#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace mocolab {

/** Live tensors. One a process; used from the main thread alone. */
class Store {
 public:
  int32_t put(at::Tensor tensor);
  /** Throws std::out_of_range for a number that is not, or no longer, taken. */
  const at::Tensor& get(int32_t handle) const;
  void drop(int32_t handle);
  /** Keeps what a backward pass will want (max-pooling's indices) with the output it belongs to. */
  void attach(int32_t handle, at::Tensor extra) { extras_[handle] = std::move(extra); }
  const at::Tensor* attached(int32_t handle) const;
  /** To call after writing to a tensor in place: what was kept with it no longer holds. */
  void forget(int32_t handle) { extras_.erase(handle); }
  /** The same values in another layout of memory. */
  void relay(int32_t handle, at::Tensor tensor) { slots_[handle] = std::move(tensor); }
  /** To be called when a tensor's values were overwritten: what is kept with it stands for the old ones. */
  void overwritten(int32_t handle) { extras_.erase(handle); }
  size_t count() const { return slots_.size() - free_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  std::vector<at::Tensor> slots_;
  std::vector<int32_t> free_;
  std::unordered_map<int32_t, at::Tensor> extras_;
  size_t bytes_ = 0;
};

Store& store();

/** The same values with memory laid out as `like`'s, which has no gaps: both can be walked side by side. */
inline at::Tensor inLayoutOf(const at::Tensor& like, const at::Tensor& tensor) {
  return tensor.strides() == like.strides() ? tensor : at::empty_like(like).copy_(tensor);
}

/** Whether a handle's memory is some other tensor's too: a view of it, or itself under a second handle. */
inline bool isShared(const at::Tensor& tensor) {
  return tensor.use_count() > 1 || tensor.storage().use_count() > 1;
}

/** The tensor itself where its owner gave it up and nobody else sees it; else new memory of its kind. */
inline at::Tensor reuse(const at::Tensor& tensor, bool spent) {
  const bool free = spent && !isShared(tensor) && tensor.is_contiguous();
  return free ? tensor : at::empty_like(tensor, at::MemoryFormat::Contiguous);
}

/** The values of a contiguous float32 tensor. `data_ptr` is what every libtorch from 1.13 on has. */
inline float* floatsOf(const at::Tensor& tensor) { return tensor.data_ptr<float>(); }

}  // namespace mocolab
