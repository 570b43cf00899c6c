// `moco ui` in a real browser, beside a real training: pages that move, comparisons, and what is refused.

import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatCell } from '../../src/report/format-cell.ts';
import type { Report } from '../../src/report/report.ts';
import { writeExperiment } from '../../src/runs/experiment-file.ts';
import { type RunningServer, serve } from '../../src/web/serve.ts';
import { findChromium } from '../helpers/find-chromium.ts';
import { findSerious } from '../helpers/find-serious.ts';
import { makeFolder, makeSharedFolder } from '../helpers/make-record.ts';
import { makeRun } from '../helpers/make-report.ts';
import { type RunningCli, startCli } from '../helpers/run-cli.ts';

const local = { host: '127.0.0.1', port: 0 };

/** The folder of a finished experiment, `demo`. */
async function makeRuns(folder: string): Promise<void> {
  const { graph, store } = await makeRun(folder);
  writeExperiment(store.folder, graph.experiment);
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** The address that the command prints. */
function readUrl({ process: child, ended }: RunningCli): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout!.on('data', (text: string) => {
      const found = /http:\S+/.exec(text);
      if (found) resolve(found[0]);
    });
    ended.then((result) => reject(new Error(`It ended: ${JSON.stringify(result)}`)));
  });
}

/** A request whose path goes out as it is: fetch would resolve what is to be refused. */
function ask(server: RunningServer, path: string, options: http.RequestOptions = {}): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, path, ...options }, async (response) => {
      let body = '';
      for await (const part of response.setEncoding('utf8')) body += part;
      resolve({ status: response.statusCode!, headers: response.headers, body });
    });
    request.on('error', reject).end();
  });
}

describe('the server', () => {
  let server: RunningServer;
  let folder: string;

  beforeAll(async () => {
    folder = makeSharedFolder();
    await makeRuns(folder);
    server = await serve({ folder, ...local });
  });
  afterAll(() => server.close());

  test.each(['localhost', '127.0.0.1', '[::1]', 'localhost:8080'])('answers to the name %s', async (host) => {
    expect((await ask(server, '/', { headers: { host } })).status).toBe(200);
  });

  test.each(['evil.example', 'evil.example:6161', '127.0.0.1.evil.example', '192.168.0.7'])(
    'refuses the foreign Host header "%s", so that no other site can read runs by rebinding its name',
    async (host) => {
      const { status, body } = await ask(server, '/', { headers: { host } });
      expect([status, body]).toEqual([403, 'The Host header names another host than this server.\n']);
    },
  );

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s: it changes nothing', async (method) => {
    expect((await ask(server, '/runs/demo', { method })).status).toBe(405);
  });

  test.each([
    '/../etc/passwd',
    '/runs/..',
    '/runs/../../etc',
    '/runs/%2e%2e/etc',
    '/runs/demo/..%2f..%2fetc',
    '/runs/demo/../demo/..',
    '/runs/demo/mocov2/trial-1/..',
    '/runs/demo/mocov2/..%2f..%2f/pretrain',
    '/runs/demo%00/report',
    '/runs/%ff',
    '/compare?run=..&run=demo/mocov2',
    '/compare?run=/etc&run=demo/mocov2',
    '/compare?run=demo/../..&run=demo/mocov2',
    '/nothing',
  ])('has no page at %s', async (url) => {
    const { status, body } = await ask(server, url);
    expect([200, 404]).toContain(status);
    expect(body).toMatch(status === 404 ? /There is no such run/ : /<title>Runs: moco/);
    expect(body).not.toContain('root:');
  });

  test('links in a folder of runs are not followed', async () => {
    const runs = makeFolder();
    await makeRuns(runs);
    const elsewhere = makeFolder();
    writeFileSync(path.join(elsewhere, 'log.txt'), 'secret');
    symlinkSync(elsewhere, path.join(runs, 'linked'));
    const stage = path.join(runs, 'demo/mocov2/trial-1/pretrain');
    symlinkSync(path.join(elsewhere, 'log.txt'), path.join(stage, 'log.txt'));
    const linked = await serve({ folder: runs, ...local });
    expect((await ask(linked, '/runs/linked')).status).toBe(404);
    const page = await ask(linked, '/runs/demo/mocov2/trial-1/pretrain');
    expect(page.status).toBe(200);
    expect(page.body).not.toContain('secret');
    await linked.close();
  });

  test('of one experiment it shows no other', async () => {
    const alone = await serve({ folder: path.join(folder, 'demo'), ...local });
    expect((await ask(alone, '/runs/demo')).status).toBe(200);
    for (const name of readdirSync(folder).filter((each) => each !== 'demo'))
      expect((await ask(alone, `/runs/${name}`)).status).toBe(404);
    await alone.close();
  });

  test('a page that has not changed is not sent again', async () => {
    const first = await ask(server, '/runs/demo');
    const again = await ask(server, '/runs/demo', { headers: { 'if-none-match': first.headers.etag! } });
    expect([again.status, again.body]).toEqual([304, '']);
  });

  test('forbids framing, foreign scripts and foreign requests', async () => {
    const { headers } = await ask(server, '/');
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; connect-src 'self';/,
    );
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  test('a port that is taken is a problem', async () => {
    const port = Number(new URL(server.url).port);
    const problems = await serve({ folder, host: '127.0.0.1', port }).catch((error) => error.problems);
    expect(problems).toEqual([
      {
        code: 'UI_ADDRESS_UNUSABLE',
        message: `Expected to listen at 127.0.0.1, port ${port}, but the system says EADDRINUSE.`,
        hint: 'Give another --port (0 takes any that is free), or an address of this machine as --host.',
      },
    ]);
  });
});

