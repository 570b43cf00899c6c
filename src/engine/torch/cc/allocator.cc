// Keeps freed memory for the next tensors. A training step asks for the same sizes again and again; glibc
// gives large blocks back to the system each time and clears them anew.
// Small blocks are kept by size. Large ones are cut from regions: the smallest free block that fits is
// split, and a freed block joins its free neighbours, so that activations and gradients of any size
// share the same memory.

#include "allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>
#include <torch/version.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mocolab {
namespace {

/** Smaller blocks are left to malloc, which is good at them. */
constexpr size_t SMALLEST = 4096;
/** Blocks from here on are cut from regions. */
constexpr size_t LARGE = 1 << 20;
/** Large blocks are multiples of this. */
constexpr size_t PAGE = 4096;
/** Regions are multiples of this, and lie on pages of this size where the system has them. */
constexpr size_t HUGE_PAGE = 2 << 20;
/** The least that is taken from the system for large blocks. */
constexpr size_t REGION = 32 << 20;
constexpr size_t ALIGNMENT = 64;

size_t roundTo(size_t unit, size_t bytes) { return (bytes + unit - 1) / unit * unit; }

/** Rounds up to one of eight classes for each power of two: at most an eighth is wasted. */
size_t roundUp(size_t bytes) {
  if (bytes <= SMALLEST) return bytes;
  if (bytes >= LARGE) return roundTo(PAGE, bytes);
  size_t power = SMALLEST;
  while (power * 2 <= bytes) power *= 2;
  return roundTo(power / 8, bytes);
}

/** Memory from the system; nullptr where there is none. */
char* takeFromSystem(size_t bytes) {
  void* data = nullptr;
  const bool huge = bytes >= HUGE_PAGE;
  if (posix_memalign(&data, huge ? HUGE_PAGE : ALIGNMENT, bytes) != 0) return nullptr;
  if (huge) madvise(data, bytes, MADV_HUGEPAGE);
  return static_cast<char*>(data);
}

/** Free blocks below LARGE, by their exact size. */
class SmallBlocks {
 public:
  char* take(size_t bytes) {
    auto& blocks = free_[bytes];
    if (blocks.empty()) return nullptr;
    char* data = blocks.back();
    blocks.pop_back();
    return data;
  }
  void keep(char* data, size_t bytes) { free_[bytes].push_back(data); }
  /** Gives all back to the system. Returns their bytes. */
  size_t release() {
    size_t released = 0;
    for (auto& [bytes, blocks] : free_) {
      for (char* data : blocks) std::free(data);
      released += bytes * blocks.size();
      blocks.clear();
    }
    return released;
  }

 private:
  std::unordered_map<size_t, std::vector<char*>> free_;
};

/** Regions and the free blocks in them. */
class LargeBlocks {
 public:
  /** The smallest free block that fits, cut to size. */
  char* take(size_t bytes) {
    const auto found = bySize_.lower_bound({bytes, nullptr});
    if (found == bySize_.end()) return nullptr;
    const auto [size, data] = *found;
    forget(byPlace_.find(data));
    if (size > bytes) insert(data + bytes, size - bytes);
    return data;
  }

  /** Joins the block to free neighbours of the same region. */
  void keep(char* data, size_t bytes) {
    const auto next = byPlace_.find(data + bytes);
    if (next != byPlace_.end() && !regions_.count(data + bytes)) {
      bytes += next->second;
      forget(next);
    }
    const auto after = byPlace_.lower_bound(data);
    if (after != byPlace_.begin() && !regions_.count(data)) {
      const auto before = std::prev(after);
      if (before->first + before->second == data) {
        data = before->first;
        bytes += before->second;
        forget(before);
      }
    }
    insert(data, bytes);
  }

  void addRegion(char* data, size_t bytes) {
    regions_[data] = bytes;
    insert(data, bytes);
  }

  /** Gives regions that are free as a whole back to the system. Returns their bytes. */
  size_t release() {
    size_t released = 0;
    for (auto region = regions_.begin(); region != regions_.end();) {
      const auto [data, bytes] = *region;
      const auto free = byPlace_.find(data);
      if (free == byPlace_.end() || free->second != bytes) {
        ++region;
        continue;
      }
      forget(free);
      region = regions_.erase(region);
      std::free(data);
      released += bytes;
    }
    return released;
  }

 private:
  void insert(char* data, size_t bytes) {
    byPlace_[data] = bytes;
    bySize_.insert({bytes, data});
  }
  void forget(std::map<char*, size_t>::iterator block) {
    bySize_.erase({block->second, block->first});
    byPlace_.erase(block);
  }

  std::map<char*, size_t> regions_;
  std::map<char*, size_t> byPlace_;
  std::set<std::pair<size_t, char*>> bySize_;
};

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

  void startPeak() {
    const std::lock_guard<std::mutex> lock(mutex_);
    peak_ = live_;
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
    char* data = bytes < LARGE ? small_.take(bytes) : large_.take(bytes);
    if (!data) data = reserve(bytes);
    if (!data) {
      reserved_ -= small_.release() + large_.release();
      data = reserve(bytes);
    }
    if (!data) throw std::bad_alloc();
    sizes_[data] = bytes;
    live_ += bytes;
    peak_ = std::max(peak_, live_);
    return data;
  }

  char* reserve(size_t bytes) {
    const size_t asked = bytes < LARGE ? bytes : roundTo(HUGE_PAGE, std::max(bytes, REGION));
    char* data = takeFromSystem(asked);
    if (!data) return nullptr;
    reserved_ += asked;
    if (bytes < LARGE) return data;
    large_.addRegion(data, asked);
    return large_.take(bytes);
  }

  void keep(char* data) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = sizes_.find(data);
    const size_t bytes = found->second;
    sizes_.erase(found);
    live_ -= bytes;
    if (bytes >= LARGE) {
      large_.keep(data, bytes);
    } else if (bytes > SMALLEST) {
      small_.keep(data, bytes);
    } else {
      std::free(data);
      reserved_ -= bytes;
    }
  }

  static void giveBack(void* data) {
    if (data) only().keep(static_cast<char*>(data));
  }

  std::mutex mutex_;
  SmallBlocks small_;
  LargeBlocks large_;
  /** Of the blocks in use. */
  std::unordered_map<void*, size_t> sizes_;
  size_t reserved_ = 0, live_ = 0, peak_ = 0;
};

}  // namespace

void useCachingAllocator() { c10::SetCPUAllocator(&CachingAllocator::only(), 100); }

AllocatorState allocatorState() { return CachingAllocator::only().state(); }

void startAllocatorPeak() { CachingAllocator::only().startPeak(); }

}  // namespace mocolab
