// Where recipes meet the linear rule: `lr: auto` applies it; else a batch of another size gets a warning, never
// another rate.

import type { Problem } from '../core/problem.ts';
import { toLineColumn } from '../core/source-location.ts';
import { type ChosenRate, PAPER_RATES, scaleRate } from './linear-rule.ts';
import { getAt, type Located, type LocatedMap, setAt, whereOf } from './located.ts';
import { locate } from './validate.ts';

/** A recipe whose learning rate is a number. */
export interface RatedRecipe {
  readonly recipe: LocatedMap;
  /** How `auto` was applied, for the record; absent where the rate is the recipe's own. */
  readonly lrRule?: string;
  readonly warnings: readonly Problem[];
}

/**
 * Applies the linear rule to a recipe, or says what it would give.
 *
 * @param layers the recipe as it grew: what it extends, as its file says, with the flags, as a cell; the last
 *   one counts. The rate was chosen for the batch of the layer that brought it.
 */
export function rateRecipe(
  layers: readonly LocatedMap[],
  { kind, prefix }: { readonly kind: 'pretrain' | 'lincls'; readonly prefix: string },
): RatedRecipe {
  const recipe = layers.at(-1)!;
  const chosen = findChosenRate(layers, PAPER_RATES[kind]);
  const batchSize = readNumber(recipe, ['batchSize']) ?? PAPER_RATES[kind].batchSize;
  const scaled = scaleRate(chosen, batchSize);
  const node = getAt(recipe, ['optimizer', 'lr']);
  if (node?.kind === 'scalar' && node.value === 'auto') {
    const lrRule = `auto: ${chosen.lr} at batch ${chosen.batchSize} is ${scaled} at ${batchSize}`;
    const origin = { kind: 'flag', text: `${lrRule}${renderPlace(node)}` } as const;
    const rated = setAt(recipe, ['optimizer', 'lr'], { kind: 'scalar', value: scaled, origin });
    return { recipe: rated as LocatedMap, lrRule, warnings: [] };
  }
  const isWritten = layers.some((layer) => readNumber(layer, ['optimizer', 'lr']) !== undefined);
  if (chosen.batchSize === batchSize || !isWritten || !isTrained(recipe)) return { recipe, warnings: [] };
  const warning = reportUnscaled(chosen, { batchSize, scaled, prefix });
  return { recipe, warnings: [{ ...warning, ...locate(recipe, ['batchSize']) }] };
}

function findChosenRate(layers: readonly LocatedMap[], fallback: ChosenRate): ChosenRate {
  let [chosen, before]: [ChosenRate, Located | undefined] = [fallback, undefined];
  for (const layer of layers) {
    const node = getAt(layer, ['optimizer', 'lr']);
    const lr = readNumber(layer, ['optimizer', 'lr']);
    if (lr === undefined || node === before) continue;
    before = node;
    chosen = { lr, batchSize: readNumber(layer, ['batchSize']) ?? fallback.batchSize };
  }
  return chosen;
}

function readNumber(recipe: LocatedMap, path: readonly string[]): number | undefined {
  const node = getAt(recipe, path);
  return node?.kind === 'scalar' && typeof node.value === 'number' ? node.value : undefined;
}

/** False for `untrained` and `pretrained`, whose rate nobody uses. */
function isTrained(recipe: LocatedMap): boolean {
  const method = getAt(recipe, ['method']);
  return !(method?.kind === 'scalar' && (method.value === 'untrained' || method.value === 'pretrained'));
}

function renderPlace({ origin }: Located): string {
  if (origin.kind === 'flag') return ` (${origin.text})`;
  const where = whereOf(origin)!;
  return ` (${where.file.path}:${toLineColumn(where.file.text, where.offset).line})`;
}

function reportUnscaled(
  { lr, batchSize: chosenFor }: ChosenRate,
  { batchSize, scaled, prefix }: { batchSize: number; scaled: number; prefix: string },
): Problem {
  return {
    code: 'CONFIG_LR_UNSCALED',
    message: `Expected ${prefix}optimizer.lr to be chosen for batchSize ${batchSize} but ${lr} was chosen for ${chosenFor}; it stays ${lr}.`,
    hint: `The linear rule gives ${scaled}, as optimizer.lr: auto would. To keep ${lr} without this warning, write it where batchSize is written.`,
  };
}
