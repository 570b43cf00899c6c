// Loads a package that is not yet installed, checks it, and prints a Proof. Argument: its manifest as JSON.

import { checkEngine, TOLERANCE } from '../../check-engine.ts';
import type { InstalledPackage } from '../find-package.ts';
import { createTensorflowEngine } from '../index.ts';
import type { Proof } from './prove-tensorflow.ts';

const proof = await prove(JSON.parse(process.argv[2]!) as InstalledPackage);
process.stdout.write(`\n${JSON.stringify(proof)}\n`);

async function prove(installed: InstalledPackage): Promise<Proof> {
  try {
    const { name, folder } = installed;
    const engine = await createTensorflowEngine({ packages: [{ name, folder, installed }] });
    const { libtensorflow, device } = engine.description as { libtensorflow: string; device: string };
    return { state: 'compared', checks: checkEngine(engine), tolerance: TOLERANCE, libtensorflow, device };
  } catch (error) {
    return { state: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}
