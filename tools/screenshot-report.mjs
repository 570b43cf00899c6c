// Takes the README's pictures of a report: node tools/screenshot-report.mjs REPORT.html FOLDER
// Needs a Chromium ($CHROMIUM, or `chromium` on the PATH).

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [page, folder] = process.argv.slice(2);
if (!page || !folder) throw new Error('Usage: node tools/screenshot-report.mjs REPORT.html FOLDER');

const PICTURES = [
  { name: 'report', scheme: 'light', width: 1080, from: 'header', to: '#trials' },
  { name: 'report-curves', scheme: 'light', width: 1080, from: '#curves', to: '#probe' },
  { name: 'report-features-dark', scheme: 'dark', width: 1080, from: '#features', to: '#crops' },
  { name: 'report-phone', scheme: 'light', width: 400, from: 'header', to: '#departures' },
];

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
for (const { name, scheme, width, from, to } of PICTURES) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  const tab = await context.newPage();
  await tab.goto(pathToFileURL(resolve(page)).href);
  const [top, bottom] = await tab.evaluate(
    ([first, last]) => [first, last].map((part) => document.querySelector(part).getBoundingClientRect().top),
    [from, to],
  );
  const clip = { x: 0, y: Math.max(0, top), width, height: Math.min(bottom - top, 1500) };
  await tab.screenshot({ path: join(folder, `${name}.png`), clip, fullPage: true });
  await context.close();
}
await browser.close();
