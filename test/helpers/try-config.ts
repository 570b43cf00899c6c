// Tries a document as `moco validate`, `moco config` and `moco plan` would meet it.

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { explainConfig } from '../../src/config/explain-config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { ProblemError } from '../../src/core/problem.ts';
import { renderProblem } from '../../src/core/render-problem.ts';
import { compilePlan } from '../../src/plan/compile-plan.ts';

/** Chains of stages up to which a document is compiled too. */
const MAX_CHAINS = 500;
const prototypes = [Object.prototype, Array.prototype, Function.prototype, Map.prototype];
const known = prototypes.map((prototype) => Reflect.ownKeys(prototype).length);

/** Where documents are tried: a copy of the shipped recipes and experiments, and their texts. */
export interface ConfigBench {
  readonly texts: readonly string[];
  /** What became of a document: `valid`, or the code of its first problem. Anything else is thrown. */
  tryDocument(content: Buffer): string;
}

/** Copies the shipped files to a folder, so that what a document extends is there. */
export function createConfigBench(folder: string): ConfigBench {
  for (const name of ['configs', 'experiments']) cpSync(name, path.join(folder, name), { recursive: true });
  mkdirSync(path.join(folder, 'configs'), { recursive: true });
  const texts = ['configs', 'configs/cifar10', 'experiments'].flatMap((name) =>
    readdirSync(name)
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => readFileSync(path.join(name, file), 'utf8')),
  );
  const [first, second] = ['experiments/mutant.yaml', 'configs/mutant.yaml'].map((name) =>
    path.join(folder, name),
  );
  return {
    texts,
    tryDocument: (content) => {
      writeFileSync(first!, content);
      writeFileSync(second!, content);
      return load(first!);
    },
  };
}

function load(file: string): string {
  const { experiment, problems, warnings, explained } = loadConfig({
    file,
    env: { A: '1' },
    pretrained: 'any',
  });
  for (const problem of [...problems, ...warnings]) refuseShapeless(renderProblem(problem));
  refusePollution();
  if (!experiment) return problems[0]!.code;
  explainConfig(explained);
  if (experiment.methods.length * experiment.trials > MAX_CHAINS) return 'valid';
  try {
    compilePlan(experiment, {});
    return 'valid';
  } catch (error) {
    if (error instanceof ProblemError) return error.problems[0]!.code;
    throw error;
  }
}

function refuseShapeless(text: string): void {
  if (!/^[^\n]*\b[A-Z]+_[A-Z_]+\n {2}\S/.test(text) || /\bundefined\b|\[object Object\]/.test(text))
    throw new Error(`Not a problem that helps anybody: ${text.slice(0, 500)}`);
}

function refusePollution(): void {
  const grown = prototypes.some((prototype, i) => Reflect.ownKeys(prototype).length !== known[i]);
  if (grown || 'polluted' in {} || 'ran' in globalThis)
    throw new Error('A prototype was changed, or code ran.');
}
