// Which page a URL means: /, /runs/EXPERIMENT, /runs/EXPERIMENT/METHOD/trial-N/STAGE, /compare?run=...&run=...

import type { Page } from './live-page.ts';
import { openComparePage } from './pages/compare-page.ts';
import { openExperimentPage } from './pages/experiment-page.ts';
import { openExperimentsPage } from './pages/experiments-page.ts';
import { openStagePage } from './pages/stage-page.ts';
import type { RunsFolder } from './runs-folder.ts';

/** Finds the page; undefined where there is none. */
export function findPage({ pathname, searchParams }: URL, runs: RunsFolder): Page | undefined {
  if (pathname === '/') return openExperimentsPage(runs);
  if (pathname === '/compare') return openComparePage(runs, searchParams.getAll('run'));
  const names = splitPath(pathname);
  if (names?.[0] !== 'runs') return undefined;
  const [experiment, ...stage] = names.slice(1);
  if (experiment === undefined || !runs.find([experiment])) return undefined;
  if (stage.length === 0) return openExperimentPage(runs, experiment);
  return stage.length === 3 || (stage.length === 1 && stage[0] === 'report')
    ? openStagePage(runs, experiment, stage)
    : undefined;
}

/** Names of a path; undefined where it is encoded wrongly. */
function splitPath(pathname: string): string[] | undefined {
  try {
    return pathname.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
