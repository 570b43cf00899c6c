#include "winograd-loops.h"

#include "bfloat16.h"

namespace mocolab {
namespace {

using Loops = WinogradLoops;
#define MOCOLAB_LOOPS "winograd-loops.inc"
#include "vector-targets.inc"

}  // namespace

const WinogradLoops& winogradLoops() { return bestLoops(); }

}  // namespace mocolab
