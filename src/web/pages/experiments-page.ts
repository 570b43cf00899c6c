// The first page: every experiment below the folder, how far it is, who runs it, and what may be compared.

import { escapeMarkup } from '../../report/escape-markup.ts';
import { renderScroll, type Section } from '../../report/html/markup.ts';
import type { ExperimentStatus } from '../../runs/collect-status.ts';
import { readExperiment } from '../../runs/experiment-file.ts';
import { listFolders } from '../../runs/run-store.ts';
import type { Page } from '../live-page.ts';
import type { RunsFolder } from '../runs-folder.ts';
import { type ComparedGroup, renderChoice } from './choice.ts';
import { linkTo, renderShell, renderState } from './shell.ts';

/** Opens the page of a folder of runs. */
export function openExperimentsPage(runs: RunsFolder): Page {
  const experiments = runs.listExperiments();
  return {
    stamp: JSON.stringify(experiments),
    render: () => renderShell({ title: 'Runs', path: [], note: runs.root }, listSections(experiments)),
  };
}

function listSections(experiments: readonly ExperimentStatus[]): Section[] {
  if (experiments.length === 0) {
    const content = '<p>There are no runs here yet: <code>moco run FILE</code> makes some.</p>';
    return [{ id: 'experiments', title: 'Experiments', content }];
  }
  return [
    { id: 'experiments', title: 'Experiments', content: renderExperiments(experiments) },
    { id: 'compare', title: 'Compare', content: renderChoice(experiments.map(listMethods)) },
  ];
}

function renderExperiments(experiments: readonly ExperimentStatus[]): string {
  const rows = experiments.map(({ name, folder, stages, runner, changedAt }) => {
    const counts = Object.entries(stages)
      .filter(([, count]) => count > 0)
      .map(([state, count]) => `<span class="word">${count} ${renderState(state)}</span>`);
    const claim = readExperiment(folder)?.claim;
    return [
      `<tr><th scope="row"><a href="${linkTo([name])}">${escapeMarkup(name)}</a>`,
      claim === undefined ? '' : `<br><span class="muted">${escapeMarkup(claim.trim())}</span>`,
      `</th><td>${counts.join(', ') || 'nothing yet'}</td>`,
      `<td>${runner ? `<span class="word">pid ${runner.pid}</span> on ${escapeMarkup(runner.host)}` : 'nobody'}</td>`,
      `<td>${changedAt === undefined ? '' : formatTime(changedAt)}</td></tr>`,
    ].join('');
  });
  const header = ['experiment', 'stages', 'run by', 'last change']
    .map((name) => `<th scope="col">${name}</th>`)
    .join('');
  return renderScroll(
    'Experiments',
    `<table class="list"><thead><tr>${header}</tr></thead><tbody>${rows.join('')}</tbody></table>`,
  );
}

function listMethods({ name, folder }: ExperimentStatus): ComparedGroup {
  const methods = listFolders(folder).filter((method) => method !== 'report' && !method.startsWith('.'));
  return {
    legend: name,
    runs: methods.sort().map((method) => ({ label: method, path: `${name}/${method}` })),
  };
}

function formatTime(iso: string): string {
  return `<time datetime="${escapeMarkup(iso)}">${escapeMarkup(iso.slice(0, 19).replace('T', ' '))} UTC</time>`;
}
