#include "batch-norm-loops.h"

#include "bfloat16.h"

namespace mocolab {
namespace {

using Loops = BatchNormLoops;
#define MOCOLAB_LOOPS "batch-norm-loops.inc"
#include "vector-targets.inc"

}  // namespace

const BatchNormLoops& batchNormLoops() { return bestLoops(); }

}  // namespace mocolab
