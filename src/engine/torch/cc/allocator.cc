// Keeps freed memory for the next tensor of about the same size. A training step asks for the same sizes
// again and again; glibc gives large blocks back to the system each time and clears them anew.

#include "allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>
#include <torch/version.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_map>
#include <vector>

namespace mocolab {
namespace {

/** Smaller blocks are left to malloc, which is good at them. */
constexpr size_t SMALLEST = 4096;
/** Blocks from here on lie on pages of this size where the system has them. */
constexpr size_t HUGE_PAGE = 2 << 20;
constexpr size_t ALIGNMENT = 64;

/** Rounds up to one of eight classes for each power of two: at most an eighth is wasted. */
size_t roundUp(size_t bytes) {
  if (bytes <= SMALLEST) return bytes;
  size_t power = SMALLEST;
  while (power * 2 <= bytes) power *= 2;
  const size_t step = power / 8;
  return (bytes + step - 1) / step * step;
}

class CachingAllocator final : public c10::Allocator {
 public:
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
  c10::DataPtr allocate(size_t bytes) override { return take(bytes); }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
#else
  c10::DataPtr allocate(size_t bytes) const override { return const_cast<CachingAllocator*>(this)->take(bytes); }
#endif

  c10::DeleterFnPtr raw_deleter() const override { return &giveBack; }

  AllocatorState state() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return {reserved_, live_, peak_};
  }

  static CachingAllocator& only() {
    static auto* allocator = new CachingAllocator();  // Tensors may outlive main().
    return *allocator;
  }

 private:
  /** ATen hands raw pointers around: the block is known by its data alone. */
  c10::DataPtr take(size_t bytes) {
    void* data = bytes == 0 ? nullptr : find(roundUp(bytes));
    return {data, data, &giveBack, c10::Device(c10::DeviceType::CPU)};
  }

  void* find(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto& free = free_[bytes];
    void* data = nullptr;
    if (!free.empty()) {
      data = free.back();
      free.pop_back();
    } else {
      data = reserve(bytes);
      if (!data) {
        releaseCached();
        data = reserve(bytes);
      }
      if (!data) throw std::bad_alloc();
    }
    sizes_[data] = bytes;
    live_ += bytes;
    peak_ = std::max(peak_, live_);
    return data;
  }

  void* reserve(size_t bytes) {
    void* data = nullptr;
    const bool huge = bytes >= HUGE_PAGE;
    if (posix_memalign(&data, huge ? HUGE_PAGE : ALIGNMENT, bytes) != 0) return nullptr;
    if (huge) madvise(data, bytes, MADV_HUGEPAGE);
    reserved_ += bytes;
    return data;
  }

  void releaseCached() {
    for (auto& [bytes, blocks] : free_) {
      for (void* data : blocks) std::free(data);
      reserved_ -= bytes * blocks.size();
      blocks.clear();
    }
  }

  void keep(void* data) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = sizes_.find(data);
    const size_t bytes = found->second;
    sizes_.erase(found);
    live_ -= bytes;
    if (bytes > SMALLEST) {
      free_[bytes].push_back(data);
    } else {
      std::free(data);
      reserved_ -= bytes;
    }
  }

  static void giveBack(void* data) {
    if (data) only().keep(data);
  }

  std::mutex mutex_;
  std::unordered_map<size_t, std::vector<void*>> free_;
  /** Of the blocks in use. */
  std::unordered_map<void*, size_t> sizes_;
  size_t reserved_ = 0, live_ = 0, peak_ = 0;
};

}  // namespace

void useCachingAllocator() { c10::SetCPUAllocator(&CachingAllocator::only(), 100); }

AllocatorState allocatorState() { return CachingAllocator::only().state(); }

}  // namespace mocolab
