// Proves a fresh build in a process of its own, so that a crash of native code is told and survived.

import { locateScript } from '../../../core/own-script.ts';
import { ProblemError } from '../../../core/problem.ts';
import type { Check } from '../../check-engine.ts';
import type { InstalledAddon } from '../addon-file.ts';
import { explainLoadFailure } from '../explain-load-failure.ts';
import { runTool, type ToolEnd } from './run-tool.ts';

/** What the child prints, in its last line. */
export type Proof =
  | { readonly state: 'compared'; readonly checks: readonly Check[]; readonly tolerance: number }
  | { readonly state: 'failed'; readonly message: string };

/** Throws TORCH_ADDON_BROKEN where it does not load or crashes, TORCH_WRONG_NUMBERS where it computes wrongly. */
export async function proveEngine(
  installed: InstalledAddon,
  env: NodeJS.ProcessEnv,
): Promise<readonly Check[]> {
  const { path, execArgv } = locateScript(import.meta.url, './prove-child');
  const command = [process.execPath, ...execArgv, path, JSON.stringify(installed)];
  const end = await runTool(command, () => {}, { env });
  const proof = readProof(end);
  if (proof?.state !== 'compared') throw new ProblemError(reportBroken(installed, describeEnd(end, proof)));
  refuseWrong(proof.checks, proof.tolerance);
  return proof.checks;
}

/** Throws TORCH_WRONG_NUMBERS. */
export function refuseWrong(checks: readonly Check[], tolerance: number): void {
  const wrong = checks.filter(({ error }) => !(error <= tolerance));
  if (wrong.length > 0) throw new ProblemError(reportWrong(wrong, tolerance));
}

function readProof({ lines }: ToolEnd): Proof | undefined {
  const line = lines.findLast((text) => text.startsWith('{"state":'));
  return line ? (JSON.parse(line) as Proof) : undefined;
}

function describeEnd({ code, signal, lines }: ToolEnd, proof: Proof | undefined): string {
  if (proof?.state === 'failed') return explainLoadFailure(proof.message);
  const said = lines.findLast((line) => line.trim() !== '');
  return `its process ended with ${signal ?? `exit code ${code}`}${said ? ` (${said.trim().slice(0, 200)})` : ''}`;
}

function reportBroken({ libtorch }: InstalledAddon, fact: string) {
  return {
    code: 'TORCH_ADDON_BROKEN',
    message: `Expected the addon to load and to compute with the libtorch in ${libtorch} but ${fact}.`,
    hint: 'Take another libtorch with --libtorch, or build again with `moco engine install torch --force`.',
  };
}

function reportWrong(wrong: readonly Check[], tolerance: number) {
  const named = wrong.map(({ name, error }) => `${name} by ${error.toExponential(1)}`).join(', ');
  return {
    code: 'TORCH_WRONG_NUMBERS',
    message: `Expected every operation to be within ${tolerance} of float64 loops but the addon misses: ${named}.`,
    hint: 'Take another libtorch with --libtorch, and please report this with the output of `moco doctor`.',
  };
}
