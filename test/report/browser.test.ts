// The page of a report in a real browser.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectReport } from '../../src/report/collect-report.ts';
import { formatCell } from '../../src/report/format-cell.ts';
import type { Report } from '../../src/report/report.ts';
import { writeFullReport } from '../../src/report/write-full-report.ts';
import { findChromium } from '../helpers/find-chromium.ts';
import { findSerious } from '../helpers/find-serious.ts';
import { makeSharedFolder } from '../helpers/make-record.ts';
import { EPOCHS, knnAfter, lossAfter, MONITORED, makeRun } from '../helpers/make-report.ts';

const executablePath = findChromium();
if (!executablePath)
  console.log('The report is not tried in a browser: there is no Chromium ($CHROMIUM, /usr/bin/chromium).');

describe.skipIf(!executablePath)('the page of a report in Chromium', () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    const { graph, store } = await makeRun(makeSharedFolder());
    folder = store.folderOf('report');
    writeFullReport(folder, { graph, store, report: collectReport(graph, store) });
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  interface Opened {
    readonly page: Page;
    readonly complaints: readonly string[];
    readonly requests: readonly string[];
  }

  async function open(width: number, colorScheme: 'light' | 'dark'): Promise<Opened> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(path.join(folder, 'report.html')).href);
    return { page, complaints, requests };
  }

  test('complains of nothing and asks for nothing but itself', async () => {
    const { page, complaints, requests } = await open(1080, 'light');
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([page.url()]);
    await page.close();
  });

  test('its table says what report.json says', async () => {
    const report = JSON.parse(readFileSync(path.join(folder, 'report.json'), 'utf8')) as Report;
    const { page } = await open(1080, 'light');
    const rows = await page.locator('.results tbody tr').all();
    const values = await Promise.all(rows.map((row) => row.locator('.value').allTextContents()));
    expect(values).toEqual(report.rows.map(({ cells }) => cells.map(formatCell)));
    expect(values[1]).toEqual(['67.6±0.1', '67.7±0.1 (2/3)']);
    const verdicts = await page.locator('.verdict').allTextContents();
    expect(verdicts.map((text) => text.replace(/^\W+/, ''))).toEqual(
      report.rows.flatMap(({ cells }) => cells.flatMap(({ verdict }) => verdict?.verdict ?? [])),
    );
    await page.close();
  });

  test.each([
    ['Pre-training loss', Array.from({ length: EPOCHS }, (_, i) => i + 1), lossAfter],
    ['kNN while it trains', MONITORED, knnAfter],
  ] as const)('the curve "%s" has the points of the data, to scale', async (title, epochs, valueAfter) => {
    const { page } = await open(1080, 'light');
    const figure = page.locator('figure').filter({ hasText: title });
    const d = await figure.locator('[data-mark="mean of MoCo v2"] path').getAttribute('d');
    const points = d!
      .slice(1)
      .split('L')
      .map((pair) => pair.split(',').map(Number));
    expect(points).toHaveLength(epochs.length);
    const means = epochs.map((epoch) => valueAfter(epoch, 2));
    const share = (values: readonly number[], i: number) =>
      (values[i]! - values[0]!) / (values.at(-1)! - values[0]!);
    const [xs, ys] = [points.map(([x]) => x!), points.map(([, y]) => y!)];
    for (const i of epochs.keys()) {
      expect(share(xs, i)).toBeCloseTo(share(epochs, i), 4);
      expect(share(ys, i)).toBeCloseTo(share(means, i), 3);
    }
    expect(await figure.locator('[data-mark^="trial"]').count()).toBe(3);
    await page.close();
  });

  test.each([
    [1080, 'light'],
    [400, 'dark'],
  ] as const)(
    'at %i pixels and %s, axe finds nothing serious and nothing hangs over the side',
    async (width, scheme) => {
      const { page } = await open(width, scheme);
      for (const summary of await page.locator('summary').all()) await summary.click();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await findSerious(page)).toEqual([]);
      await page.close();
    },
    60_000,
  );

  test('is light or dark as its reader’s system is', async () => {
    const grounds: number[] = [];
    for (const scheme of ['light', 'dark'] as const) {
      const { page } = await open(800, scheme);
      const color = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      grounds.push(Number(/\d+/.exec(color)![0]));
      await page.close();
    }
    expect(grounds[0]).toBeGreaterThan(200);
    expect(grounds[1]).toBeLessThan(40);
  });

  test('shows images that it carries itself', async () => {
    const { page } = await open(1080, 'light');
    const widths = await page
      .locator('img')
      .evaluateAll((images) =>
        images.map((image) => (image as unknown as { naturalWidth: number }).naturalWidth),
      );
    expect(widths).toEqual([90, 90, 90]);
    await page.close();
  });
});
