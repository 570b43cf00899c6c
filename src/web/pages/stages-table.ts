// The stages of an experiment, a row a trial: what runs and what failed is on top, and each leads to its page.

import path from 'node:path';
import type { Problem } from '../../core/problem.ts';
import { escapeMarkup } from '../../report/escape-markup.ts';
import { renderDetails, renderScroll } from '../../report/html/markup.ts';
import type { RunStore } from '../../runs/run-store.ts';
import { nameLog } from '../../runs/stage-folder.ts';
import { readTail } from '../runs-folder.ts';
import { linkTo, renderState } from './shell.ts';

/** Trials that are listed; those of a sweep beyond them are found by their address. */
const MAX_TRIALS = 200;

/** No line of a log that tells of progress is longer. */
const LINE_BYTES = 1024;

interface ListedStage {
  readonly id: string;
  readonly state: string;
  readonly problem?: Problem;
}

/** Renders what runs, what failed, and every stage that has a record. */
export function renderStages(store: RunStore, experiment: string, ids: readonly string[]): string {
  const stages = ids.map((id): ListedStage => {
    const reading = store.readRecord(id);
    if (reading.state !== 'ok') return { id, state: 'unreadable' };
    const { state, problem } = reading.record;
    return { id, state, ...(problem ? { problem } : {}) };
  });
  const link = ({ id }: ListedStage, text: string) =>
    `<a href="${linkTo([experiment, ...id.split('/')])}">${escapeMarkup(text)}</a>`;
  const urgent = stages.filter(({ state }) => state !== 'done');
  const list = urgent
    .slice(0, MAX_TRIALS)
    .map(
      (stage) => `<li>${renderState(stage.state)} ${link(stage, stage.id)}${renderNews(stage, store)}</li>`,
    );
  const trials = groupByTrial(stages);
  const rows = [...trials].slice(0, MAX_TRIALS).map(([trial, own]) => {
    const cells = own.map(
      (stage) => `${link(stage, stage.id.split('/').at(-1)!)} ${renderState(stage.state)}`,
    );
    return `<tr><th scope="row">${escapeMarkup(trial)}</th><td>${cells.join(' · ')}</td></tr>`;
  });
  const hidden = trials.size - rows.length;
  return [
    list.length > 0 ? `<ul class="list">${list.join('')}</ul>` : '<p>Nothing runs, and nothing failed.</p>',
    renderDetails(
      // Without a number: what is open stays open by this name.
      'Every stage that has started',
      renderScroll(
        'Stages',
        `<table class="list"><thead><tr><th scope="col">trial</th><th scope="col">stages</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
      ) + (hidden > 0 ? `<p class="note">${hidden} more trials.</p>` : ''),
    ),
  ].join('');
}

/** Why a stage failed, or the last thing that one said which runs, without the time. */
function renderNews({ id, state, problem }: ListedStage, store: RunStore): string {
  if (problem) return ` <span class="muted">${escapeMarkup(problem.message)}</span>`;
  if (state !== 'running') return '';
  const lines = readTail(path.join(store.folderOf(id), nameLog()), LINE_BYTES)
    ?.split('\n')
    .slice(0, -1);
  const last = lines?.at(-1)?.replace(/^\S+Z\s+/, '');
  return last ? ` <span class="muted">${escapeMarkup(last)}</span>` : '';
}

function groupByTrial(stages: readonly ListedStage[]): Map<string, ListedStage[]> {
  const trials = new Map<string, ListedStage[]>();
  for (const stage of stages) {
    const trial = stage.id.split('/').slice(0, -1).join('/') || 'report';
    const own = trials.get(trial);
    if (own) own.push(stage);
    else trials.set(trial, [stage]);
  }
  return trials;
}
