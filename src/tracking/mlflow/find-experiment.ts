// The experiment on the server that runs belong to.

import { type MlflowClient, MlflowError, refuse } from './client.ts';

/** Its id; it is made where there is none of the name. */
export async function findExperiment(client: MlflowClient): Promise<string> {
  return (await lookUp(client)) ?? (await create(client)) ?? (await lookUp(client)) ?? refuse(client.server);
}

async function lookUp({ get, server }: MlflowClient): Promise<string | undefined> {
  try {
    const { experiment } = await get<{ experiment?: { experiment_id?: string } }>('experiments/get-by-name', {
      experiment_name: server.experiment,
    });
    return experiment?.experiment_id ?? refuse(server);
  } catch (error) {
    if (error instanceof MlflowError && error.kind === 'missing') return undefined;
    throw error;
  }
}

/** Undefined where somebody else has made it meanwhile. */
async function create({ post, server }: MlflowClient): Promise<string | undefined> {
  try {
    const { experiment_id: id } = await post<{ experiment_id?: string }>('experiments/create', {
      name: server.experiment,
    });
    return id;
  } catch (error) {
    if (error instanceof MlflowError && error.kind === 'rejected') return undefined;
    throw error;
  }
}
