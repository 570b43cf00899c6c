import { scatter_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { withRows } from '../indices.ts';
import type { TorchKernel } from '../kernel.ts';

/** The default everywhere but at the given places. */
export const sparseToDense: TorchKernel = {
  kernelName: 'SparseToDense',
  run: ({ inputs, attrs, backend }) => {
    const { sparseIndices, sparseValues, defaultValue } = inputs as { [name: string]: TensorInfo };
    const { outputShape } = attrs as { outputShape: number[] };
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
