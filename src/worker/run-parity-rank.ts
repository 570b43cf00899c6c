// One further rank of a reference case that several compute together; rank 0 is the process that started it.
// Arguments: engine, case file, rendezvous as JSON.

import type { Rendezvous } from '../engine/collectives/rendezvous/rendezvous.ts';
import { createEngine } from '../engine/create-engine.ts';
import type { ConcreteEngineName } from '../engine/engine.ts';
import { readCase } from '../parity/read-case.ts';
import { followTrainingCase } from '../parity/run-training-case.ts';

const [engineName, file, place] = process.argv.slice(2) as [ConcreteEngineName, string, string];
const { kind, given } = readCase(file);
if (kind !== 'training-case') throw new Error(`${file} is no case of training.`);
await followTrainingCase(await createEngine(engineName), given, JSON.parse(place) as Rendezvous);
