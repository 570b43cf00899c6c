// Connections of one rank with all others through Gloo, and waiting on them: what goes wrong names the rank.

#pragma once

#include <gloo/context.h>
#include <gloo/transport/device.h>
#include <gloo/transport/unbound_buffer.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "communicator.h"

namespace mocolab {

using GlooBuffer = gloo::transport::UnboundBuffer;

/** The connection with a rank is gone. */
struct Disconnected : std::runtime_error {
  Disconnected(int which, const char* how) : std::runtime_error(how), rank(which) {}
  int rank;
};

class GlooMesh {
 public:
  /** Listens at an address of this machine, on a free port for each other rank. */
  GlooMesh(const World& world, const std::string& address);
  ~GlooMesh();
  GlooMesh(const GlooMesh&) = delete;
  GlooMesh& operator=(const GlooMesh&) = delete;

  const World& world() const { return world_; }
  const std::string& ticket() const { return ticket_; }
  /** With all ranks' tickets; returns when all are connected. */
  void connect(const std::vector<std::string>& tickets);

  std::unique_ptr<GlooBuffer> makeBuffer(void* data, size_t bytes);
  /** Begins to send bytes of a buffer to `rank`, or to receive them; a slot is one message's. */
  void send(GlooBuffer& buffer, int rank, uint64_t slot, size_t from, size_t bytes);
  void receive(GlooBuffer& buffer, int rank, uint64_t slot, size_t from, size_t bytes);
  /** Waits until one message of `rank` has come into a buffer. */
  void awaitReceived(GlooBuffer& buffer, int rank) { await(buffer, rank, &GlooBuffer::waitRecv); }
  /** Waits until one message to `rank` has left a buffer. */
  void awaitSent(GlooBuffer& buffer, int rank) { await(buffer, rank, &GlooBuffer::waitSend); }

  /** From another thread: whoever waits, or comes later, throws Aborted. */
  void abort();
  /** Ends all connections, because this rank can't go on. */
  void disconnect();

 private:
  using Wait = bool (GlooBuffer::*)(int*, std::chrono::milliseconds);
  void await(GlooBuffer& buffer, int rank, Wait wait);
  void begin(GlooBuffer& buffer);
  template <typename Post>
  void post(int rank, const Post& give);

  class Context;
  World world_;
  std::shared_ptr<gloo::transport::Device> device_;
  std::unique_ptr<Context> context_;
  std::string ticket_;

  std::mutex mutex_;
  bool aborted_ = false;
  /** What the working thread waits on. */
  GlooBuffer* awaited_ = nullptr;
};

}  // namespace mocolab