const RECIPE = `kind: experiment
claim: Curves move.
trials: 1
engine: wasm
data: { dataset: synthetic, synthetic: { classes: 4, train: 64, val: 32, size: 16 } }
methods:
  mocov2: &moco
    label: MoCo v2
    epochs: 14
    batchSize: 16
    model: { arch: resnet18, stem: cifar, width: 4 }
    moco: { queueSize: 32, dim: 16, mlp: true }
    augment: [{ op: randomResizedCrop, size: 16 }]
    loader: { threads: 1 }
  cooler: { <<: *moco, label: cooler, epochs: 3, optimizer: { lr: 0.01 } }
evaluations:
  knn: { kind: knn, label: kNN, k: 10, features: projection, evalTransform: [{ op: centerCrop, size: 16 }] }
`;

const executablePath = findChromium();
if (!executablePath)
  console.log('moco ui is not tried in a browser: there is no Chromium ($CHROMIUM, /usr/bin/chromium).');

describe.skipIf(!executablePath)('beside a training, in Chromium', () => {
  let browser: Browser;
  let folder: string;
  let url: string;
  let running: RunningCli;
  let training: RunningCli;

  beforeAll(async () => {
    folder = makeSharedFolder();
    writeFileSync(path.join(folder, 'small.yaml'), RECIPE);
    mkdirSync(path.join(folder, 'runs'));
    running = startCli(['ui', '--port', '0'], { cwd: folder });
    url = await readUrl(running);
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
    training = startCli(['run', 'small.yaml', '--devices', 'cpu:1'], { cwd: folder });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    training.process.kill('SIGKILL');
    running.process.kill('SIGKILL');
  });

  interface Opened {
    readonly page: Page;
    readonly complaints: string[];
    readonly requests: string[];
  }

  async function open(place: string, { width = 1080, dark = false } = {}): Promise<Opened> {
    const colorScheme = dark ? 'dark' : 'light';
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const [complaints, requests]: [string[], string[]] = [[], []];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(new URL(place, url).href);
    return { page, complaints, requests };
  }

  const countPoints = (page: Page, figure: string, mark: string) =>
    page
      .locator('figure')
      .filter({ hasText: figure })
      .locator(`[data-mark="${mark}"] path`)
      .getAttribute('d')
      .then((d) => d!.split('L').length);

  test('a run appears, its curve moves and its log grows, without a reload; an opened part stays open', async () => {
    const { page, complaints, requests } = await open('/');
    // Found by the keyboard alone: the skip link, then the first link of the table.
    await page.getByRole('link', { name: 'small', exact: true }).waitFor({ timeout: 60_000 });
    await page.getByRole('link', { name: 'small', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/runs/small');
    const summary = page.getByText('Every stage that has started');
    await summary.focus();
    await page.keyboard.press('Enter');
    await page
      .locator('[data-mark="mean of MoCo v2"]')
      .first()
      .waitFor({ timeout: 60_000, state: 'attached' });
    await page.evaluate('window.notReloaded = true');
    expect(await page.locator('#graph').textContent()).toContain('▸');
    const before = await countPoints(page, 'Pre-training loss', 'mean of MoCo v2');
    await expect
      .poll(() => countPoints(page, 'Pre-training loss', 'mean of MoCo v2'), { timeout: 60_000 })
      .toBeGreaterThan(before);
    expect(await page.evaluate('window.notReloaded')).toBe(true);
    expect(await summary.locator('xpath=..').getAttribute('open')).not.toBeNull();
    await page.locator('table a', { hasText: 'pretrain' }).first().click();
    await page.waitForURL('**/mocov2/trial-1/pretrain');
    expect(await page.locator('#log pre').textContent()).toContain('mocov2/trial-1/pretrain starts on cpu:0');
    await expect
      .poll(() => page.locator('#log pre').textContent(), { timeout: 60_000 })
      .toMatch(/epoch 14\/14/);
    await expect.poll(() => page.locator('#state .state').textContent(), { timeout: 60_000 }).toBe('done');
    expect(complaints).toEqual([]);
    expect(requests.filter((each) => !each.startsWith(url) && !each.startsWith('data:'))).toEqual([]);
    await page.close();
  }, 200_000);

  test('the finished table says what report.json says', async () => {
    const { code } = await training.ended;
    expect(code).toBe(0);
    const { page } = await open('/runs/small');
    const json = readFileSync(path.join(folder, 'runs/small/report/report.json'), 'utf8');
    const report = JSON.parse(json) as Report;
    const values = await page.locator('.results .value').allTextContents();
    expect(values).toEqual(report.rows.flatMap(({ cells }) => cells.map(formatCell)));
    expect(values).toHaveLength(2);
    await page.close();
  }, 120_000);

  test('two runs that are chosen are compared: what differs, what they found, curves in one figure', async () => {
    const { page, complaints } = await open('/');
    for (const name of ['mocov2', 'cooler']) await page.getByLabel(name, { exact: true }).press('Space');
    await page.getByRole('button').press('Enter');
    await page.waitForURL('**/compare?**');
    const rows = await page.locator('#settings tbody tr').allInnerTexts();
    expect(rows.map((row) => row.split('\t'))).toContainEqual(['pretrain optimizer.lr', '0.01', '0.03']);
    expect(await page.locator('#results tbody th').allTextContents()).toContain('knn top1');
    const loss = page.locator('figure').filter({ hasText: 'Pre-training loss' });
    expect(await loss.locator('[data-mark^="mean of"]').count()).toBe(2);
    expect(await countPoints(page, 'Pre-training loss', 'mean of cooler')).toBe(3);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test.each([
    ['/', 1080, false],
    ['/', 400, true],
    ['/runs/small', 400, false],
    ['/runs/small', 1080, true],
    ['/runs/small/mocov2/trial-1/pretrain', 400, true],
    ['/compare?run=small/mocov2&run=small/cooler', 400, false],
  ])(
    '%s at %i pixels (dark: %s): axe finds nothing serious, nothing hangs over the side',
    async (place, width, dark) => {
      const { page } = await open(place, { width, dark });
      for (const summary of await page.locator('summary').all()) await summary.click();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await findSerious(page)).toEqual([]);
      await page.close();
    },
    60_000,
  );

  test('Ctrl-C ends it at once, though a page is open, and the page says so', async () => {
    const { page } = await open('/');
    running.process.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    await page.getByText('moco ui has ended: this is what it showed last.').waitFor();
    await page.close();
  });
});
