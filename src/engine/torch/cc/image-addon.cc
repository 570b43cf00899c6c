// The loader's addon: runs the steps of a group of images and normalises their views. An addon of its own,
// without libtorch: it loads in a millisecond into every thread and serves all engines. It keeps nothing
// between calls, so threads share nothing.

#include <napi.h>

#include <string>

#include "image-steps.h"

namespace mocolab::image {
namespace {

/** Elements of a typed array, which may lie on a SharedArrayBuffer. */
template <typename Element>
struct Span {
  Element* data;
  size_t length;
};

template <typename Element>
Span<Element> readSpan(const Napi::Value& value, napi_typedarray_type expected, const char* name) {
  napi_typedarray_type type;
  size_t length;
  void* data;
  const napi_status status =
      napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr);
  if (status != napi_ok || type != expected) throw std::invalid_argument(std::string(name) + " has another type.");
  return {static_cast<Element*>(data), length};
}

/** What a view's pixels are written to. */
struct Output {
  std::vector<Span<float>> views;
  Span<const float> tables;
  int size;

  float* at(size_t view, size_t image) const {
    const size_t floats = countBytes(size, size);
    if ((image + 1) * floats > views[view].length) throw std::invalid_argument("A view has no room for an image.");
    return views[view].data + image * floats;
  }
};

View readImage(const Napi::Value& value, const int32_t* size) {
  const auto pixels = readSpan<const uint8_t>(value, napi_uint8_array, "An image");
  if (size[0] < 1 || size[1] < 1 || pixels.length < countBytes(size[0], size[1])) {
    throw std::invalid_argument("An image has fewer bytes than its size says.");
  }
  return viewInterleaved(pixels.data, size[0], size[1]);
}

Output readOutput(const Napi::Array& views, const Napi::Value& tables, int size) {
  Output output{{}, readSpan<const float>(tables, napi_float32_array, "A table"), size};
  if (output.tables.length < 3 * 256) throw std::invalid_argument("The tables are too short.");
  for (uint32_t i = 0; i < views.Length(); i++) {
    output.views.push_back(readSpan<float>(views.Get(i), napi_float32_array, "A view"));
  }
  return output;
}

const Kernels& readKernels(const Napi::Value& name) {
  const bool best = name.IsUndefined();
  const Kernels* found = chooseKernels(best ? nullptr : name.As<Napi::String>().Utf8Value().c_str());
  if (found == nullptr) throw std::invalid_argument("This processor has not got these instructions.");
  return *found;
}

/** (images, sizes, steps, tables, views, first, size, instructions?): see src/data/native-renderer.ts. */
void renderViews(const Napi::CallbackInfo& info) {
  const auto images = info[0].As<Napi::Array>();
  const auto sizes = readSpan<const int32_t>(info[1], napi_int32_array, "The sizes");
  const auto numbers = readSpan<const double>(info[2], napi_float64_array, "The steps");
  const auto first = static_cast<size_t>(info[5].As<Napi::Number>().Int64Value());
  const Output output = readOutput(info[4].As<Napi::Array>(), info[3], info[6].As<Napi::Number>().Int32Value());
  if (sizes.length < size_t{2} * images.Length()) throw std::invalid_argument("There are too few sizes.");
  StepReader steps(numbers.data, numbers.length);
  Workspace room(readKernels(info[7]));
  for (uint32_t i = 0; i < images.Length(); i++) {
    const View image = readImage(images.Get(i), sizes.data + 2 * i);
    for (size_t view = 0; view < output.views.size(); view++) {
      const View made = runSteps(image, steps, room);
      if (made.width != output.size || made.height != output.size) {
        throw std::invalid_argument("The steps make another size.");
      }
      normalise(made, output.tables.data, output.at(view, first + i));
    }
  }
}

Napi::Value callRenderViews(const Napi::CallbackInfo& info) {
  try {
    renderViews(info);
    return info.Env().Undefined();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

}  // namespace
}  // namespace mocolab::image

Napi::Object InitialiseImageAddon(Napi::Env env, Napi::Object exports) {
  exports.Set("renderViews", Napi::Function::New(env, mocolab::image::callRenderViews, "renderViews"));
  return exports;
}

NODE_API_MODULE(mocolab_images, InitialiseImageAddon)
