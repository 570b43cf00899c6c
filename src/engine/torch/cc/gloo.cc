#include "gloo.h"

#include <dlfcn.h>

namespace mocolab {
namespace {

const GlooFunctions* load(const std::string& module) {
  // Never closed: Gloo's threads may outlive the last call.
  void* library = dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) throw std::runtime_error(dlerror());
  auto* functions = reinterpret_cast<decltype(&mocolabGlooFunctions)>(dlsym(library, "mocolabGlooFunctions"));
  if (!functions) throw std::runtime_error(dlerror());
  return functions();
}

[[noreturn]] void fail(const GlooFault& fault) {
  if (fault.kind == GlooFault::Stalled) throw RankFailed(fault.rank, "stalled");
  if (fault.kind == GlooFault::Disconnected) throw RankFailed(fault.rank, "disconnected");
  if (fault.kind == GlooFault::WasAborted) throw Aborted();
  throw std::runtime_error(fault.text);
}

}  // namespace

Gloo::Gloo(const std::string& module, const World& world, const std::string& address) : functions_(load(module)) {
  GlooFault fault{};
  ranks_ = functions_->open(&world, address.c_str(), &fault);
  if (!ranks_) fail(fault);
}

Gloo::~Gloo() { functions_->close(ranks_); }

void Gloo::connect(const std::vector<std::string>& tickets) {
  GlooFault fault{};
  std::vector<const char*> texts;
  for (const std::string& ticket : tickets) texts.push_back(ticket.c_str());
  if (!functions_->connect(ranks_, texts.data(), &fault)) fail(fault);
}

void Gloo::run(const Task& task) {
  GlooFault fault{};
  if (!functions_->run(ranks_, &task, &fault)) fail(fault);
}

}  // namespace mocolab
