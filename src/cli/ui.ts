// `moco ui`: shows a folder of runs in the browser, live, until Ctrl-C.

import { ExitCode } from '../core/exit-code.ts';
import { openInBrowser } from './open-in-browser.ts';

export interface UiOptions {
  readonly host: string;
  readonly port: number;
  readonly open?: boolean;
}

/** Serves until SIGINT or SIGTERM. Throws RUNS_FOLDER_MISSING and UI_ADDRESS_UNUSABLE. */
export async function ui(folder: string, { host, port, open = false }: UiOptions): Promise<ExitCode> {
  const { isLoopback } = await import('../web/check-request.ts');
  const { serve } = await import('../web/serve.ts');
  const ended = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve());
  });
  const server = await serve({ folder, host, port });
  process.stdout.write(`${folder} is shown at ${server.url} until Ctrl-C.\n`);
  if (!isLoopback(host))
    process.stdout.write('Whoever reaches this machine can read the runs: there is no password.\n');
  if (open) void openInBrowser(server.url);
  await ended;
  await server.close();
  return ExitCode.done;
}
