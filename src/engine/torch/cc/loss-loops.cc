#include "loss-loops.h"

#include "bfloat16.h"

namespace mocolab {
namespace {

using Loops = LossLoops;
#define MOCOLAB_LOOPS "loss-loops.inc"
#include "vector-targets.inc"

}  // namespace

const LossLoops& lossLoops() { return bestLoops(); }

}  // namespace mocolab
