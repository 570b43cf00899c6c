#include "shared-segment.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>

#ifdef __linux__
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace mocolab {

#ifdef __linux__
namespace {

/** Aborts are looked for at least this often. */
constexpr int64_t NAP_NS = 50'000'000;
/** Looks before it sleeps: the other rank is often only microseconds behind. */
constexpr int GLANCES = 200;

[[noreturn]] void fail(const char* what) { throw std::runtime_error(std::string(what) + ": " + std::strerror(errno)); }

bool isReached(const std::atomic<uint32_t>& count, uint32_t value) {
  return static_cast<int32_t>(count.load(std::memory_order_acquire) - value) >= 0;
}

int64_t nowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

void wake(std::atomic<uint32_t>& count) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&count), FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

inline void rest() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

size_t headBytes(int ranks) { return (SECRET_BYTES + ranks * sizeof(Progress) + 4095) / 4096 * 4096; }

size_t segmentBytes(int ranks) { return headBytes(ranks) + ranks * DEPTH * SLOT_BYTES; }

/** Random letters, no shorter than the place for it. */
std::string drawSecret() {
  std::string secret(SECRET_BYTES, ' ');
  if (getrandom(&secret[0], secret.size(), 0) != static_cast<ssize_t>(secret.size())) fail("getrandom");
  for (char& letter : secret) letter = static_cast<char>('a' + static_cast<unsigned char>(letter) % 26);
  return secret;
}

/** Where a link of /proc leads; empty: nowhere. */
std::string readLink(const std::string& path) {
  char target[256];
  const ssize_t length = readlink(path.c_str(), target, sizeof target);
  return {target, static_cast<size_t>(std::max<ssize_t>(0, length))};
}

/** Opens the memory of another process, and nothing else: that would not even be opened, or not mapped. */
int openFile(const std::string& path, const std::string& secret, size_t bytes) {
  if (readLink(path).compare(0, 14, "/memfd:mocolab") != 0)
    throw std::runtime_error("rank 0's shared memory is not in sight");
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) fail(path.c_str());
  struct stat found {};
  char begins[SECRET_BYTES];
  const bool isRight = fstat(file, &found) == 0 && static_cast<size_t>(found.st_size) == bytes &&
                       pread(file, begins, SECRET_BYTES, 0) == SECRET_BYTES && secret.compare(0, SECRET_BYTES, begins, SECRET_BYTES) == 0;
  if (isRight) return file;
  close(file);
  throw std::runtime_error("what lies there is the memory of other ranks");
}

}  // namespace

SharedSegment* SharedSegment::create(const World& world) {
  const int file = static_cast<int>(syscall(SYS_memfd_create, "mocolab", 1U /* MFD_CLOEXEC */));
  if (file < 0) fail("memfd_create");
  // New memory is zeros, which is where all counts start.
  if (ftruncate(file, static_cast<off_t>(segmentBytes(world.ranks))) != 0) fail("shared memory");
  const std::string secret = drawSecret();
  auto* segment = new SharedSegment(world, file, secret);
  std::memcpy(segment->base_, secret.data(), SECRET_BYTES);
  return segment;
}

SharedSegment* SharedSegment::open(const World& world, const std::string& ticket) {
  if (ticket.size() < SECRET_BYTES) throw std::runtime_error("rank 0 gave no shared memory");
  const std::string secret = ticket.substr(0, SECRET_BYTES);
  return new SharedSegment(world, openFile(ticket.substr(SECRET_BYTES), secret, segmentBytes(world.ranks)), secret);
}

SharedSegment::SharedSegment(const World& world, int file, const std::string& secret)
    : world_(world), file_(file), secret_(secret) {
  void* base = mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (base == MAP_FAILED) fail("mmap");
  base_ = static_cast<char*>(base);
}

SharedSegment::~SharedSegment() {
  if (base_) {
    progressOf(world_.rank).left.store(1, std::memory_order_release);
    munmap(base_, bytes());
  }
  seal();
}

std::string SharedSegment::ticket() const {
  return secret_ + "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(file_);
}

void SharedSegment::seal() {
  if (file_ >= 0) close(file_);
  file_ = -1;
}

size_t SharedSegment::bytes() const { return segmentBytes(world_.ranks); }

char* SharedSegment::slot(int rank, uint32_t number) const {
  return base_ + headBytes(world_.ranks) + (rank * DEPTH + number % DEPTH) * SLOT_BYTES;
}

void SharedSegment::advance(std::atomic<uint32_t>& count, uint32_t value) {
  count.store(value, std::memory_order_release);
  wake(count);
}

void SharedSegment::await(std::atomic<uint32_t>& count, uint32_t value, int rank) const {
  for (int i = 0; i < GLANCES; i++) {
    if (isReached(count, value)) return;
    rest();
  }
  const int64_t since = nowMs();
  const timespec nap{0, NAP_NS};
  for (;;) {
    const uint32_t seen = count.load(std::memory_order_acquire);
    if (isReached(count, value)) return;
    if (aborted_.load(std::memory_order_acquire)) throw Aborted();
    if (nowMs() - since > world_.timeoutMs) throw RankFailed(rank, "stalled");
    const bool left = progressOf(rank).left.load(std::memory_order_acquire) != 0;
    if (left && !isReached(count, value)) throw RankFailed(rank, "left");
    syscall(SYS_futex, reinterpret_cast<uint32_t*>(&count), FUTEX_WAIT, seen, &nap, nullptr, 0);
  }
}

void SharedSegment::abort() { aborted_.store(true, std::memory_order_release); }

#else  // Counters and slots are there on Linux alone; elsewhere ranks talk over TCP.

SharedSegment* SharedSegment::create(const World&) { throw std::runtime_error("only on Linux"); }
SharedSegment* SharedSegment::open(const World&, const std::string&) { throw std::runtime_error("only on Linux"); }
SharedSegment::~SharedSegment() = default;
std::string SharedSegment::ticket() const { return ""; }
void SharedSegment::seal() {}
char* SharedSegment::slot(int, uint32_t) const { return nullptr; }
void SharedSegment::advance(std::atomic<uint32_t>&, uint32_t) {}
void SharedSegment::await(std::atomic<uint32_t>&, uint32_t, int) const {}
void SharedSegment::abort() {}

#endif

}  // namespace mocolab
