// The real MLflow server, for the tests that ask what it was told.

import { spawn, spawnSync } from 'node:child_process';
import { findFreePort } from './launch-ranks.ts';

const CANDIDATES = [process.env.MOCO_TEST_MLFLOW, 'mlflow'];

/** The command; undefined where there is none. MOCO_TEST_MLFLOW names another one. */
export const mlflowCommand = CANDIDATES.find(
  (command) => command && spawnSync(command, ['--version']).status === 0,
);

/** Why the tests are skipped, for their titles. */
export const mlflowNote = mlflowCommand
  ? `by ${mlflowCommand}`
  : 'SKIPPED: there is no mlflow on the PATH; pip install mlflow, or name one as MOCO_TEST_MLFLOW';

export interface Mlflow {
  readonly uri: string;
  post<Answer>(path: string, body: object): Promise<Answer>;
  get<Answer>(path: string): Promise<Answer>;
  close(): Promise<void>;
}

/** Starts a server with a database in a folder. */
export async function startMlflow(folder: string): Promise<Mlflow> {
  const port = await findFreePort();
  const args = ['--host', '127.0.0.1', '--port', String(port), '--workers', '1'];
  const store = ['--backend-store-uri', `sqlite:///${folder}/mlflow.db`];
  const server = spawn(mlflowCommand!, ['server', ...args, ...store], {
    stdio: 'ignore',
    cwd: folder,
    // Nothing here asks for jobs, whose workers take as long to start as the server.
    env: { ...process.env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' },
    detached: true,
  });
  const uri = `http://127.0.0.1:${port}`;
  while (!(await isUp(uri))) {
    if (server.exitCode !== null) throw new Error(`mlflow ended with ${server.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const ask = async (path: string, request?: RequestInit) =>
    (await fetch(`${uri}/api/2.0/mlflow/${path}`, request)).json() as never;
  return {
    uri,
    get: (path) => ask(path),
    post: (path, body) => ask(path, { method: 'POST', body: JSON.stringify(body), headers: JSON_TYPE }),
    close: () =>
      new Promise((resolve) => {
        server.on('close', () => resolve());
        process.kill(-server.pid!, 'SIGKILL'); // Its own processes too.
      }),
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };

async function isUp(uri: string): Promise<boolean> {
  try {
    return (await fetch(`${uri}/health`)).ok;
  } catch {
    return false;
  }
}
