// What axe-core finds on a page that would keep somebody from using it.

import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Axe {
  readonly axe: {
    run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
  };
}

/** The rules that are broken seriously or critically, each with the first element that breaks it. */
export async function findSerious(page: Page): Promise<(readonly [id: string, html: string | undefined])[]> {
  // The pages' policies allow no such script tag; this is the debugger's.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (globalThis as unknown as Axe).axe.run());
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return serious.map(({ id, nodes }) => [id, nodes[0]?.html]);
}
