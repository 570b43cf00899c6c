import { scatter_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { expectOneType } from '../checks.ts';
import { withRows } from '../indices.ts';
import type { TorchKernel } from '../kernel.ts';

/** The default everywhere but at the given places. */
export const sparseToDense: TorchKernel = {
  kernelName: 'SparseToDense',
  run: ({ inputs, attrs, backend }) => {
    const { sparseIndices, sparseValues, defaultValue } = inputs as { [name: string]: TensorInfo };
    const { outputShape } = attrs as { outputShape: number[] };
    expectOneType([sparseValues!, defaultValue!]);
    expectPlaces(sparseIndices!, sparseValues!, outputShape);
    const { sliceRank } = scatter_util.calculateShapes(
      sparseValues as never,
      sparseIndices as never,
      outputShape,
    );
    const handle = withRows(backend, sparseIndices!, sliceRank, (rows) =>
      backend.addon.SparseToDense(
        rows,
        backend.handleOf(sparseValues!),
        backend.handleOf(defaultValue!),
        outputShape,
      ),
    );
    return backend.adopt(handle, outputShape, sparseValues!.dtype);
  },
};

/** Places are [N, R], [N] of a vector, or one alone; there is a value for each, or one for all. */
function expectPlaces(places: TensorInfo, values: TensorInfo, shape: readonly number[]): void {
  const rank = places.shape.length < 2 ? 1 : places.shape[1];
  const count = places.shape[0] ?? 1;
  if (places.shape.length > 2 || rank !== shape.length)
    throw new Error(`places of shape [${places.shape}] are none of a tensor [${shape}]`);
  if (values.shape.length > 0 && values.shape[0] !== count)
    throw new Error(`there are ${count} places and ${values.shape[0]} values`);
}
