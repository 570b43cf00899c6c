// Operations that read or write at places that a tensor holds. ATen's own checks are not relied upon:
// some of its versions wrap negative places around.

#include "dtypes.h"
#include "ops.h"

namespace mocolab {
namespace {

/** Throws for a place outside [0, size). On CUDA the device checks, because a look would wait for it. */
void checkIndices(const at::Tensor& indices, int64_t size) {
  if (indices.numel() == 0 || !indices.is_cpu()) return;
  const auto lowest = indices.min().item<int64_t>(), highest = indices.max().item<int64_t>();
  if (lowest >= 0 && highest < size) return;
  const int64_t wrong = lowest < 0 ? lowest : highest;
  throw std::out_of_range("the index " + std::to_string(wrong) + " is not in [0, " + std::to_string(size) + ")");
}

/** Rows of places [N, R] in a tensor whose first R sizes are `sizes` -> places in it as one list [N]. */
at::Tensor flattenIndices(const at::Tensor& indices, const std::vector<int64_t>& sizes) {
  const at::Tensor rows = indices.to(at::kLong);
  at::Tensor flat = at::zeros({rows.size(0)}, rows.options());
  for (size_t i = 0; i < sizes.size(); i++) {
    const at::Tensor column = rows.select(1, static_cast<int64_t>(i));
    checkIndices(column, sizes[i]);
    flat = flat * sizes[i] + column;
  }
  return flat;
}

}  // namespace

/** x, indices, [batch, outer, size, inner, count], shape of the result. */
at::Tensor GatherV2(const Args& args) {
  const auto sizes = args.integers(2);
  const int64_t batch = sizes[0], outer = sizes[1], size = sizes[2], inner = sizes[3], count = sizes[4];
  const auto x = args.tensor(0).reshape({batch, outer, size, inner});
  const auto indices = args.tensor(1).to(at::kLong).reshape({batch, count});
  checkIndices(indices, size);
  const at::Tensor found =
      batch == 1 ? x.select(0, 0).index_select(1, indices.select(0, 0))
                 : x.gather(2, indices.reshape({batch, 1, count, 1}).expand({batch, outer, count, inner}));
  return found.reshape(args.integers(3));
}

/** x [sizes..., inner], indices [N, R], sizes [R], inner, shape of the result. */
at::Tensor GatherNd(const Args& args) {
  const auto sizes = args.integers(2);
  const auto flat = flattenIndices(args.tensor(1), sizes);
  return args.tensor(0).reshape({-1, args.integer(3)}).index_select(0, flat).reshape(args.integers(4));
}

/** indices [N, R], updates [N, inner], sizes [R], inner, shape: what meets at one place is added. */
at::Tensor ScatterNd(const Args& args) {
  const at::Tensor& updates = args.tensor(1);
  const auto flat = flattenIndices(args.tensor(0), args.integers(2));
  const at::Tensor sums = at::zeros(args.integers(4), updates.options());
  if (updates.numel() > 0) sums.view({-1, args.integer(3)}).index_add_(0, flat, updates.reshape({flat.size(0), -1}));
  return sums;
}

/** x, indices [N, R], updates [N, inner], sizes [R], inner: a copy of x, overwritten at the places. */
at::Tensor TensorScatterUpdate(const Args& args) {
  const auto flat = flattenIndices(args.tensor(1), args.integers(3));
  const at::Tensor written = args.tensor(0).contiguous().clone();
  written.view({-1, args.integer(4)}).index_copy_(0, flat, args.tensor(2).reshape({flat.size(0), -1}));
  return written;
}

/** indices [N, R], values [N] or [], default, shape. */
at::Tensor SparseToDense(const Args& args) {
  const auto shape = args.integers(3);
  const auto flat = flattenIndices(args.tensor(0), shape);
  const at::Tensor dense = args.tensor(2).expand(shape).contiguous().clone();
  dense.view({-1}).index_copy_(0, flat, args.tensor(1).expand({flat.size(0)}).contiguous());
  return dense;
}

/** x [outer, N, inner], segment of each of N, number of segments, shape. Segments below 0 are left out. */
at::Tensor UnsortedSegmentSum(const Args& args) {
  store().expectNoRecording();
  const auto segments = args.tensor(1).to(at::kLong);
  const auto kept = segments.ge(0).nonzero().squeeze(1);
  const auto ids = segments.index_select(0, kept);
  const int64_t count = args.integer(2);
  checkIndices(ids, count);
  const at::Tensor x = args.tensor(0).index_select(1, kept);
  const at::Tensor sums = at::zeros({x.size(0), count, x.size(2)}, x.options());
  return sums.index_add_(1, ids, x).reshape(args.integers(3));
}

/** x of integers, weights or none, size, whether only presence counts. Values from `size` on are left out. */
at::Tensor Bincount(const Args& args) {
  const at::Tensor& x = args.tensor(0);  // [B, N]
  const int64_t size = args.integer(2);
  const bool weighted = args.tensor(1).numel() > 0;
  checkIndices(x, std::numeric_limits<int32_t>::max());
  const auto inside = x.lt(size);
  const at::Tensor ones = at::ones(x.sizes(), args.tensor(1).options());
  const at::Tensor weights = (weighted ? args.tensor(1).reshape(x.sizes()) : ones) * inside;
  const at::Tensor bins = at::zeros({x.size(0), size}, weights.options());
  if (size == 0) return bins;
  bins.scatter_add_(1, at::where(inside, x, at::zeros({}, x.options())).to(at::kLong), weights);
  return args.flag(3) ? bins.ne(0).to(bins.scalar_type()) : bins;
}

}  // namespace mocolab
