// Shows a file with whatever the desktop opens such files with.

import { spawn } from 'node:child_process';

const OPENERS: { readonly [platform: string]: readonly [string, ...string[]] } = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Starts the opener and does not wait for it. Where there is none, stderr says so. */
export function openInBrowser(file: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const opener = spawn(command, [...args, file], { detached: true, stdio: 'ignore' });
  opener.on('error', () => process.stderr.write(`${command} is not there; open ${file} by hand.\n`));
  opener.unref();
}
