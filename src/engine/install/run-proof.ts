// Proves a fresh install in a process of its own, so that a crash of native code is told and survived.

import type { OwnScript } from '../../core/own-script.ts';
import type { Check } from '../check-engine.ts';
import { runTool, type ToolEnd } from './run-tool.ts';

/** Every operation, compared with loops in float64. */
export interface Comparison {
  readonly checks: readonly Check[];
  readonly tolerance: number;
}

/** What the child prints, in its last line. `Facts`: what it says of its engine. */
export type Proof<Facts = object> =
  | ({ readonly state: 'compared' } & Comparison & Facts)
  | { readonly state: 'failed'; readonly message: string };

/** How a proof ended; `crashed`: without a word of ours. `message` is a sentence's end. */
export type ProofEnd<Facts> = Proof<Facts> | { readonly state: 'crashed'; readonly message: string };

/** @param installed what the child is to load, which it is given as JSON */
export async function runProof<Facts = object>(
  { path, execArgv }: OwnScript,
  installed: object,
  env: NodeJS.ProcessEnv,
): Promise<ProofEnd<Facts>> {
  const command = [process.execPath, ...execArgv, path, JSON.stringify(installed)];
  const end = await runTool(command, () => {}, { env });
  const line = end.lines.findLast((text) => text.startsWith('{"state":'));
  return line ? (JSON.parse(line) as Proof<Facts>) : { state: 'crashed', message: describeEnd(end) };
}

/** The checks that are outside of the tolerance. */
export function listWrong({ checks, tolerance }: Comparison): Check[] {
  return checks.filter(({ error }) => !(error <= tolerance));
}

/** `softmaxCrossEntropy by 1.0e-2, ...` */
export function nameErrors(checks: readonly Check[]): string {
  return checks.map(({ name, error }) => `${name} by ${error.toExponential(1)}`).join(', ');
}

/** A line for the user. */
export function describeProof(checks: readonly Check[]): string {
  const worst = Math.max(...checks.map(({ error }) => error));
  return `proven: ${checks.length} operations, forward and backward, worst error ${worst.toExponential(1)}`;
}

function describeEnd({ code, signal, lines }: ToolEnd): string {
  const said = lines.findLast((line) => line.trim() !== '');
  return `its process ended with ${signal ?? `exit code ${code}`}${said ? ` (${said.trim().slice(0, 200)})` : ''}`;
}
