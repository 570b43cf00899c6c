// Files that the runner puts into a stage's folder, beside its record.

/** The resolved settings that it ran with. */
export const CONFIG_FILE = 'config.yaml';

/** The log of one rank; that of rank 0 is the stage's. */
export function nameLog(rank = 0): string {
  return rank === 0 ? 'log.txt' : `log.rank-${rank}.txt`;
}
