#include "product-loops.h"

#include <type_traits>

#include "bfloat16.h"

namespace mocolab {
namespace {

using Loops = ProductLoops;
#define MOCOLAB_LOOPS "product-loops.inc"
#include "vector-targets.inc"

}  // namespace

const ProductLoops& productLoops() { return bestLoops(); }

}  // namespace mocolab
