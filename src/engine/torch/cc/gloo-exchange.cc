#include "gloo-exchange.h"

namespace mocolab {
namespace {

/** Of a stretch, what one rank adds up: two of them are on their way at a time. */
constexpr size_t PART_BYTES = 512 << 10;
constexpr size_t PART_COUNT = PART_BYTES / sizeof(float);

void add(Element element, float* sum, const float* term, size_t count) {
  if (element == Element::Int)
    addInts(reinterpret_cast<uint32_t*>(sum), reinterpret_cast<const uint32_t*>(term), count);
  else
    for (size_t i = 0; i < count; i++) sum[i] += term[i];
}

/** A stretch of a task's array, and the part of it that each rank adds up. */
struct Stretch {
  Stretch(const Task& task, size_t number, int of)
      : from(number * PART_BYTES * of), bytes(std::min(PART_BYTES * of, task.bytes - from)), ranks(of) {}
  size_t start(int rank) const { return from + partStart(bytes, rank, ranks); }
  size_t length(int rank) const { return start(rank + 1) - start(rank); }
  size_t from, bytes;
  int ranks;
};

}  // namespace

GlooExchange::GlooExchange(GlooMesh& mesh)
    : mesh_(mesh), rank_(mesh.world().rank), ranks_(mesh.world().ranks), traffic_(ranks_), labels_(ranks_) {
  for (TaskLabel& label : labels_) labelBuffers_.push_back(mesh_.makeBuffer(&label, sizeof(TaskLabel)));
}

template <typename Visit>
void GlooExchange::forOthers(const Visit& visit) const {
  // Each begins with another one, so that not all send to rank 0 first.
  for (int i = 1; i < ranks_; i++) visit((rank_ + i) % ranks_);
}

uint64_t GlooExchange::slotOf(MessageKind kind, size_t stretch) const { return tasks_ << 32 | stretch << 2 | kind; }

void GlooExchange::run(const Task& task) {
  tasks_++;
  compareLabels(task);
  if (task.bytes == 0) return;
  // Buffers of Gloo are told apart by whom they talk to: whoever fails to come is known then.
  const size_t bytes = task.kind == TaskKind::Gather ? ranks_ * task.bytes : task.bytes;
  for (Traffic& each : traffic_)
    each = {mesh_.makeBuffer(task.output, bytes), mesh_.makeBuffer(task.output, bytes), 0, 0};
  if (task.kind == TaskKind::Sum) sum(task);
  if (task.kind == TaskKind::Gather) gather(task);
  if (task.kind == TaskKind::Broadcast) broadcast(task);
  settle(0);
}

/** Before anything else is sent: bytes for which there is no room would end in the middle of Gloo. */
void GlooExchange::compareLabels(const Task& task) {
  labels_[rank_] = TaskLabel::of(task);
  forOthers([&](int other) {
    mesh_.receive(*labelBuffers_[other], other, slotOf(Label, 0), 0, sizeof(TaskLabel));
    mesh_.send(*labelBuffers_[rank_], other, slotOf(Label, 0), 0, sizeof(TaskLabel));
  });
  for (int other = 0; other < ranks_; other++)
    if (other != rank_) mesh_.awaitReceived(*labelBuffers_[other], other);
  forOthers([&](int other) { mesh_.awaitSent(*labelBuffers_[rank_], other); });
  for (int other = 0; other < ranks_; other++) checkLabel(labels_[rank_], labels_[other], rank_, other);
}

void GlooExchange::sum(const Task& task) {
  for (int half = 0; half < 2 && termBuffers_[half].empty(); half++) {
    terms_[half].resize(PART_COUNT * ranks_);
    for (int other = 0; other < ranks_; other++)
      termBuffers_[half].push_back(mesh_.makeBuffer(&terms_[half][PART_COUNT * other], PART_BYTES));
  }
  const size_t stretches = (task.bytes + PART_BYTES * ranks_ - 1) / (PART_BYTES * ranks_);
  give(task, 0);
  for (size_t i = 0; i < stretches; i++) {
    if (i + 1 < stretches) give(task, i + 1);
    finish(task, i);
  }
}

/** Sends the others' parts of a stretch to them, and makes ready for what comes back. */
void GlooExchange::give(const Task& task, size_t stretch) {
  const Stretch at(task, stretch, ranks_);
  forOthers([&](int other) {
    if (at.length(rank_) > 0)
      mesh_.receive(*termBuffers_[stretch % 2][other], other, slotOf(Part, stretch), 0, at.length(rank_));
  });
  copyFrom(task.input, at.from, at.bytes, task.output + at.from);
  forOthers([&](int other) {
    // The sum takes the part's place only once the other rank has the part.
    send(other, slotOf(Part, stretch), at.start(other), at.length(other));
    receive(other, slotOf(Result, stretch), at.start(other), at.length(other));
  });
}

/** Adds up our part of a stretch and sends it to all. */
void GlooExchange::finish(const Task& task, size_t stretch) {
  const Stretch at(task, stretch, ranks_);
  const size_t count = at.length(rank_) / sizeof(float);
  if (count == 0) return;
  auto* own = reinterpret_cast<float*>(task.output + at.start(rank_));
  const auto termOf = [&](int rank) { return rank == rank_ ? own : &terms_[stretch % 2][PART_COUNT * rank]; };
  // In rank order; a + b is b + a, so that rank 1 may begin with its own.
  float* total = rank_ <= 1 ? own : termOf(0);
  for (int rank = 0; rank < ranks_; rank++) {
    if (rank != rank_) mesh_.awaitReceived(*termBuffers_[stretch % 2][rank], rank);
    if (termOf(rank) != total && rank > 0) add(task.element, total, termOf(rank), count);
    if (rank == 0 && rank_ == 1) add(task.element, total, termOf(0), count);
  }
  if (task.element == Element::Float && task.factor != 1) scaleFloats(total, static_cast<float>(task.factor), count);
  if (total != own) std::memcpy(own, total, at.length(rank_));
  forOthers([&](int other) { send(other, slotOf(Result, stretch), at.start(rank_), at.length(rank_)); });
  settle(4);
}

void GlooExchange::gather(const Task& task) {
  copyFrom(task.input, 0, task.bytes, task.output + rank_ * task.bytes);
  forOthers([&](int other) {
    receive(other, slotOf(Result, 0), other * task.bytes, task.bytes);
    send(other, slotOf(Result, 0), rank_ * task.bytes, task.bytes);
  });
}

void GlooExchange::broadcast(const Task& task) {
  if (rank_ > 0) return receive(0, slotOf(Result, 0), 0, task.bytes);
  copyFrom(task.input, 0, task.bytes, task.output);
  forOthers([&](int other) { send(other, slotOf(Result, 0), 0, task.bytes); });
}

void GlooExchange::send(int rank, uint64_t slot, size_t from, size_t bytes) {
  if (bytes == 0) return;
  mesh_.send(*traffic_[rank].sends, rank, slot, from, bytes);
  traffic_[rank].sent++;
}

void GlooExchange::receive(int rank, uint64_t slot, size_t from, size_t bytes) {
  if (bytes == 0) return;
  mesh_.receive(*traffic_[rank].receives, rank, slot, from, bytes);
  traffic_[rank].received++;
}

void GlooExchange::settle(int left) {
  forOthers([&](int other) {
    Traffic& traffic = traffic_[other];
    for (; traffic.received > left; traffic.received--) mesh_.awaitReceived(*traffic.receives, other);
    for (; traffic.sent > left; traffic.sent--) mesh_.awaitSent(*traffic.sends, other);
  });
}

}  // namespace mocolab
