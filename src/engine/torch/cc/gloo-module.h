// The module on Gloo as the addon sees it: plain functions, because Gloo is another library than the one inside
// PyTorch's libtorch, whose symbols have the same names, and may be built with another std::string. So it is loaded
// at run time, in a scope of its own. World and Task have the same layout on both sides.

#pragma once

#include "communicator.h"

namespace mocolab {

struct GlooFault {
  enum Kind : uint32_t { Other, Stalled, Disconnected, WasAborted } kind;
  /** Whose fault it is, or -1. */
  int rank;
  char text[256];
};

struct GlooFunctions {
  /** Opens a port for each other rank at an address of this machine; nullptr: see the fault. */
  void* (*open)(const World* world, const char* address, GlooFault* fault);
  /** What the others need to connect; lives as long as the ranks. */
  const char* (*ticket)(void* ranks);
  /** With all ranks' tickets, in their order. Returns when all are connected. */
  bool (*connect)(void* ranks, const char* const* tickets, GlooFault* fault);
  bool (*run)(void* ranks, const Task* task, GlooFault* fault);
  /** From another thread. */
  void (*abort)(void* ranks);
  void (*close)(void* ranks);
};

}  // namespace mocolab

extern "C" const mocolab::GlooFunctions* mocolabGlooFunctions();
