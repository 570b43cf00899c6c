// Renders a file of torch.save's zip format, which torch.load reads with weights_only=True. Each tensor has
// a storage of its own; its numbers are read when their turn comes.

import { dtypes, getDtype } from '../dtypes.ts';
import { describeCall, describeTuple, type PicklePart, renderPickle } from '../pickle/pickle-writer.ts';
import { PyGlobal, PyOrderedDict, PyTuple } from '../pickle/python-values.ts';
import { SEAL_BYTES, seal } from '../seal.ts';
import { isStoredTensor } from '../state-dict.ts';
import { countElements, type StoredTensor } from '../stored-tensor.ts';
import { renderZip, type ZipSource } from '../zip/zip-writer.ts';
import { TorchDevice, TorchSize } from './torch-values.ts';

/** Folder of the archive; PyTorch reads any. */
const ROOT = 'archive';
/** What torch.save has written since PyTorch 1.6. */
const FORMAT_VERSION = '3\n';
const BINPERSID = Uint8Array.of(0x51);

const storageClasses = new Map(dtypes.map(({ name, storage }) => [name, new PyGlobal(`torch.${storage}`)]));

/** The bytes of a file with this value: plain values (see pickle/python-values.ts) and tensors. */
export function renderTorchFile(value: unknown): Generator<Uint8Array, void, undefined> {
  return renderEntries(value, 0);
}

/** The same with a checksum over all of it; see seal.ts. */
export function renderSealedTorchFile(value: unknown): Generator<Uint8Array, void, undefined> {
  return seal(renderEntries(value, SEAL_BYTES));
}

function* renderEntries(value: unknown, commentBytes: number): Generator<Uint8Array, void, undefined> {
  const tensors: StoredTensor[] = [];
  const reduce = (found: unknown) => {
    if (isStoredTensor(found)) return describeTensor(found, tensors.push(found) - 1);
    if (found instanceof TorchSize) return describeCall('torch.Size', describeTuple(found.items));
    if (found instanceof TorchDevice) return describeCall('torch.device', [{ value: found.name }]);
    return undefined;
  };
  const pickle = Buffer.concat([...renderPickle(value, { protocol: 2, reduce })]);
  yield* renderZip(listEntries(pickle, tensors), { commentBytes });
}

function* listEntries(pickle: Buffer, tensors: readonly StoredTensor[]): Generator<ZipSource> {
  yield { name: `${ROOT}/data.pkl`, read: () => pickle };
  yield { name: `${ROOT}/byteorder`, read: () => Buffer.from('little') };
  for (const [i, tensor] of tensors.entries()) yield { name: `${ROOT}/data/${i}`, read: () => tensor.read() };
  yield { name: `${ROOT}/version`, read: () => Buffer.from(FORMAT_VERSION) };
}

/** torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks) */
function describeTensor({ dtype, shape }: StoredTensor, key: number): PicklePart[] {
  const elements = BigInt(countElements(shape));
  const storage = new PyTuple([
    'storage',
    storageClasses.get(getDtype(dtype).name),
    String(key),
    'cpu',
    elements,
  ]);
  return describeCall('torch._utils._rebuild_tensor_v2', [
    { value: storage },
    BINPERSID,
    { value: 0n },
    { value: new PyTuple(shape.map(BigInt)) },
    { value: new PyTuple(computeStrides(shape).map(BigInt)) },
    { value: false },
    { value: new PyOrderedDict() },
  ]);
}

/** Of a tensor that lies row by row. As PyTorch counts them, an empty axis counts as one. */
function computeStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1]! * Math.max(1, shape[axis + 1]!);
  }
  return strides;
}
