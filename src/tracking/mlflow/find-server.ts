// Which MLflow server is told, and as whom: from the settings, else from the variables that MLflow's own client reads.
// Who one is comes from the environment alone and goes nowhere but into the requests.

import type { ResolvedExperiment } from '../../config/resolved.ts';
import { ProblemError } from '../../core/problem.ts';

export interface MlflowServer {
  /** Without a user, and without a slash at its end. */
  readonly uri: string;
  /** Name of the experiment there. */
  readonly experiment: string;
  /** Value of the header; absent where the environment names nobody. */
  readonly authorization?: string;
}

type Environment = { readonly [name: string]: string | undefined };

/** The server of an experiment's `tracking.mlflow`. Throws MLFLOW_URI. */
export function findMlflowServer(
  { name, tracking }: Pick<ResolvedExperiment, 'name' | 'tracking'>,
  env: Environment,
): MlflowServer {
  const mlflow = tracking?.mlflow ?? {};
  const url = readUri(mlflow.uri ?? env.MLFLOW_TRACKING_URI);
  const authorization = authorize(url, env);
  url.username = '';
  url.password = '';
  return {
    uri: url.href.replace(/\/+$/, ''),
    experiment: mlflow.experiment ?? (env.MLFLOW_EXPERIMENT_NAME || name),
    ...(authorization ? { authorization } : {}),
  };
}

function readUri(uri: string | undefined): URL {
  const url = uri && URL.canParse(uri) ? new URL(uri) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new ProblemError({
    code: 'MLFLOW_URI',
    message: `Expected the http or https address of a server for tracking.mlflow but ${uri ? `received ${JSON.stringify(url ? url.protocol : uri)}` : 'neither tracking.mlflow.uri nor MLFLOW_TRACKING_URI is set'}.`,
    hint: 'For example: --set tracking.mlflow.uri=http://127.0.0.1:5000. For a database or a folder start `mlflow server --backend-store-uri ...`.',
  });
}

/** A user with a password goes before a token, as in MLflow's client. */
function authorize({ username, password }: URL, env: Environment): string | undefined {
  const user = env.MLFLOW_TRACKING_USERNAME || decodeURIComponent(username);
  const secret = env.MLFLOW_TRACKING_PASSWORD || decodeURIComponent(password);
  if (user && secret) return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
  return env.MLFLOW_TRACKING_TOKEN ? `Bearer ${env.MLFLOW_TRACKING_TOKEN}` : undefined;
}
