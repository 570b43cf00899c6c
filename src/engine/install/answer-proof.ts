// The child's side of a proof: starts an engine that is not yet installed, checks it, and prints a Proof.

import { checkEngine, TOLERANCE } from '../check-engine.ts';
import type { Engine } from '../engine.ts';
import type { Proof } from './run-proof.ts';

/** @param start makes the engine from its manifest, this process's argument, and says what there is to say of it */
export async function answerProof<Installed, Facts extends object>(
  start: (installed: Installed) => Promise<{ readonly engine: Engine; readonly facts: Facts }>,
): Promise<void> {
  const proof = await prove(() => start(JSON.parse(process.argv[2]!) as Installed));
  process.stdout.write(`\n${JSON.stringify(proof)}\n`);
}

async function prove<Facts extends object>(
  start: () => Promise<{ readonly engine: Engine; readonly facts: Facts }>,
): Promise<Proof<Facts>> {
  try {
    const { engine, facts } = await start();
    return { state: 'compared', checks: checkEngine(engine), tolerance: TOLERANCE, ...facts };
  } catch (error) {
    return { state: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}
