// Non-maximum suppression: few numbers and much branching, so tfjs's own implementation on the host.

import * as tf from '@tensorflow/tfjs-core';
import { expectTensor } from './checks.ts';
import type { TorchKernel } from './kernel.ts';

interface SuppressionAttrs {
  readonly maxOutputSize: number;
  readonly iouThreshold: number;
  readonly scoreThreshold: number;
  readonly padToMaxOutputSize: boolean;
  readonly softNmsSigma: number;
}

/** boxes [B, 4], scores [B] -> chosen boxes; V4 also says how many, V5 also with which scores. */
export function suppressionKernel(kernelName: `NonMaxSuppressionV${3 | 4 | 5}`): TorchKernel {
  return {
    kernelName,
    run: ({ inputs, attrs, backend }) => {
      expectTensor('boxes', inputs.boxes!, [inputs.scores!.shape[0]!, 4]);
      const read = ({ dataId }: tf.TensorInfo) => backend.readSync(dataId) as Float32Array;
      const [boxes, scores] = [read(inputs.boxes!), read(inputs.scores!)];
      const { maxOutputSize, iouThreshold, scoreThreshold, padToMaxOutputSize, softNmsSigma } =
        attrs as unknown as SuppressionAttrs;
      const common = [boxes, scores, maxOutputSize, iouThreshold, scoreThreshold] as const;
      const give = (values: number[] | Float32Array | Int32Array, dtype: 'int32' | 'float32') => {
        const shape = [values.length];
        return { dataId: backend.write(values as Float32Array, shape, dtype), shape, dtype };
      };
      if (kernelName === 'NonMaxSuppressionV3')
        return give(tf.kernel_impls.nonMaxSuppressionV3Impl(...common).selectedIndices, 'int32');
      if (kernelName === 'NonMaxSuppressionV4') {
        const found = tf.kernel_impls.nonMaxSuppressionV4Impl(...common, padToMaxOutputSize);
        return [
          give(found.selectedIndices, 'int32'),
          {
            dataId: backend.write(Int32Array.of(found.validOutputs!), [], 'int32'),
            shape: [],
            dtype: 'int32',
          },
        ];
      }
      const found = tf.kernel_impls.nonMaxSuppressionV5Impl(...common, softNmsSigma);
      return [give(found.selectedIndices, 'int32'), give(found.selectedScores!, 'float32')];
    },
  };
}
