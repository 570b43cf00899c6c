// `moco data fetch cifar10`.

import { ExitCode } from '../core/exit-code.ts';
import { fetchCifar10 } from '../data/fetch-cifar10.ts';

/** Fills the cache and says what it does. */
export async function fetchData(options: {
  readonly from?: string;
  readonly force?: boolean;
}): Promise<ExitCode> {
  await fetchCifar10({ ...options, onProgress: (message) => process.stdout.write(`${message}\n`) });
  return ExitCode.done;
}
