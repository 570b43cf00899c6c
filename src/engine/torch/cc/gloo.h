// Collectives over Gloo, for the ranks of several machines, through a module that is loaded at run time.

#pragma once

#include <string>
#include <vector>

#include "gloo-module.h"

namespace mocolab {

class Gloo : public Communicator {
 public:
  /** Loads the module, and listens at an address of this machine that the other ranks reach. */
  Gloo(const std::string& module, const World& world, const std::string& address);
  ~Gloo() override;

  /** What all ranks need to connect. */
  std::string ticket() const { return functions_->ticket(ranks_); }
  /** Returns when all ranks have called it. */
  void connect(const std::vector<std::string>& tickets);
  void run(const Task& task) override;
  void abort() override { functions_->abort(ranks_); }

 private:
  const GlooFunctions* functions_;
  void* ranks_;
};

}  // namespace mocolab
