// --open, with openers of ours on the PATH.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../helpers/make-record.ts';
import { runCli, startCli } from '../helpers/run-cli.ts';

const DESKTOP = process.platform === 'darwin' ? 'open' : 'xdg-open';

const EXPERIMENT = `kind: experiment
data: { dataset: synthetic, synthetic: { classes: 4, train: 64, val: 32, size: 16 } }
methods:
  untrained: { method: untrained }
evaluations:
  knn: { kind: knn, k: 10, evalTransform: [{ op: centerCrop, size: 16 }] }
`;

interface Place {
  readonly folder: string;
  readonly page: string;
  /** What openers were given, a line each; undefined where none was started. */
  readOpened(): string | undefined;
  /** @param browser $BROWSER */
  readonly env: (browser?: string) => { readonly [name: string]: string };
}

/** A folder with an experiment, and with openers that are all there is on the PATH. */
function makePlace(openers: { readonly [name: string]: 'opens' | 'fails' }): Place {
  const folder = makeFolder();
  const [bin, opened] = [path.join(folder, 'bin'), path.join(folder, 'opened')];
  mkdirSync(bin);
  mkdirSync(path.join(folder, 'runs'));
  writeFileSync(path.join(folder, 'small.yaml'), EXPERIMENT);
  for (const [name, does] of Object.entries(openers)) {
    const script = does === 'opens' ? `printf '%s ' "$0" "$@" | /bin/cat > "${opened}"` : 'exit 3';
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return {
    folder,
    page: path.join(folder, 'runs/small/report/report.html'),
    readOpened: () =>
      existsSync(opened) ? readFileSync(opened, 'utf8').replace(`${bin}/`, '').trim() : undefined,
    env: (browser = '') => ({ PATH: bin, BROWSER: browser }),
  };
}

test.each([
  ['without $BROWSER, the desktop’s opener shows the page', undefined, `${DESKTOP} PAGE`],
  ['$BROWSER wins', 'firefox', 'firefox PAGE'],
  ['$BROWSER may have arguments', 'firefox --new-window', 'firefox --new-window PAGE'],
  ['%s in $BROWSER is the page', 'firefox -url=%s -x', 'firefox -url=PAGE -x'],
  ['of several in $BROWSER the first that works', 'absent:broken:firefox:never', 'firefox PAGE'],
])('moco report --open: %s', async (_, browser, opened) => {
  const { folder, page, readOpened, env } = makePlace({
    ...{ [DESKTOP]: 'opens', firefox: 'opens', never: 'opens' },
    broken: 'fails',
  });
  const { code, stderr } = await runCli(['report', 'small.yaml', '--open'], {
    cwd: folder,
    env: env(browser),
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(readOpened()).toBe(opened.replace('PAGE', page));
});

test.each([
  ['is not there', {}, undefined, `${DESKTOP} is not there`],
  ['cannot open anything', { [DESKTOP]: 'fails' }, undefined, `${DESKTOP} ended with 3`],
  ['none of $BROWSER can', { w3m: 'fails' }, 'firefox:w3m %s', 'firefox is not there, w3m ended with 3'],
] as const)(
  'an opener that %s: one line says what to open by hand, and the exit code stays',
  async (_, openers, browser, cause) => {
    const { folder, page, env } = makePlace(openers);
    const result = await runCli(['report', 'small.yaml', '--open'], { cwd: folder, env: env(browser) });
    expect(result).toMatchObject({ code: 0, stderr: `${cause}: open ${page} by hand.\n` });
    expect(existsSync(page)).toBe(true);
  },
);

test('moco ui --open opens its address, or says it and goes on', async () => {
  for (const does of ['opens', 'fails'] as const) {
    const { folder, readOpened, env } = makePlace({ [DESKTOP]: does });
    const running = startCli(['ui', '--port', '0', '--open'], { cwd: folder, env: env() });
    let told = '';
    running.process.stderr!.on('data', (text: string) => {
      told += text;
    });
    const url = await new Promise<string>((resolve) =>
      running.process.stdout!.once('data', (text: string) => resolve(/http:\S+/.exec(text)![0])),
    );
    await expect.poll(() => fetch(url).then(({ status }) => status)).toBe(200);
    if (does === 'opens') await expect.poll(readOpened).toBe(`${DESKTOP} ${url}`);
    else await expect.poll(() => told).toBe(`${DESKTOP} ended with 3: open ${url} by hand.\n`);
    running.process.kill('SIGINT');
    expect((await running.ended).code).toBe(0);
  }
});
