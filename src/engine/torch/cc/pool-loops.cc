#include "pool-loops.h"

#include <cmath>

#include "bfloat16.h"

namespace mocolab {
namespace {

using Loops = PoolLoops;
#define MOCOLAB_LOOPS "pool-loops.inc"
#include "vector-targets.inc"

}  // namespace

const PoolLoops& poolLoops() { return bestLoops(); }

}  // namespace mocolab
