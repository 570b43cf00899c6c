// The worker process: one stage, then it ends. Talks to its parent over IPC, and stops if the parent
// has gone. Its output goes to the stage's log file.

import type { Problem } from '../core/problem.ts';
import { ProblemError } from '../core/problem.ts';
import {
  type ParentMessage,
  PROTOCOL_VERSION,
  type StageOrder,
  type WorkerMessage,
} from '../launch/protocol.ts';
import { runOrder } from './run-order.ts';

const stop = new AbortController();

if (!process.send) {
  console.error('This is a worker of `moco run`; it is not started by hand.');
  process.exit(2);
}
// On a full disk the log cannot be written, which is no failure of the stage: what needs the room says so itself.
for (const log of [process.stdout, process.stderr]) log.on('error', () => {});
process.on('disconnect', () => process.exit(1));
// Ctrl-C reaches the whole process group; the parent decides what it means.
process.on('SIGINT', () => {});
// Batch systems tell every process of a job that its time is over: there is none to lose.
for (const name of ['SIGTERM', 'SIGUSR1']) process.on(name, () => stop.abort());
process.on('message', (message: ParentMessage) => {
  if (message.type === 'stop') stop.abort();
  else void answer(message);
});
send({ type: 'hello', protocolVersion: PROTOCOL_VERSION, pid: process.pid });

async function answer({ protocolVersion, order }: Extract<ParentMessage, { type: 'run' }>): Promise<void> {
  const message =
    protocolVersion === PROTOCOL_VERSION ? await runSafely(order) : reportOtherVersion(protocolVersion);
  process.send?.(message, undefined, undefined, () => process.exit(0));
}

async function runSafely(order: StageOrder): Promise<WorkerMessage> {
  try {
    return await runOrder(order, { send, stop: stop.signal });
  } catch (error) {
    return describeError(error);
  }
}

function describeError(error: unknown): WorkerMessage {
  if (error instanceof ProblemError) return { type: 'failed', problem: joinProblems(error.problems) };
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(stack);
  return { type: 'crashed', message: error instanceof Error ? error.message : String(error), stack };
}

function joinProblems(problems: readonly Problem[]): Pick<Problem, 'code' | 'message' | 'hint'> {
  const { code, message, hint } = problems[0]!;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return { code, message: `${message}${more}`, ...(hint ? { hint } : {}) };
}

function reportOtherVersion(version: number): WorkerMessage {
  const problem = {
    code: 'LAUNCH_PROTOCOL_VERSION',
    message: `Expected a parent of protocol version ${PROTOCOL_VERSION} but it speaks ${version}.`,
    hint: 'Build again: `npm run build`.',
  };
  return { type: 'failed', problem };
}

function send(message: WorkerMessage): void {
  process.send?.(message);
}
