import { backend_util } from '@tensorflow/tfjs-core';
import { expectOneType, expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

export const einsum: TorchKernel = {
  kernelName: 'Einsum',
  run: ({ inputs, attrs, backend }) => {
    const operands = Object.values(inputs);
    expectOneType(operands);
    const { equation } = attrs as { equation: string };
    const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(equation, operands.length);
    operands.forEach(({ shape }, i) => {
      expectWhole(`the number of axes of operand ${i}`, shape.length, idDims[i]!.length, idDims[i]!.length);
    });
    backend_util.checkEinsumDimSizes(allDims.length, idDims, operands as never);
    // The first dimensions are those of the result, in its order.
    const shape = allDims.slice(0, allDims.length - summedDims.length).map((_, dimension) => {
      const at = idDims.findIndex((ids) => ids.includes(dimension));
      return operands[at]!.shape[idDims[at]!.indexOf(dimension)]!;
    });
    const handles = operands.map((operand) => backend.handleOf(operand));
    return backend.adopt(backend.addon.Einsum(equation, handles), shape, operands[0]!.dtype);
  },
};
