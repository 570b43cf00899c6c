// From a command line of facebookresearch/moco to the recipe that says the same, in full: it needs no
// other file, and every setting of the script can be seen.

import { findNearest } from '../core/nearest.ts';
import { type Problem, ProblemError } from '../core/problem.ts';
import { type ArgValue, type ParsedArgs, parseArgs } from './parse-args.ts';
import { renderLincls, renderPretrain, type Settings } from './render-recipe.ts';
import { type Script, scripts } from './scripts.ts';

export interface Translation {
  /** Which schema it follows. */
  readonly kind: 'pretrain' | 'lincls';
  readonly yaml: string;
  /** Flags that have no counterpart, each with what there is instead. */
  readonly dropped: readonly string[];
}

/** Translates the words of a command. Throws TRANSLATE_* problems, all at once. */
export function translateWords(words: readonly string[]): Translation {
  const { script, at } = findScript(words);
  const parsed = parseArgs(script.flags, words.slice(at + 1));
  // A flag that is not known leaves its value among the positional words.
  const problems = parsed.problems.length > 0 ? parsed.problems : checkPositional(parsed.positional);
  if (problems.length > 0) throw new ProblemError(problems);
  const collected = collectSettings(script, parsed);
  const devices = countDevices(words.slice(0, at), parsed);
  if (devices !== undefined) collected.set('devices', devices);
  const { settings, unreached } = dropUnreached(collected);
  const dropped = [
    ...listEnvironment(words.slice(0, at)),
    ...listDropped(script, parsed),
    ...unreached.map((epoch) => `--schedule ${epoch} (training ends before it)`),
  ];
  const isPretrain = script.name === 'main_moco.py';
  const head = [
    `# Translated from: ${words.slice(at).map(quote).join(' ')}`,
    ...dropped.map((line) => `# No counterpart: ${line}`),
    '',
  ];
  const body = isPretrain ? renderPretrain(settings) : renderLincls(settings);
  return { kind: isPretrain ? 'pretrain' : 'lincls', yaml: [...head, ...body, ''].join('\n'), dropped };
}

function findScript(words: readonly string[]): { readonly script: Script; readonly at: number } {
  const bases = words.map((word) => word.slice(word.lastIndexOf('/') + 1));
  for (const [at, base] of bases.entries()) {
    // `python -m main_moco` has no suffix.
    const script = scripts.find(({ name }) => name === base || name === `${base}.py`);
    if (script) return { script, at };
  }
  throw new ProblemError(reportNoScript(bases));
}

function reportNoScript(bases: readonly string[]): Problem {
  const names = scripts.map(({ name }) => name);
  const other = bases.find((base) => base.endsWith('.py'));
  const nearest = other && findNearest(other, names);
  return {
    code: 'TRANSLATE_UNKNOWN_SCRIPT',
    message: `Expected a command that runs ${names.join(' or ')} but found ${other ?? 'neither'}.`,
    hint: nearest
      ? `Did you mean ${nearest}?`
      : 'For example: moco translate "python main_moco.py -a resnet50 --mlp --moco-t 0.2 --aug-plus --cos DIR".',
  };
}

function checkPositional(positional: readonly string[]): Problem[] {
  if (positional.length <= 1) return [];
  return [
    {
      code: 'TRANSLATE_EXTRA_WORDS',
      message: `Expected one data folder but found ${positional.map((word) => JSON.stringify(word)).join(', ')}.`,
      hint: 'Quote a folder whose name has spaces.',
    },
  ];
}

/** GPUs that the command names; undefined where it takes what the machine has. */
function countDevices(environment: readonly string[], { values }: ParsedArgs): number | undefined {
  if (values.has('--gpu')) return 1;
  const visible = findVisibleDevices(environment)?.split('=')[1];
  return visible ? visible.split(',').length : undefined;
}

function findVisibleDevices(words: readonly string[]): string | undefined {
  return words.find((word) => word.startsWith('CUDA_VISIBLE_DEVICES='));
}

function listEnvironment(words: readonly string[]): string[] {
  const visible = findVisibleDevices(words);
  return visible ? [`${visible} (moco run --devices cuda:I,J)`] : [];
}

function listDropped({ flags }: Script, { values }: ParsedArgs): string[] {
  return flags
    .filter(({ names, setting }) => setting === undefined && values.has(names[0]!))
    .map(({ names, instead }) => {
      const value = values.get(names[0]!)!;
      return `${names[0]}${value === true ? '' : ` ${value}`} (${instead})`;
    });
}

function collectSettings({ flags }: Script, { values, positional }: ParsedArgs): Map<string, ArgValue> {
  const settings = new Map<string, ArgValue>();
  for (const { names, setting, default: standard } of flags) {
    const value = values.get(names[0]!) ?? standard;
    if (setting !== undefined && value !== undefined) settings.set(setting, value);
  }
  const [root] = positional;
  if (root !== undefined) settings.set('data.root', root);
  return settings;
}

/** Milestones at which the rate would drop after the last epoch: ours must lie within. */
function dropUnreached(settings: Map<string, ArgValue>): {
  readonly settings: Settings;
  readonly unreached: readonly number[];
} {
  const milestones = (settings.get('schedule.milestones') as readonly number[]).toSorted((a, b) => a - b);
  const [first, repeated] = [milestones[0], milestones.find((each, i) => each === milestones[i - 1])];
  if ((first !== undefined && first < 1) || repeated !== undefined) {
    throw new ProblemError({
      code: 'TRANSLATE_FLAG_VALUE',
      message: `Expected different epochs, 1 or later, for --schedule but received ${milestones.join(' ')}.`,
      hint: 'A rate that drops twice at once, or before the first epoch, has no counterpart; change --lr instead.',
    });
  }
  // --cos makes the script forget --schedule.
  if (settings.has('schedule.policy')) return { settings, unreached: [] };
  const epochs = settings.get('epochs') as number;
  const reached = milestones.filter((milestone) => milestone < epochs);
  settings.set('schedule.milestones', reached);
  return { settings, unreached: milestones.filter((milestone) => !reached.includes(milestone)) };
}

function quote(word: string): string {
  return /^[\w@%+=:,./${}-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''").replaceAll('\n', ' ')}'`;
}
