// Proves an addon that is not yet installed. Argument: its manifest as JSON.

import { registerGradients } from '../../gradients.ts';
import { answerProof } from '../../install/answer-proof.ts';
import type { InstalledAddon } from '../addon-file.ts';
import { createTorchEngine } from '../index.ts';

await answerProof(async (installed: InstalledAddon) => {
  registerGradients();
  return { engine: await createTorchEngine({ installed }), facts: {} };
});
