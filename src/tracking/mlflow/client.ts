// MLflow's REST API (mlflow.org/docs/latest/rest-api.html), as little of it as is used. Asks no other host than the
// server: a redirect is an error, and says where to.

import type { Problem } from '../../core/problem.ts';
import type { MlflowServer } from './find-server.ts';

type StageProblem = Pick<Problem, 'code' | 'message' | 'hint'>;

/** A call that has failed. */
export class MlflowError extends Error {
  readonly problem: StageProblem;
  /**
   * `unreachable`: it may work later. `refused`: not in this run. `rejected`: what this call asked for, others may
   * work; `missing`: so, because there is no such run or experiment.
   */
  readonly kind: 'unreachable' | 'refused' | 'rejected' | 'missing';

  constructor(kind: MlflowError['kind'], problem: StageProblem) {
    super(problem.message);
    this.kind = kind;
    this.problem = problem;
  }
}

export interface MlflowClient {
  readonly server: MlflowServer;
  get<Answer>(path: string, query: { readonly [name: string]: string }): Promise<Answer>;
  post<Answer>(path: string, body: object): Promise<Answer>;
}

const API = '/api/2.0/mlflow/';

/** @param abort ends a call that is under way, which then is `unreachable` */
export function createMlflowClient(
  server: MlflowServer,
  { timeoutMs, abort }: { readonly timeoutMs: number; readonly abort: AbortSignal },
): MlflowClient {
  const call = async (path: string, request: { readonly method: string; readonly body?: string }) => {
    const signal = AbortSignal.any([abort, AbortSignal.timeout(timeoutMs)]);
    const headers = {
      accept: 'application/json',
      ...(request.body ? { 'content-type': 'application/json' } : {}),
      ...(server.authorization ? { authorization: server.authorization } : {}),
    };
    try {
      const url = `${server.uri}${API}${path}`;
      const response = await fetch(url, { ...request, headers, signal, redirect: 'manual' });
      return readAnswer(server, response, await response.text());
    } catch (error) {
      if (error instanceof MlflowError) throw error;
      throw reportUnreachable(server, describeSilence(error, timeoutMs));
    }
  };
  return {
    server,
    get: (path, query) => call(`${path}?${new URLSearchParams(query)}`, { method: 'GET' }) as never,
    post: (path, body) => call(path, { method: 'POST', body: JSON.stringify(body) }) as never,
  };
}

function readAnswer(server: MlflowServer, response: Response, text: string): object {
  const { status } = response;
  const answer = parseObject(text);
  if (status === 200 && answer) return answer;
  if (status >= 500 || status === 429 || status === 408)
    throw reportUnreachable(server, `it answered ${status}`);
  if (answer && 'error_code' in answer && status !== 401 && status !== 403) {
    const { error_code: code, message } = answer as { error_code: string; message?: string };
    throw new MlflowError(code === 'RESOURCE_DOES_NOT_EXIST' ? 'missing' : 'rejected', {
      code: 'MLFLOW_REJECTED',
      message: `Expected MLflow at ${server.uri} to take what it is told but it answered ${code}: ${shorten(message ?? '')}`,
      hint: 'What it did not take is in the folder of the run; the others are still tracked.',
    });
  }
  const target = response.headers.get('location');
  const redirected = target ? `, a redirect to ${shorten(target)}` : '';
  return refuse(server, status === 200 ? undefined : { status, text: `${status}${redirected}` });
}

/** Throws MLFLOW_REFUSED. `answer` is absent where it is none of MLflow's. */
export function refuse(
  { uri }: MlflowServer,
  answer?: { readonly status: number; readonly text: string },
): never {
  throw new MlflowError('refused', {
    code: 'MLFLOW_REFUSED',
    message: `Expected an MLflow server at ${uri} but it answered ${answer?.text ?? 'something else'}.`,
    hint: `${hintAtRefusal(answer?.status)} Nothing is tracked in this run; its folder has everything, and the next \`moco run\` sends it.`,
  });
}

function hintAtRefusal(status: number | undefined): string {
  if (status === 401 || status === 403)
    return 'Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, of somebody who may write there.';
  return 'Check the address: it is what the browser shows, without what follows #.';
}

function reportUnreachable({ uri }: MlflowServer, because: string): MlflowError {
  return new MlflowError('unreachable', {
    code: 'MLFLOW_UNREACHABLE',
    message: `Expected an answer from MLflow at ${uri} but ${because}.`,
    hint: 'The run goes on without it. Its folder keeps everything; it is sent when the server answers again, else by the next `moco run`.',
  });
}

/** Why there is no answer: fetch hides the system's error in its cause. */
function describeSilence(error: unknown, timeoutMs: number): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `there is none after ${timeoutMs / 1000} s`;
  if (name === 'AbortError') return 'it takes too long';
  return `there is none (${cause?.code ?? cause?.message ?? message})`;
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function shorten(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
