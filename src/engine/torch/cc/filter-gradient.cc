#include "filter-gradient.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include <algorithm>
#include <vector>

namespace mocolab {
namespace {

constexpr int64_t MOST_PARTS = 16;
/** Of a part: with fewer, adding the gradients would take too long beside computing them. */
constexpr int64_t LEAST_PLACES = 256;

/** A power of two, so that the parts are shared out evenly among threads. */
int64_t countParts(int64_t images, int64_t places) {
  int64_t parts = 1;
  while (2 * parts <= std::min({MOST_PARTS, images, images * places / LEAST_PLACES})) parts *= 2;
  return parts;
}

/** While it lives, libraries that this thread calls use no other. */
class OneThread {
#ifdef _OPENMP
 public:
  // ATen sets the number itself when a thread first asks it; later than here, that would undo it.
  OneThread() : before_(at::get_num_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  const int before_;
#endif
};

}  // namespace

at::Tensor addGradientsOfParts(int64_t images, int64_t places, const GradientOfPart& gradientOf) {
  const int64_t parts = countParts(images, places);
  std::vector<at::Tensor> gradients(parts);
  at::parallel_for(0, parts, 1, [&](int64_t from, int64_t to) {
    const c10::InferenceMode noTape;
    const OneThread alone;
    for (int64_t part = from; part < to; part++) {
      const int64_t first = images * part / parts;
      gradients[part] = gradientOf(first, images * (part + 1) / parts - first);
    }
  });
  at::Tensor sum = gradients[0].to(at::kFloat);
  for (int64_t part = 1; part < parts; part++) sum.add_(gradients[part]);
  return sum;
}

}  // namespace mocolab
