// Operations that move numbers without changing them, and those that make new ones.

#include "device.h"
#include "dtypes.h"
#include "ops.h"

namespace mocolab {

at::Tensor Reshape(const Args& args) { return args.tensor(0).reshape(args.integers(1)); }
at::Tensor Transpose(const Args& args) { return args.tensor(0).permute(args.integers(1)).contiguous(); }

at::Tensor Copy(const Args& args) { return args.tensor(0).clone(); }

at::Tensor Slice(const Args& args) {
  at::Tensor part = args.tensor(0);
  const auto begin = args.integers(1);
  const auto size = args.integers(2);
  for (size_t axis = 0; axis < begin.size(); axis++) {
    part = part.narrow(static_cast<int64_t>(axis), begin[axis], size[axis]);
  }
  return part.contiguous();
}

/** x, begin, size, strides: of each axis the first place, how many, and the step, which may be negative. */
at::Tensor StridedSlice(const Args& args) {
  at::Tensor part = args.tensor(0);
  const auto begin = args.integers(1), size = args.integers(2), strides = args.integers(3);
  for (size_t i = 0; i < begin.size(); i++) {
    const auto places = at::arange(size[i], at::dtype(at::kLong).device(part.device())) * strides[i] + begin[i];
    part = part.index_select(static_cast<int64_t>(i), places);
  }
  return part;
}

/** `around`: before and after of each axis, the first axis first. ATen wants the last first. */
at::Tensor PadV2(const Args& args) {
  const at::Tensor& x = args.tensor(0);
  const auto around = args.integers(1);
  if (x.numel() == 0) {  // ATen refuses axes without a number.
    auto shape = x.sizes().vec();
    for (size_t axis = 0; axis < shape.size(); axis++) shape[axis] += around[2 * axis] + around[2 * axis + 1];
    return at::full(shape, args.number(2), x.options());
  }
  std::vector<int64_t> reversed;
  for (size_t axis = around.size() / 2; axis-- > 0;) {
    reversed.push_back(around[2 * axis]);
    reversed.push_back(around[2 * axis + 1]);
  }
  return at::constant_pad_nd(x, reversed, args.number(2));
}

/** x, around, whether the edge itself is mirrored too ('symmetric') or not ('reflect'). */
at::Tensor MirrorPad(const Args& args) {
  at::Tensor padded = args.tensor(0);
  const auto around = args.integers(1);
  const int64_t edge = args.flag(2) ? 1 : 0;
  for (size_t axis = 0; axis < around.size() / 2; axis++) {
    const int64_t size = padded.size(static_cast<int64_t>(axis)), before = around[2 * axis];
    std::vector<int64_t> places(size + before + around[2 * axis + 1]);
    for (size_t i = 0; i < places.size(); i++) {
      const int64_t at = static_cast<int64_t>(i) - before;
      places[i] = at < 0 ? -at - edge : at >= size ? 2 * (size - 1) - at + edge : at;
    }
    const auto index = at::tensor(places, at::dtype(at::kLong)).to(padded.device());
    padded = padded.index_select(static_cast<int64_t>(axis), index);
  }
  return padded;
}

at::Tensor Concat(const Args& args) { return at::cat(args.tensors(0), args.integer(1)); }
at::Tensor Pack(const Args& args) { return at::stack(args.tensors(0), args.integer(1)); }

Tensors Unpack(const Args& args) {
  Tensors parts = at::unbind(args.tensor(0), args.integer(1));
  for (at::Tensor& part : parts) part = part.contiguous();
  return parts;
}

at::Tensor Tile(const Args& args) { return args.tensor(0).repeat(args.integers(1)); }
at::Tensor Reverse(const Args& args) { return args.tensor(0).flip(args.integers(1)).contiguous(); }

/** x, around, blocks [...], permutation, shape: TensorFlow's definition, whose shapes tfjs works out. */
at::Tensor SpaceToBatchND(const Args& args) {
  const at::Tensor padded = PadV2(args);
  return padded.reshape(args.integers(3)).permute(args.integers(4)).reshape(args.integers(5));
}

/** x, blocks [...], permutation, shape, then begin and size of the crop. */
at::Tensor BatchToSpaceND(const Args& args) {
  at::Tensor spread =
      args.tensor(0).reshape(args.integers(1)).permute(args.integers(2)).reshape(args.integers(3));
  const auto begin = args.integers(4), size = args.integers(5);
  for (size_t axis = 0; axis < begin.size(); axis++) {
    spread = spread.narrow(static_cast<int64_t>(axis), begin[axis], size[axis]);
  }
  return spread.contiguous();
}

/** x, blocks [...], permutation, shape. */
at::Tensor DepthToSpace(const Args& args) {
  return args.tensor(0).reshape(args.integers(1)).permute(args.integers(2)).reshape(args.integers(3));
}

/** A vector on the diagonal of zeros. */
at::Tensor Diag(const Args& args) { return at::diag(args.tensor(0).reshape({-1})); }

at::Tensor Cast(const Args& args) {
  const at::Tensor& x = args.tensor(0);
  const at::ScalarType type = scalarType(args.integer(1));
  return (x.is_complex() && type != at::kComplexFloat ? at::real(x) : x).to(type).contiguous();
}

at::Tensor Fill(const Args& args) {
  return at::full(args.integers(0), args.number(1), on(scalarType(args.integer(2))));
}

/** start, step, count, type. */
at::Tensor Range(const Args& args) {
  const auto count = at::arange(args.integer(2), on(at::kDouble));
  return (count * args.number(1) + args.number(0)).to(scalarType(args.integer(3)));
}

at::Tensor LinSpace(const Args& args) {
  return at::linspace(args.number(0), args.number(1), args.integer(2), on(at::kFloat));
}

/** indices, depth, on, off, type. */
at::Tensor OneHot(const Args& args) {
  const auto classes = at::arange(args.integer(1), at::dtype(at::kInt).device(args.tensor(0).device()));
  const auto hit = args.tensor(0).unsqueeze(-1).eq(classes);
  const auto type = scalarType(args.integer(4));
  return at::where(hit, at::full({}, args.number(2), on(type)), at::full({}, args.number(3), on(type)));
}

}  // namespace mocolab
