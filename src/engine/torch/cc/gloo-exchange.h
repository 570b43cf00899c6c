// Collective operations over a mesh of connections. Each rank adds up one part of a stretch for all, in rank order,
// so that the bits are those of every other way for tensors to travel; a ring would add in another order.

#pragma once

#include "gloo-mesh.h"
#include "pieces.h"

namespace mocolab {

class GlooExchange {
 public:
  explicit GlooExchange(GlooMesh& mesh);
  /** Throws RankFailed, Disconnected, Aborted, or what is wrong with the task. */
  void run(const Task& task);

 private:
  /** What is under way with another rank in one task: messages that nobody has waited for yet. */
  struct Traffic {
    std::unique_ptr<GlooBuffer> sends, receives;
    int sent = 0, received = 0;
  };
  enum MessageKind : uint64_t { Label = 0, Part = 1, Result = 2 };

  void compareLabels(const Task& task);
  void sum(const Task& task);
  void give(const Task& task, size_t stretch);
  void finish(const Task& task, size_t stretch);
  void gather(const Task& task);
  void broadcast(const Task& task);

  void send(int rank, uint64_t slot, size_t from, size_t bytes);
  void receive(int rank, uint64_t slot, size_t from, size_t bytes);
  /** Waits until no more than so many messages each way are under way. */
  void settle(int left);
  uint64_t slotOf(MessageKind kind, size_t stretch) const;
  template <typename Visit>
  void forOthers(const Visit& visit) const;

  GlooMesh& mesh_;
  const int rank_, ranks_;
  uint64_t tasks_ = 0;
  std::vector<Traffic> traffic_;
  std::vector<TaskLabel> labels_;
  std::vector<std::unique_ptr<GlooBuffer>> labelBuffers_;
  /** Other ranks' terms of our part, for two stretches. */
  std::vector<float> terms_[2];
  std::vector<std::unique_ptr<GlooBuffer>> termBuffers_[2];
};

}  // namespace mocolab
