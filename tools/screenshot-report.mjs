// Takes the README's pictures of a report: node tools/screenshot-report.mjs REPORT.html FOLDER
// Needs a Chromium ($CHROMIUM, or `chromium` on the PATH).

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';

const [page, folder] = process.argv.slice(2);
if (!page || !folder) throw new Error('Usage: node tools/screenshot-report.mjs REPORT.html FOLDER');

const PICTURES = [
  { name: 'report', scheme: 'light', width: 1080, from: 'header', to: '#probe' },
  { name: 'report-features', scheme: 'dark', width: 1080, from: '#features', to: '#crops' },
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
  const clip = { x: 0, y: Math.max(0, top), width, height: Math.min(bottom - top, 1800) };
  const png = await tab.screenshot({ clip, fullPage: true });
  // Few colours: a third of the bytes, and nobody sees it.
  await sharp(png)
    .png({ palette: true, colours: 128, effort: 10 })
    .toFile(join(folder, `${name}.png`));
  await context.close();
}
await browser.close();
