// Runs the steps that TypeScript drew for a view: src/data/image-step.ts names them, native-renderer.ts
// writes them as numbers.

#pragma once

#include "image.h"

namespace mocolab::image {

/** Steps as numbers, read front to back; a view's steps end with a 0. Throws where the numbers end first. */
class StepReader {
 public:
  StepReader(const double* numbers, size_t count) : at_(numbers), end_(numbers + count) {}

  double next();
  int nextInteger();

 private:
  const double* at_;
  const double* end_;
};

/** Runs the steps of one view. The result lies in the image or in the workspace, until its next use. */
View runSteps(View image, StepReader& steps, Workspace& room);

}  // namespace mocolab::image
