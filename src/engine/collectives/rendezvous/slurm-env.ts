// What Slurm tells the tasks of a step (srun), in the words of other launchers. Loads no TensorFlow.

/** From here on, 15,000 ports below those that systems give out by themselves. */
const FIRST_PORT = 15_000;
const PORTS = 15_000;

/**
 * RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR (the step's first node, where rank 0 runs unless
 * --distribution says otherwise) and MASTER_PORT (the same on all nodes, another for each step); undefined outside of
 * a step, as in a batch script's own lines.
 */
export function readSlurmStep(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv | undefined {
  const { SLURM_PROCID, SLURM_STEP_NUM_TASKS, SLURM_LOCALID, SLURM_STEP_NODELIST, SLURM_STEP_ID } = env;
  if (!SLURM_PROCID || !SLURM_STEP_NUM_TASKS || !SLURM_STEP_ID) return undefined;
  const here = expandCounts(env.SLURM_STEP_TASKS_PER_NODE ?? '')[Number(env.SLURM_NODEID ?? 0)];
  const isOneNode = String(here) === SLURM_STEP_NUM_TASKS;
  const first = isOneNode ? '127.0.0.1' : findFirstNode(SLURM_STEP_NODELIST ?? env.SLURM_JOB_NODELIST ?? '');
  const step = 1000 * Number(env.SLURM_JOB_ID ?? 0) + Number(SLURM_STEP_ID);
  return {
    RANK: SLURM_PROCID,
    WORLD_SIZE: SLURM_STEP_NUM_TASKS,
    LOCAL_RANK: SLURM_LOCALID,
    ...(here ? { LOCAL_WORLD_SIZE: String(here) } : {}),
    ...(first ? { MASTER_ADDR: first } : {}),
    MASTER_PORT: String(FIRST_PORT + (step % PORTS)),
  };
}

/** `2(x3),1` -> 2, 2, 2, 1 */
function expandCounts(text: string): number[] {
  return [...text.matchAll(/(\d+)(?:\(x(\d+)\))?/g)].flatMap(([, count, times]) =>
    Array.from({ length: Number(times ?? 1) }, () => Number(count)),
  );
}

/** `node[07-09,12],other` -> node07 */
function findFirstNode(list: string): string | undefined {
  const [, name, numbers, end] = list.match(/^([^,[]+)(?:\[(\d+)[^\]]*\]([^,[]*))?/) ?? [];
  return name && `${name}${numbers ?? ''}${end ?? ''}`;
}
