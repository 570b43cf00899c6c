// Tries an engine and prints what it found as JSON. A process of its own for `moco doctor`, because the
// command line itself never loads TensorFlow, and because native code may crash. Argument: the engine.

import { probeEngine } from '../engine/create-engine.ts';
import type { ConcreteEngineName } from '../engine/engine.ts';

process.stdout.write(`\n${JSON.stringify(await probeEngine(process.argv[2] as ConcreteEngineName))}\n`);
