// Proves a fresh install in a process of its own, so that a crash of native code is told and survived.

import { locateScript } from '../../../core/own-script.ts';
import { ProblemError } from '../../../core/problem.ts';
import type { Check } from '../../check-engine.ts';
import { runTool, type ToolEnd } from '../../torch/install/run-tool.ts';
import type { InstalledPackage } from '../find-package.ts';
import { reportUnproven } from './problems.ts';

/** What the child prints, in its last line. */
export type Proof =
  | {
      readonly state: 'compared';
      readonly checks: readonly Check[];
      readonly tolerance: number;
      readonly libtensorflow: string;
      readonly device: string;
    }
  | { readonly state: 'failed'; readonly message: string };

/** Throws TENSORFLOW_UNPROVEN where it does not load, crashes, or computes wrongly. */
export async function proveTensorflow(installed: InstalledPackage, env: NodeJS.ProcessEnv) {
  const { path, execArgv } = locateScript(import.meta.url, './prove-child');
  const end = await runTool([process.execPath, ...execArgv, path, JSON.stringify(installed)], () => {}, {
    env,
  });
  const line = end.lines.findLast((text) => text.startsWith('{"state":'));
  const proof = line ? (JSON.parse(line) as Proof) : undefined;
  if (proof?.state !== 'compared') throw new ProblemError(reportUnproven(proof?.message ?? describeEnd(end)));
  const wrong = proof.checks.filter(({ error }) => !(error <= proof.tolerance));
  if (wrong.length === 0) return proof;
  const named = wrong.map(({ name, error }) => `${name} by ${error.toExponential(1)}`).join(', ');
  throw new ProblemError(reportUnproven(`these are not: ${named}`));
}

function describeEnd({ code, signal, lines }: ToolEnd): string {
  const said = lines
    .findLast((line) => line.trim() !== '')
    ?.trim()
    .slice(0, 200);
  return `its process ended with ${signal ?? `exit code ${code}`}${said ? ` (${said})` : ''}`;
}
