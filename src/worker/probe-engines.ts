// Tries every engine and prints what it found as JSON. A process of its own for `moco doctor`, because
// the command line itself never loads TensorFlow.

import { probeEngines } from '../engine/create-engine.ts';

process.stdout.write(JSON.stringify(await probeEngines()));
