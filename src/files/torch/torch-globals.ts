// The names that a PyTorch checkpoint may refer to, and what each becomes. This list is the reader's whole
// power: none of these runs anything of the file's. PyTorch's own: torch/_weights_only_unpickler.py.

import { type DtypeName, dtypes } from '../dtypes.ts';
import { Misfit, PyGlobal, PyOrderedDict, PyTuple } from '../pickle/python-values.ts';
import { numpyGlobals } from './numpy-globals.ts';
import { TorchDevice, TorchSize, type TorchStorage, TorchTensor } from './torch-values.ts';

/** A class of storages, as persistent ids name it. */
export class StorageClass extends PyGlobal {
  readonly dtype: DtypeName;
  constructor(name: string, dtype: DtypeName) {
    super(name);
    this.dtype = dtype;
  }
}

/** True for what a persistent id became. */
export function isStorage(value: unknown): value is TorchStorage {
  return typeof value === 'object' && value !== null && 'location' in value && 'read' in value;
}

/** torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks[, metadata]) */
function rebuildTensor(args: readonly unknown[]): TorchTensor | Misfit | undefined {
  const [storage, offset, size, stride] = args;
  if (args.length < 4 || !isStorage(storage) || typeof offset !== 'bigint') return undefined;
  if (!isSizes(size) || !isSizes(stride)) return undefined;
  const tensor = new TorchTensor(storage, {
    offset: Number(offset),
    shape: size.items.map(Number),
    strides: stride.items.map(Number),
  });
  return tensor.flaw === undefined ? tensor : new Misfit(`the tensor ${tensor.flaw}`);
}

function isSizes(value: unknown): value is PyTuple & { readonly items: readonly bigint[] } {
  return value instanceof PyTuple && value.items.every((size) => typeof size === 'bigint');
}

function makeOrderedDict([items, ...rest]: readonly unknown[]): PyOrderedDict | undefined {
  if (rest.length > 0) return undefined;
  const dict = new PyOrderedDict();
  if (items === undefined) return dict;
  if (!Array.isArray(items)) return undefined;
  for (const item of items) {
    const pair = item instanceof PyTuple ? item.items : item;
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    dict.set(pair[0], pair[1]);
  }
  return dict;
}

const listed: readonly PyGlobal[] = [
  new PyGlobal('collections.OrderedDict', makeOrderedDict),
  new PyGlobal('torch._utils._rebuild_tensor', rebuildTensor),
  new PyGlobal('torch._utils._rebuild_tensor_v2', rebuildTensor),
  new PyGlobal('torch._utils._rebuild_parameter', ([data]) =>
    data instanceof TorchTensor ? data : undefined,
  ),
  new PyGlobal('torch.Size', ([sizes]) => (isSizes(sizes) ? new TorchSize(sizes.items) : undefined)),
  new PyGlobal('torch.device', ([type, index]) =>
    typeof type === 'string' ? new TorchDevice(index === undefined ? type : `${type}:${index}`) : undefined,
  ),
  ...dtypes.flatMap(({ name, storage }) => [
    new PyGlobal(`torch.${name}`),
    new StorageClass(`torch.${storage}`, name),
    new StorageClass(`torch.cuda.${storage}`, name),
  ]),
  ...numpyGlobals,
];

/** By `module.name`. Formats stand for themselves; the rest are classes and functions. */
export const torchGlobals: ReadonlyMap<string, PyGlobal> = new Map(listed.map((each) => [each.name, each]));
