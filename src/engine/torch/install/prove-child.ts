// Loads an addon that is not yet installed, checks it, and prints a Proof. Argument: its manifest as JSON.

import { checkEngine, TOLERANCE } from '../../check-engine.ts';
import { registerGradients } from '../../gradients.ts';
import type { InstalledAddon } from '../addon-file.ts';
import { createTorchEngine } from '../index.ts';
import type { Proof } from './prove-engine.ts';

print(await prove(JSON.parse(process.argv[2]!) as InstalledAddon));

async function prove(installed: InstalledAddon): Promise<Proof> {
  try {
    registerGradients();
    const checks = checkEngine(await createTorchEngine({ installed }));
    return { state: 'compared', checks, tolerance: TOLERANCE };
  } catch (error) {
    return { state: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

function print(proof: Proof): void {
  process.stdout.write(`\n${JSON.stringify(proof)}\n`);
}
