#include "nccl.h"

#include <dlfcn.h>

#include <cstring>

namespace mocolab {
namespace {

constexpr size_t TICKET_BYTES = 128;

/** ncclUniqueId, which is passed by value. */
struct Ticket {
  char bytes[TICKET_BYTES];
};

/** ncclDataType_t: ncclFloat32, ncclInt32, ncclUint8. */
int typeOf(Element element) { return element == Element::Float ? 7 : element == Element::Int ? 2 : 1; }

std::string toHex(const Ticket& ticket) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : ticket.bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4];
    text += digits[byte & 15];
  }
  return text;
}

Ticket fromHex(const std::string& text) {
  if (text.size() != 2 * TICKET_BYTES) throw std::invalid_argument("rank 0 gave no ticket of NCCL");
  Ticket ticket{};
  for (size_t i = 0; i < TICKET_BYTES; i++)
    ticket.bytes[i] = static_cast<char>(std::stoi(text.substr(2 * i, 2), nullptr, 16));
  return ticket;
}

template <typename Function>
void find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  if (!function) throw std::runtime_error(std::string("libnccl has no ") + name);
}

}  // namespace

struct Nccl::Functions {
  int (*getUniqueId)(Ticket*);
  int (*commInitRank)(void**, int ranks, Ticket, int rank);
  int (*allReduce)(const void*, void*, size_t, int type, int operation, void* communicator, void* stream);
  int (*allGather)(const void*, void*, size_t, int type, void* communicator, void* stream);
  int (*broadcast)(const void*, void*, size_t, int type, int root, void* communicator, void* stream);
  int (*commAbort)(void*);
  int (*commDestroy)(void*);
  const char* (*getErrorString)(int);
};

Nccl::Nccl(const std::vector<std::string>& libraries) : functions_(new Functions()) {
  void* library = nullptr;
  for (const std::string& name : libraries)
    if (!library) library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) throw std::runtime_error(dlerror());
  find(library, "ncclGetUniqueId", functions_->getUniqueId);
  find(library, "ncclCommInitRank", functions_->commInitRank);
  find(library, "ncclAllReduce", functions_->allReduce);
  find(library, "ncclAllGather", functions_->allGather);
  find(library, "ncclBroadcast", functions_->broadcast);
  find(library, "ncclCommAbort", functions_->commAbort);
  find(library, "ncclCommDestroy", functions_->commDestroy);
  find(library, "ncclGetErrorString", functions_->getErrorString);
}

Nccl::~Nccl() {
  if (communicator_ && !aborted_) functions_->commDestroy(communicator_);
  delete functions_;
}

std::string Nccl::makeTicket() {
  Ticket ticket{};
  check(functions_->getUniqueId(&ticket), "ncclGetUniqueId");
  return toHex(ticket);
}

void Nccl::connect(const World& world, const std::string& ticket) {
  check(functions_->commInitRank(&communicator_, world.ranks, fromHex(ticket), world.rank), "ncclCommInitRank");
}

void Nccl::run(TaskKind kind, Element element, const void* input, void* output, size_t count, void* stream) {
  constexpr int SUM = 0;
  if (aborted_) throw Aborted();
  const int type = typeOf(element);
  if (kind == TaskKind::Sum)
    check(functions_->allReduce(input, output, count, type, SUM, communicator_, stream), "ncclAllReduce");
  else if (kind == TaskKind::Gather)
    check(functions_->allGather(input, output, count, type, communicator_, stream), "ncclAllGather");
  else
    check(functions_->broadcast(input, output, count, type, 0, communicator_, stream), "ncclBroadcast");
}

void Nccl::abort() {
  if (communicator_ && !aborted_) functions_->commAbort(communicator_);
  aborted_ = true;
}

void Nccl::check(int result, const char* what) const {
  if (result != 0) throw std::runtime_error(std::string(what) + ": " + functions_->getErrorString(result));
}

}  // namespace mocolab
