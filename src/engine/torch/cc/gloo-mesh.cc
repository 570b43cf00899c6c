#include "gloo-mesh.h"

#include <gloo/config.h>
#include <gloo/transport/address.h>
#include <gloo/transport/context.h>
#include <gloo/transport/tcp/device.h>

#include <algorithm>
#include <cstring>

namespace mocolab {
namespace {

using Clock = std::chrono::steady_clock;

/** All ranks connect at the same moment; the main thread hears nothing else meanwhile. */
constexpr int64_t LONGEST_CONNECT_MS = 30'000;

std::string toHex(const std::vector<char>& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::vector<char> fromHex(const std::string& text) {
  std::vector<char> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

/** Gloo's addresses are structs: they mean the same in the same version alone. */
std::string versionLine() {
  return "Gloo " + std::to_string(GLOO_VERSION_MAJOR) + "." + std::to_string(GLOO_VERSION_MINOR) + "." +
         std::to_string(GLOO_VERSION_PATCH) + "\n";
}

}  // namespace

/** Gloo's own way to connect wants a store of its own to wait on; here all addresses come at once. */
class GlooMesh::Context : public gloo::Context {
 public:
  Context(const World& world, const std::shared_ptr<gloo::transport::Device>& device)
      : gloo::Context(world.rank, world.ranks) {
    device_ = device;
    transportContext_ = device_->createContext(world.rank, world.ranks);
    const auto longest = std::chrono::milliseconds(std::min(world.timeoutMs, LONGEST_CONNECT_MS));
    transportContext_->setTimeout(longest);
    setTimeout(longest);
  }

  std::string createPairs() {
    std::string lines;
    for (int other = 0; other < size; other++) {
      if (other != rank) lines += toHex(transportContext_->createPair(other)->address().bytes());
      lines += '\n';
    }
    return lines;
  }
};

GlooMesh::GlooMesh(const World& world, const std::string& address) : world_(world) {
  gloo::transport::tcp::attr at;
  at.hostname = address;
  device_ = gloo::transport::tcp::CreateDevice(at);
  context_ = std::make_unique<Context>(world, device_);
  ticket_ = versionLine() + context_->createPairs();
}

GlooMesh::~GlooMesh() { disconnect(); }

void GlooMesh::connect(const std::vector<std::string>& tickets) {
  for (int other = 0; other < world_.ranks; other++) {
    if (other == world_.rank) continue;
    const std::string& theirs = tickets.at(other);
    if (theirs.compare(0, versionLine().size(), versionLine()) != 0)
      throw std::runtime_error("rank " + std::to_string(other) + " has another version of Gloo");
    size_t from = versionLine().size();
    for (int line = 0; line < world_.rank; line++) from = theirs.find('\n', from) + 1;
    const auto address = fromHex(theirs.substr(from, theirs.find('\n', from) - from));
    context_->getPair(other)->connect(address);
  }
}

std::unique_ptr<GlooBuffer> GlooMesh::makeBuffer(void* data, size_t bytes) {
  return context_->createUnboundBuffer(data, bytes);
}

void GlooMesh::await(GlooBuffer& buffer, int rank, Wait wait) {
  begin(buffer);
  const auto since = Clock::now();
  const std::chrono::milliseconds longest(world_.timeoutMs);
  bool isDone = false;
  std::string failure;
  try {
    isDone = (buffer.*wait)(nullptr, longest);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  awaited_ = nullptr;
  if (isDone) return;
  if (aborted_) throw Aborted();
  if (Clock::now() - since >= longest) throw RankFailed(rank, "stalled");
  throw Disconnected(rank, failure.c_str());
}

void GlooMesh::send(GlooBuffer& buffer, int rank, uint64_t slot, size_t from, size_t bytes) {
  post(rank, [&] { buffer.send(rank, slot, from, bytes); });
}

void GlooMesh::receive(GlooBuffer& buffer, int rank, uint64_t slot, size_t from, size_t bytes) {
  post(rank, [&] { buffer.recv(rank, slot, from, bytes); });
}

/** Gloo throws here too, where it has found out that the other end is gone. */
template <typename Post>
void GlooMesh::post(int rank, const Post& give) {
  try {
    give();
  } catch (const std::exception& error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (aborted_) throw Aborted();
    throw Disconnected(rank, error.what());
  }
}

void GlooMesh::begin(GlooBuffer& buffer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (aborted_) throw Aborted();
  awaited_ = &buffer;
}

void GlooMesh::abort() {
  const std::lock_guard<std::mutex> lock(mutex_);
  aborted_ = true;
  if (!awaited_) return;
  awaited_->abortWaitRecv();
  awaited_->abortWaitSend();
}

void GlooMesh::disconnect() { context_->closeConnections(); }

}  // namespace mocolab
