// Where others keep an encoder: the names of its tensors in the checkpoints of each project, and how
// they become torchvision's. One table for `moco inspect`, `moco convert` and the extract stage.
// Pure: names in, names out. Where in a file the state dict lies is state-dict.ts's to know.

/** A project's way to name an encoder, as people call it. */
export type LayoutName =
  | 'mocolab'
  | 'facebookresearch/moco'
  | 'facebookresearch/moco-v3'
  | 'MMSelfSup'
  | 'VISSL'
  | 'lightly'
  | 'solo-learn'
  | 'Detectron2'
  | 'torchvision';

export interface CheckpointLayout {
  readonly name: LayoutName;
  /** What the encoder's names begin with; of several that fit, the first counts. */
  readonly prefixes: readonly string[];
  /** Name of the first convolution's filter below the prefix. */
  readonly stem: string;
  /** Something else that must be there: a key beside the state dict, or how another tensor's name begins. */
  readonly needs?: { readonly keys?: readonly string[]; readonly tensors?: readonly string[] };
  /** From a name below the prefix to torchvision's. Absent: they are the same. */
  readonly rename?: (name: string, all: ReadonlySet<string>) => string;
}

const MOCO_PREFIXES = ['module.encoder_q.', 'encoder_q.'];
const PLAIN_PREFIXES = ['', 'module.', 'model.', 'module.model.'];
const BACKBONE_PREFIXES = ['backbone.', 'module.backbone.', 'model.backbone.'];

/** The first that fits counts, so that the more special stand before the more general. */
export const checkpointLayouts: readonly CheckpointLayout[] = [
  {
    name: 'mocolab',
    prefixes: [...MOCO_PREFIXES, ...PLAIN_PREFIXES],
    stem: 'conv1.weight',
    needs: { keys: ['mocolab'] },
  },
  { name: 'facebookresearch/moco', prefixes: MOCO_PREFIXES, stem: 'conv1.weight' },
  {
    name: 'facebookresearch/moco-v3',
    prefixes: ['module.base_encoder.', 'base_encoder.'],
    stem: 'conv1.weight',
  },
  {
    name: 'MMSelfSup',
    prefixes: [...BACKBONE_PREFIXES, 'encoder_q.0.', ...PLAIN_PREFIXES],
    stem: 'conv1.weight',
    needs: { keys: ['meta'], tensors: ['neck.', 'encoder_q.0.'] },
  },
  {
    name: 'VISSL',
    prefixes: ['_feature_blocks.', 'trunk._feature_blocks.', 'trunk.base_model._feature_blocks.'],
    stem: 'conv1.weight',
  },
  {
    name: 'lightly',
    prefixes: [...BACKBONE_PREFIXES, 'model.', 'resnet_moco.backbone.'],
    stem: '0.weight',
    rename: renameNumbered,
  },
  {
    name: 'solo-learn',
    prefixes: [...BACKBONE_PREFIXES, 'encoder.', 'module.encoder.', 'model.encoder.'],
    stem: 'conv1.weight',
  },
  {
    name: 'Detectron2',
    prefixes: ['', 'backbone.bottom_up.'],
    stem: 'stem.conv1.weight',
    rename: renameDetectron,
  },
  { name: 'torchvision', prefixes: PLAIN_PREFIXES, stem: 'conv1.weight' },
];

/** An encoder that was found among the names of a state dict. */
export interface FoundLayout {
  readonly layout: LayoutName;
  readonly prefix: string;
  /** Name in the state dict -> torchvision's name, in the file's order. The head, where there is one, is `fc.*`. */
  readonly names: ReadonlyMap<string, string>;
}

/**
 * Finds the encoder among the names of a state dict.
 *
 * @param names   of its tensors
 * @param beside  keys of the file beside the state dict: `meta`, `mocolab`, ...
 * @returns undefined where no layout fits
 */
export function findLayout(names: Iterable<string>, beside: Iterable<string> = []): FoundLayout | undefined {
  const all = [...names];
  const known = new Set(all);
  const keys = new Set(beside);
  for (const layout of checkpointLayouts) {
    const prefix = layout.prefixes.find((each) => known.has(each + layout.stem));
    if (prefix === undefined || !meetsNeeds(layout, all, keys)) continue;
    return { layout: layout.name, prefix, names: renameAll(layout, all, prefix) };
  }
  return undefined;
}

function meetsNeeds(
  { needs }: CheckpointLayout,
  names: readonly string[],
  keys: ReadonlySet<string>,
): boolean {
  if (!needs) return true;
  return (
    (needs.keys ?? []).some((key) => keys.has(key)) ||
    (needs.tensors ?? []).some((start) => names.some((name) => name.startsWith(start)))
  );
}

function renameAll(
  { rename }: CheckpointLayout,
  names: readonly string[],
  prefix: string,
): Map<string, string> {
  const inside = names.filter((name) => name.startsWith(prefix));
  const bare = new Set(inside.map((name) => name.slice(prefix.length)));
  const entries = inside.map((name): [string, string] => {
    const own = name.slice(prefix.length);
    return [name, rename ? rename(own, bare) : own];
  });
  // Below an empty prefix lies everything: what is no part of a ResNet is left out.
  return new Map(entries.filter(([, name]) => /^(conv1|bn1|layer[1-4]|fc)\./.test(name)));
}

/** lightly keeps a backbone as nn.Sequential of a ResNet's children: torchvision's, or its own without pooling. */
function renameNumbered(name: string, all: ReadonlySet<string>): string {
  const first = all.has('4.0.conv1.weight') && !all.has('2.0.conv1.weight') ? 4 : 2;
  const [index = '', ...rest] = name.split('.');
  const child = ['conv1', 'bn1'][Number(index)] ?? `layer${Number(index) - first + 1}`;
  return [child, ...rest].join('.').replace('.shortcut.', '.downsample.');
}

/** The inverse of what facebookresearch/moco's convert-pretrain-to-detectron2.py does to names. */
function renameDetectron(name: string): string {
  return name
    .replace(/^stem\./, '')
    .replace(/^res([2-5])\./, (_, stage) => `layer${Number(stage) - 1}.`)
    .replace(/conv([123])\.norm\./, 'bn$1.')
    .replace('shortcut.norm.', 'downsample.1.')
    .replace('shortcut.', 'downsample.0.');
}
