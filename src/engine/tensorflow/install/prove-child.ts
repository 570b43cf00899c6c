// Proves a package that is not yet installed. Argument: its manifest as JSON.

import { answerProof } from '../../install/answer-proof.ts';
import type { InstalledPackage } from '../find-package.ts';
import { createTensorflowEngine } from '../index.ts';
import type { TensorflowFacts } from './prove-tensorflow.ts';

await answerProof(async (installed: InstalledPackage) => {
  const { name, folder } = installed;
  const engine = await createTensorflowEngine({ packages: [{ name, folder, installed }] });
  const { libtensorflow, device } = engine.description as unknown as TensorflowFacts;
  return { engine, facts: { libtensorflow, device } };
});
