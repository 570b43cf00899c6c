// Detectron2's form of a backbone: a pickle of numpy arrays under its own names, as
// detection/convert-pretrain-to-detectron2.py of facebookresearch/moco writes it.

import { ProblemError } from '../../core/problem.ts';
import { getDtype } from '../dtypes.ts';
import {
  describeCall,
  describeTuple,
  type PicklePart,
  renderGlobal,
  renderPickle,
} from '../pickle/pickle-writer.ts';
import { PyBytes } from '../pickle/python-values.ts';
import { isStoredTensor } from '../state-dict.ts';
import { countBytes, type StoredTensor, type StoredTensors } from '../stored-tensor.ts';

const BUILD = Uint8Array.of(0x62);

/** torchvision's name as Detectron2's: layer1.0.bn2.weight -> res2.0.conv2.norm.weight. */
export function nameForDetectron(name: string): string {
  return (name.includes('layer') ? name : `stem.${name}`)
    .replace(/layer([1-4])/g, (_, stage) => `res${Number(stage) + 1}`)
    .replace(/bn([123])/g, 'conv$1.norm')
    .replace('downsample.0', 'shortcut')
    .replace('downsample.1', 'shortcut.norm');
}

/** The bytes of the file. `tensors` by torchvision's names. Throws CONVERT_DTYPE. */
export function renderDetectron(tensors: StoredTensors): Generator<Uint8Array, void, undefined> {
  for (const [name, { dtype }] of tensors) {
    if (getDtype(dtype).numpy === undefined) throw new ProblemError(reportDtype(name, dtype));
  }
  const model = new Map([...tensors].map(([name, tensor]) => [nameForDetectron(name), tensor]));
  const content = new Map<string, unknown>([
    ['model', model],
    ['__author__', 'MOCO'],
    ['matching_heuristics', true],
  ]);
  return renderPickle(content, {
    protocol: 4,
    reduce: (value) => (isStoredTensor(value) ? describeArray(value) : undefined),
  });
}

/** numpy.ndarray.__reduce__, under the name that numpy 1 and 2 both know. */
function describeArray(tensor: StoredTensor): PicklePart[] {
  const shape = describeTuple(tensor.shape.map(BigInt));
  const bytes = new PyBytes(countBytes(tensor), () => tensor.read());
  const [mark, tuple] = [Uint8Array.of(0x28), Uint8Array.of(0x74)];
  return [
    ...describeCall('numpy.core.multiarray._reconstruct', [
      renderGlobal('numpy.ndarray'),
      ...describeTuple([0n]),
      { value: new PyBytes(1, () => Uint8Array.of(0x62)) },
    ]),
    mark,
    { value: 1n },
    ...shape,
    ...describeDtype(tensor),
    { value: false },
    { value: bytes },
    tuple,
    BUILD,
  ];
}

function describeDtype({ dtype }: StoredTensor): PicklePart[] {
  const { bytes, numpy } = getDtype(dtype);
  const order = bytes === 1 ? '|' : '<';
  return [
    ...describeCall('numpy.dtype', [{ value: numpy }, { value: false }, { value: true }]),
    ...describeTuple([3n, order, null, null, null, -1n, -1n, 0n]),
    BUILD,
  ];
}

function reportDtype(name: string, dtype: string) {
  return {
    code: 'CONVERT_DTYPE',
    message: `Expected formats that numpy has but ${name} is ${dtype}.`,
    hint: 'Convert it to float32 before.',
  };
}
