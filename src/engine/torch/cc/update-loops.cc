#include "update-loops.h"

#include "bfloat16.h"

namespace mocolab {
namespace {

using Loops = UpdateLoops;
#define MOCOLAB_LOOPS "update-loops.inc"
#include "vector-targets.inc"

}  // namespace

const UpdateLoops& updateLoops() { return bestLoops(); }

}  // namespace mocolab
