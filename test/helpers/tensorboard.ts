// The real TensorBoard, for the tests that ask what it reads in our files.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

const CANDIDATES = [process.env.MOCO_TEST_TENSORBOARD, 'tensorboard'];

/** The command; undefined where there is none. MOCO_TEST_TENSORBOARD names another one. */
export const tensorboardCommand = CANDIDATES.find(
  (command) => command && spawnSync(command, ['--version']).status === 0,
);

/** Why the tests are skipped, for their titles. */
export const tensorboardNote = tensorboardCommand
  ? `by ${tensorboardCommand}`
  : 'SKIPPED: there is no tensorboard on the PATH; pip install tensorboard';

export interface TensorBoard {
  /** Asks for a path below /data/plugin/ until the answer is as `isReady` wants it: the files are read in the background. */
  ask<Answer>(path: string, isReady: (answer: Answer) => boolean): Promise<Answer>;
  fetchBytes(path: string): Promise<Buffer>;
  close(): Promise<void>;
}

/** Starts TensorBoard over a folder, on a free port. */
export async function startTensorBoard(logdir: string): Promise<TensorBoard> {
  const server = spawn(tensorboardCommand!, ['--logdir', logdir, '--host', '127.0.0.1', '--port', '0']);
  const url = await readUrl(server);
  return {
    ask: async (path, isReady) => {
      for (;;) {
        const answer = await (await fetch(`${url}data/plugin/${path}`)).json();
        if (isReady(answer as never)) return answer as never;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    fetchBytes: async (path) => Buffer.from(await (await fetch(`${url}data/plugin/${path}`)).arrayBuffer()),
    close: () =>
      new Promise((resolve) => {
        server.on('close', () => resolve());
        server.kill();
      }),
  };
}

function readUrl(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    server.stderr!.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const url = /http:\/\/\S+/.exec(text)?.[0];
      if (url) resolve(url);
    });
    server.on('close', () => reject(new Error(`tensorboard ended: ${text}`)));
  });
}
