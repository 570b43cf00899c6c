// Reads a reference case: the JSON that the scripts in test/fixtures/parity/generate write. Everything
// that the computing relies on is checked here, so that a bad file ends before anything is computed.
// Never loads an engine.

import { statSync } from 'node:fs';
import { type Located, toJson } from '../config/located.ts';
import { readYaml } from '../config/read-yaml.ts';
import type { AugmentCase, LinclsCase, TrainingCase } from '../config/schema/parity.generated.ts';
import { locate, validateDocument } from '../config/validate.ts';
import { type Problem, ProblemError } from '../core/problem.ts';
import { listState } from '../model/parameter-list.ts';
import { planNamedOp, suggestOp } from './image-op-names.ts';
import { readJson } from './read-json.ts';

/** A case by its kind. */
export type ParityCase =
  | { readonly kind: 'training-case'; readonly given: TrainingCase }
  | { readonly kind: 'lincls-case'; readonly given: LinclsCase }
  | { readonly kind: 'augment-case'; readonly given: AugmentCase };

/** Keys that only one kind has. */
const KEYS: { readonly [Kind in ParityCase['kind']]: string } = {
  'training-case': 'steps',
  'lincls-case': 'lincls',
  'augment-case': 'ops',
};

/** Reads and checks a case. Throws PARITY_* and CONFIG_* problems, all at once. */
export function readCase(file: string): ParityCase {
  const { root, problems } = isLarge(file) ? readJson(file) : readYaml(file);
  if (!root) throw new ProblemError(asCaseProblem(problems[0]!));
  const value = toJson(root);
  const kind = findKind(root);
  if (!kind) throw new ProblemError(reportNoCase(root));
  const found = validateDocument(kind, value, { node: root, prefix: '' });
  if (found.length > 0) throw new ProblemError(found);
  const parityCase = { kind, given: value } as unknown as ParityCase;
  const inconsistent = checkCase(parityCase, root);
  if (inconsistent.length > 0) throw new ProblemError(inconsistent);
  return parityCase;
}

/** Bytes from which on a case is read as JSON alone: YAML, which knows the place of every value, takes no more. */
const LARGE = 2 ** 17;

function isLarge(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size > LARGE;
}

const SHIPPED_HINT =
  'A case is what a script in test/fixtures/parity/generate writes. Without a file, all shipped cases are computed.';

function asCaseProblem(problem: Problem): Problem {
  if (problem.code === 'CONFIG_FILE_MISSING') return { ...problem, hint: SHIPPED_HINT };
  const isSyntax = problem.code === 'CONFIG_YAML_SYNTAX';
  const fact = isSyntax ? 'this is none' : problem.message.replace(/^.* but /, '').replace(/\.$/, '');
  return {
    code: 'PARITY_NOT_A_CASE',
    message: `Expected the JSON of a reference case but ${fact}.`,
    hint: SHIPPED_HINT,
    ...(problem.where ? { where: problem.where } : {}),
  };
}

function findKind(root: Located): ParityCase['kind'] | undefined {
  if (root.kind !== 'map') return undefined;
  const kinds = Object.keys(KEYS) as ParityCase['kind'][];
  return kinds.find((kind) => root.entries.has(KEYS[kind]));
}

function reportNoCase(root: Located): Problem {
  const keys = root.kind === 'map' ? [...root.entries.keys()].slice(0, 8).join(', ') : '';
  const fact = keys ? `only the keys ${keys}` : `a ${root.kind}`;
  return {
    code: 'PARITY_NOT_A_CASE',
    message: `Expected one of the keys ${Object.values(KEYS).join(', ')} but found ${fact}.`,
    hint: SHIPPED_HINT,
    ...locate(root, []),
  };
}

/** What a schema cannot say. */
function checkCase(parityCase: ParityCase, root: Located): Problem[] {
  switch (parityCase.kind) {
    case 'training-case':
      return checkTraining(parityCase.given, root);
    case 'lincls-case':
      return checkLincls(parityCase.given, root);
    case 'augment-case':
      return checkAugment(parityCase.given, root);
  }
}

function checkTraining({ config, steps }: TrainingCase, root: Located): Problem[] {
  const { arch, dim, K, mlp, batch, ranks } = config;
  const model = { arch, stem: 'imagenet', width: 64, bn: 'plain' } as const;
  const known = new Set(listState(model, { dim, mlp }).map(({ name }) => name));
  const names = steps.flatMap((step, i) =>
    (['query_norms', 'key_norms', 'query_first_values'] as const).flatMap((key) =>
      Object.keys(step[key]).map((name) => ({ name, path: ['steps', i, key, name] })),
    ),
  );
  const corner = Math.min(4, dim) * Math.min(4, K);
  return [
    ...names
      .filter(({ name }) => !known.has(name))
      .map(({ name, path }) => inconsistent(root, path, `a tensor of ${arch}`, `${name}, which it lacks`)),
    ...steps.flatMap(({ queue_head }, i) =>
      expectLength(root, ['steps', i, 'queue_head'], queue_head, corner),
    ),
    ...(K % batch === 0
      ? []
      : [inconsistent(root, ['config', 'K'], `K divisible by batch ${batch}`, String(K))]),
    ...(batch % ranks === 0
      ? []
      : [inconsistent(root, ['config', 'batch'], `batch divisible by ranks ${ranks}`, String(batch))]),
  ];
}

function checkLincls({ config, lincls }: LinclsCase, root: Located): Problem[] {
  const { classes, batch } = config;
  return lincls.flatMap(({ fc_bias, logits_head }, i) => [
    ...expectLength(root, ['lincls', i, 'fc_bias'], fc_bias, classes),
    ...expectLength(root, ['lincls', i, 'logits_head'], logits_head, Math.min(2, batch) * classes),
  ]);
}

function checkAugment({ input, ops }: AugmentCase, root: Located): Problem[] {
  const images = [
    { path: ['input'], image: input },
    ...Object.entries(ops).map(([name, image]) => ({ path: ['ops', name], image })),
  ];
  return [
    ...images.flatMap(({ path, image: { height, width, rgb_base64 } }) => {
      const bytes = Buffer.from(rgb_base64, 'base64').length;
      if (bytes === 3 * height * width) return [];
      return [inconsistent(root, path, `3 x ${height} x ${width} bytes`, `${bytes}`)];
    }),
    ...Object.keys(ops)
      .filter((name) => !planNamedOp(name, input))
      .map((name) => ({
        ...inconsistent(root, ['ops', name], 'an image operation that is known', name),
        hint: suggestOp(name),
      })),
  ];
}

function expectLength(
  root: Located,
  path: readonly (string | number)[],
  values: readonly unknown[],
  length: number,
): Problem[] {
  if (values.length === length) return [];
  return [inconsistent(root, path, `${length} values`, `${values.length}`)];
}

function inconsistent(
  root: Located,
  path: readonly (string | number)[],
  rule: string,
  fact: string,
): Problem {
  return {
    code: 'PARITY_INCONSISTENT',
    message: `Expected ${rule} at ${path.join('.')} but found ${fact}.`,
    hint: 'Make the case again with its script; its parts do not belong together.',
    ...locate(root, path),
  };
}
