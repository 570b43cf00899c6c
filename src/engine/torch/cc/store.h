// Tensors by number: what JavaScript holds are small integers, what they mean lies here.

#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace mocolab {

/** A tensor from before a recording that the recorded step uses, known by its address; it may go meanwhile. */
struct Used {
  int32_t handle;
  c10::weak_intrusive_ptr<c10::TensorImpl> tensor;
  const void* data;
};

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
  /** The same values in another layout of memory. */
  void relay(int32_t handle, at::Tensor tensor);
  /** To be called when a tensor's values were overwritten: what is kept with it stands for the old ones. */
  void overwritten(int32_t handle) { extras_.erase(handle); }
  /** Forgets all that is kept with tensors: somebody may have overwritten any of them. */
  void overwrittenAll() { extras_.clear(); }

  /** Until `stopNoting`, notes which tensors from before are used, and refuses what can't be recorded. */
  void startNoting();
  std::vector<Used> stopNoting();
  bool isNoting() const { return noting_; }
  /** Whether the handle still stands for the same tensor in the same memory. */
  bool isCurrent(const Used& used) const;
  /** To be called before the host looks at values: what it finds could not be recorded. */
  void expectNoRecording() const;
  size_t count() const { return slots_.size() - free_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  std::vector<at::Tensor> slots_;
  std::vector<int32_t> free_;
  std::unordered_map<int32_t, at::Tensor> extras_;
  size_t bytes_ = 0;

  bool noting_ = false;
  std::unordered_set<int32_t> made_;
  mutable std::unordered_map<int32_t, Used> used_;
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
