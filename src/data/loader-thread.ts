// A loader's thread: makes batches as they are ordered and hands their memory over.

import { parentPort, workerData } from 'node:worker_threads';
import { ProblemError } from '../core/problem.ts';
import { type BatchOrder, type BatchRecipe, createBatchMaker } from './make-batch.ts';

const makeBatch = createBatchMaker(workerData as BatchRecipe);

parentPort!.on('message', async ({ id, order }: { id: number; order: BatchOrder }) => {
  try {
    const made = await makeBatch(order);
    parentPort!.postMessage({ id, made }, made.views.map((view) => view.buffer) as ArrayBuffer[]);
  } catch (error) {
    const problems = error instanceof ProblemError ? error.problems : undefined;
    parentPort!.postMessage({ id, failure: { message: String((error as Error).stack ?? error), problems } });
  }
});
