// The functions of the module on Gloo: no exception leaves it.

#include "gloo-module.h"

#include "gloo-exchange.h"

namespace mocolab {
namespace {

struct Ranks {
  Ranks(const World& world, const char* address) : mesh(world, address), exchange(mesh) {}
  GlooMesh mesh;
  GlooExchange exchange;
};

void tell(GlooFault* fault, GlooFault::Kind kind, int rank, const std::string& text) {
  fault->kind = kind;
  fault->rank = rank;
  fault->text[text.copy(fault->text, sizeof fault->text - 1)] = '\0';
}

template <typename Body>
bool tellFaults(GlooFault* fault, const Body& body) {
  try {
    body();
    return true;
  } catch (const RankFailed& failed) {
    tell(fault, GlooFault::Stalled, failed.rank, failed.what());
  } catch (const Disconnected& gone) {
    tell(fault, GlooFault::Disconnected, gone.rank, gone.what());
  } catch (const Aborted& aborted) {
    tell(fault, GlooFault::WasAborted, -1, aborted.what());
  } catch (const std::exception& error) {
    tell(fault, GlooFault::Other, -1, error.what());
  }
  return false;
}

void* open(const World* world, const char* address, GlooFault* fault) {
  Ranks* ranks = nullptr;
  tellFaults(fault, [&] { ranks = new Ranks(*world, address); });
  return ranks;
}

const char* ticket(void* ranks) { return static_cast<Ranks*>(ranks)->mesh.ticket().c_str(); }

bool connect(void* ranks, const char* const* tickets, GlooFault* fault) {
  GlooMesh& mesh = static_cast<Ranks*>(ranks)->mesh;
  return tellFaults(fault, [&] { mesh.connect({tickets, tickets + mesh.world().ranks}); });
}

bool run(void* ranks, const Task* task, GlooFault* fault) {
  auto& [mesh, exchange] = *static_cast<Ranks*>(ranks);
  const bool went = tellFaults(fault, [&exchange = exchange, task] { exchange.run(*task); });
  if (!went) mesh.disconnect();
  return went;
}

void abort(void* ranks) { static_cast<Ranks*>(ranks)->mesh.abort(); }

void close(void* ranks) { delete static_cast<Ranks*>(ranks); }

}  // namespace
}  // namespace mocolab

extern "C" __attribute__((visibility("default"))) const mocolab::GlooFunctions* mocolabGlooFunctions() {
  using namespace mocolab;
  static const GlooFunctions functions{open, ticket, connect, run, abort, close};
  return &functions;
}
