// Steps are drawn by our own TypeScript, so wrong ones are a bug; they end in an error all the same, never in
// memory that is not ours.

#include "image-steps.h"

#include <cmath>
#include <stdexcept>

namespace mocolab::image {
namespace {

enum Code { kEnd, kCrop, kResize, kFlip, kBrightness, kContrast, kSaturation, kHue, kGrayscale, kBlur };

constexpr int kMaxSide = 1 << 20;

int nextSide(StepReader& steps) {
  const int side = steps.nextInteger();
  if (side < 1 || side > kMaxSide) throw std::invalid_argument("A step makes an image of an impossible size.");
  return side;
}

View cropByStep(const View& image, StepReader& steps, Workspace& room) {
  const int top = steps.nextInteger(), left = steps.nextInteger();
  const int height = nextSide(steps), width = nextSide(steps);
  return crop(image, top, left, height, width, room);
}

View resizeByStep(const View& image, StepReader& steps, Workspace& room) {
  const int width = nextSide(steps), height = nextSide(steps);
  return resize(image, width, height, room);
}

View flip(View image) {
  image.first += (image.width - 1) * image.column;
  image.column = -image.column;
  return image;
}

/** The image as planes that may be written: those that it has, unless it is the caller's, cut or flipped. */
uint8_t* own(View& image, Workspace& room) {
  const View packed = viewPlanes(image.first, image.width, image.height);
  if (image.column == 1 && image.row == packed.row && image.plane == packed.plane) {
    return const_cast<uint8_t*>(image.first); // Planes are always the workspace's.
  }
  uint8_t* planes = room.next(countBytes(image.width, image.height));
  copyPlanes(image, planes);
  image = viewPlanes(planes, image.width, image.height);
  return planes;
}

/** Colours change in place: three planes of `count` bytes. */
using Recolor = void (*)(const Kernels& kernels, uint8_t* planes, size_t count, double factor);

void adjustBrightness(const Kernels& kernels, uint8_t* planes, size_t count, double factor) {
  kernels.blendWithByte(planes, 3 * count, 0, static_cast<float>(factor));
}

/** Contrast is a blend with the mean luma, rounded to a byte. */
void adjustContrast(const Kernels& kernels, uint8_t* planes, size_t count, double factor) {
  const double mean = static_cast<double>(kernels.sumLuma(planes, count)) / static_cast<double>(count);
  kernels.blendWithByte(planes, 3 * count, static_cast<float>(std::floor(mean + 0.5)), static_cast<float>(factor));
}

void adjustSaturation(const Kernels& kernels, uint8_t* planes, size_t count, double factor) {
  kernels.blendWithLuma(planes, count, static_cast<float>(factor));
}

void adjustHue(const Kernels& kernels, uint8_t* planes, size_t count, double factor) {
  kernels.turnHue(planes, count, static_cast<int32_t>(factor * 255) & 255);
}

void convertToGrayscale(const Kernels& kernels, uint8_t* planes, size_t count, double) {
  kernels.writeLuma(planes, count);
}

View recolor(View image, Workspace& room, Recolor change, double factor) {
  uint8_t* planes = own(image, room);
  change(room.kernels, planes, static_cast<size_t>(image.width) * image.height, factor);
  return image;
}

View runStep(int code, const View& image, StepReader& steps, Workspace& room) {
  switch (code) {
    case kCrop: return cropByStep(image, steps, room);
    case kResize: return resizeByStep(image, steps, room);
    case kFlip: return flip(image);
    case kBrightness: return recolor(image, room, adjustBrightness, steps.next());
    case kContrast: return recolor(image, room, adjustContrast, steps.next());
    case kSaturation: return recolor(image, room, adjustSaturation, steps.next());
    case kHue: return recolor(image, room, adjustHue, steps.next());
    case kGrayscale: return recolor(image, room, convertToGrayscale, 1);
    case kBlur: return blurGaussian(image, steps.next(), room);
    default: throw std::invalid_argument("There is no such step.");
  }
}

}  // namespace

double StepReader::next() {
  if (at_ == end_) throw std::invalid_argument("The steps end too early.");
  return *at_++;
}

int StepReader::nextInteger() {
  const double value = next();
  if (!(value >= -kMaxSide && value <= kMaxSide)) throw std::invalid_argument("A step has an impossible number.");
  return static_cast<int>(value);
}

View runSteps(View image, StepReader& steps, Workspace& room) {
  for (int code = steps.nextInteger(); code != kEnd; code = steps.nextInteger()) {
    image = runStep(code, image, steps, room);
  }
  return image;
}

}  // namespace mocolab::image
