// Runs one stage by its order: loads its code, passes on how far it is, and describes what it left.

import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { StageOrder, StageProgress, WorkerMessage } from '../launch/protocol.ts';
import type { StageOutput, StageResult } from '../runs/run-record.ts';
import type { StageContext, StageOutcome } from '../stages/stage-context.ts';
import { loadStage } from '../stages/stage-list.ts';
import { trackResult } from '../tracking/track-metrics.ts';
import { createStageLog } from './log-stage.ts';
import { runCommand } from './run-command.ts';

/** Progress is sent at most this often. */
const PROGRESS_INTERVAL_MS = 200;

export interface Channel {
  readonly send: (message: WorkerMessage) => void;
  readonly stop: AbortSignal;
}

/** Runs the stage; what it throws is the caller's to report. */
export async function runOrder(order: StageOrder, { send, stop }: Channel): Promise<WorkerMessage> {
  const runStage = await loadStage(order.stage.kind);
  const warnings: string[] = [];
  const log = createStageLog((line) => void process.stdout.write(line));
  log.note(`${order.stage.id} starts on ${order.device.name}`);
  const sendProgress = throttle((progress) =>
    send({ type: 'progress', progress, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 }),
  );
  const context: StageContext = {
    stage: order.stage,
    config: order.stage.config,
    folder: order.folder,
    inputFolders: order.inputFolders,
    experimentFolder: order.experimentFolder,
    cores: order.device.cores,
    ...(order.rank ? { rank: order.rank } : {}),
    report: (progress) => {
      log.noteProgress(progress);
      sendProgress(progress);
    },
    warn: (message) => {
      warnings.push(message);
      log.note(`warning: ${message}`);
      send({ type: 'warning', message });
    },
    stop,
    runCommand,
  };
  const outcome = await runStage(context);
  if (outcome.state === 'stopped') {
    log.note('stopped');
    return { type: 'stopped' };
  }
  log.noteEnd(outcome.metrics);
  // Rank 0 keeps the stage's files.
  if (!order.rank || order.rank.rendezvous.rank === 0) trackResult(order.folder, outcome.metrics);
  return { type: 'done', result: await describeResult(outcome, order.folder, warnings) };
}

/** Lets the first message of every interval through. */
function throttle(send: (progress: StageProgress) => void): (progress: StageProgress) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const now = performance.now();
    if (now - last < PROGRESS_INTERVAL_MS) return;
    last = now;
    send(progress);
  };
}

async function describeResult(
  {
    metrics,
    outputs,
    images,
    imagesPerSecond,
    engine,
    badImages = [],
  }: Extract<StageOutcome, { state: 'done' }>,
  folder: string,
  warnings: readonly string[],
): Promise<StageResult> {
  const described: StageResult['outputs'][number][] = [];
  for (const name of outputs) described.push({ path: name, ...(await hashFile(path.join(folder, name))) });
  return {
    metrics,
    outputs: described,
    images,
    imagesPerSecond,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    ...(engine ? { engine } : {}),
    warnings,
    ...(badImages.length > 0 ? { badImages } : {}),
  };
}

async function hashFile(file: string): Promise<Omit<StageOutput, 'path'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(createReadStream(file), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  });
  return { bytes, sha256: hash.digest('hex'), mtimeMs: statSync(file).mtimeMs };
}
