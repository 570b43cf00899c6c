// A Chromium for tests that need a real browser: $CHROMIUM, or one of the usual names.

import { existsSync } from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Its path; undefined where there is none. */
export function findChromium(): string | undefined {
  const { CHROMIUM } = process.env;
  return [...(CHROMIUM ? [CHROMIUM] : []), ...PLACES].find(existsSync);
}
