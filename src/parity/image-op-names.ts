// The operations that make_augment_golden.py names, such as `resized_crop up top=10 left=12 height=9
// width=14 size=32` or `jitter hue 0.05 then contrast 1.3`, and our steps for each.

import { findNearest } from '../core/nearest.ts';
import type { ImageSize, ImageStep, ViewPlan } from '../data/image-step.ts';
import { locateCenter } from '../data/ops/crop.ts';
import { sizeByShortSide } from '../data/ops/resize.ts';

/** What an operation does to an image of a size. */
type NamedOp = (size: ImageSize) => readonly ImageStep[];

const NUMBER = '(-?\\d+(?:\\.\\d+)?(?:e-?\\d+)?)';

function color(kind: 'brightness' | 'contrast' | 'saturation' | 'hue') {
  return (factor?: number): NamedOp =>
    () => [{ kind, factor: factor! }];
}

/** A form of name, with `#` for each number, and what it means. */
const forms: readonly (readonly [string, (...numbers: number[]) => NamedOp])[] = [
  ['brightness #', color('brightness')],
  ['contrast #', color('contrast')],
  ['saturation #', color('saturation')],
  ['hue #', color('hue')],
  ['grayscale', () => () => [{ kind: 'grayscale' }]],
  ['gaussian_blur sigma=#', (sigma) => () => [{ kind: 'blur', sigma: sigma! }]],
  ['hflip', () => () => [{ kind: 'flip' }]],
  [
    'resized_crop \\S+ top=# left=# height=# width=# size=#',
    (top, left, height, width, size) => () => [
      { kind: 'crop', box: { top: top!, left: left!, height: height!, width: width! } },
      { kind: 'resize', width: size!, height: size! },
    ],
  ],
  [
    'resize short side # then center crop #',
    (short, size) => (given) => {
      const resized = sizeByShortSide(given, short!);
      return [
        { kind: 'resize', ...resized },
        { kind: 'crop', box: locateCenter(resized, size!) },
      ];
    },
  ],
];

/** The first words of all names. */
const OP_WORDS = [...forms.map(([form]) => form.split(' ')[0]!), 'jitter'];

/** Plans the operation of a name for an image; undefined where we know none. */
export function planNamedOp(name: string, size: ImageSize): ViewPlan | undefined {
  const steps = findNamedOp(name)?.(size);
  return steps && { ...steps.reduce(sizeAfter, size), steps };
}

function findNamedOp(name: string): NamedOp | undefined {
  for (const [form, create] of forms) {
    const match = new RegExp(`^${form.replaceAll('#', NUMBER)}$`).exec(name);
    if (match) return create(...match.slice(1).map(Number));
  }
  if (!name.startsWith('jitter ')) return undefined;
  const parts = name.slice('jitter '.length).split(' then ').map(findNamedOp);
  // Colours leave the size as it is.
  return parts.every((part) => part !== undefined)
    ? (size) => parts.flatMap((part) => part(size))
    : undefined;
}

function sizeAfter({ width, height }: ImageSize, step: ImageStep): ImageSize {
  if (step.kind === 'crop') return { width: step.box.width, height: step.box.height };
  return step.kind === 'resize' ? { width: step.width, height: step.height } : { width, height };
}

/** What to write instead of a name that is not known. */
export function suggestOp(name: string): string {
  const nearest = findNearest(name.split(' ')[0] ?? '', OP_WORDS);
  return nearest
    ? `Did you mean ${nearest}? Its numbers must follow as make_augment_golden.py writes them.`
    : `Known: ${OP_WORDS.join(', ')}.`;
}
