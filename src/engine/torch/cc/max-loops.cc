#include "max-loops.h"

#include <cmath>

namespace mocolab {
namespace {

using Loops = MaxLoops;
#define MOCOLAB_LOOPS "max-loops.inc"
#include "vector-targets.inc"

}  // namespace

const MaxLoops& maxLoops() { return bestLoops(); }

}  // namespace mocolab
