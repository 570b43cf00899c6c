// Shows a page with the browsers that $BROWSER names, in turn, else with whatever the desktop opens such pages with.
// Not being able to is no failure of the command: over ssh and on a headless machine it ends in one line.

import { spawn } from 'node:child_process';
import path from 'node:path';

type Command = readonly [string, ...string[]];

const OPENERS: { readonly [platform: string]: Command } = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** An opener that runs for longer is a browser at work, which goes on without us. */
const PATIENCE_MS = 3000;

/** Shows a file or URL. Resolves when it is shown; where nothing can, stderr says why and what to open by hand. */
export async function openInBrowser(page: string): Promise<void> {
  const causes: string[] = [];
  for (const command of listOpeners(process.env.BROWSER)) {
    const cause = await startOpener(command, page);
    if (cause === undefined) return;
    causes.push(cause);
  }
  process.stderr.write(`${causes.join(', ')}: open ${page} by hand.\n`);
}

/** @param browsers commands as in $PATH, each with `%s` where the page goes, or with the page behind it */
function listOpeners(browsers = ''): Command[] {
  const named = browsers.split(path.delimiter).flatMap((each): Command[] => {
    const [command, ...args] = each.split(/\s+/).filter((word) => word !== '');
    return command === undefined ? [] : [[command, ...args]];
  });
  return named.length > 0 ? named : [OPENERS[process.platform] ?? ['xdg-open']];
}

/** Why it did not open the page; undefined where it did, or is still at it. */
function startOpener([command, ...args]: Command, page: string): Promise<string | undefined> {
  const filled = args.some((word) => word.includes('%s'))
    ? args.map((word) => word.replaceAll('%s', () => page))
    : [...args, page];
  return new Promise((resolve) => {
    const opener = spawn(command, filled, { detached: true, stdio: 'ignore' });
    const timer = setTimeout(resolve, PATIENCE_MS, undefined);
    const settle = (cause?: string) => {
      clearTimeout(timer);
      resolve(cause);
    };
    opener.once('error', ({ code }: NodeJS.ErrnoException) =>
      settle(code === 'ENOENT' ? `${command} is not there` : `${command} cannot be started (${code})`),
    );
    opener.once('exit', (code, signal) =>
      settle(code === 0 ? undefined : `${command} ended with ${code ?? signal}`),
    );
    opener.unref();
  });
}
