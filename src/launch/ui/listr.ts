// The tree of stages on a terminal: a line for each method and trial, below it its stages while they
// run, each with a bar. listr2 draws; its tasks only wait for the events of their stages.

import { styleText } from 'node:util';
import { Listr, type ListrTaskWrapper } from 'listr2';
import type { RunEvent, StageSummary } from '../../core/events.ts';
import { formatDuration } from '../../plan/format-quantity.ts';
import { renderEvent, renderFailure } from './plain.ts';
import { createPaceTracker, describeMetrics, describeProgress, shareDone } from './progress-text.ts';
import type { Ui } from './ui.ts';

type RunStarted = Extract<RunEvent, { type: 'run-started' }>;
// biome-ignore lint/suspicious/noExplicitAny: listr2's renderers are parameters that do not matter here.
type Task = ListrTaskWrapper<unknown, any, any>;

const BAR_WIDTH = 20;
/** Lines kept free for running stages. */
const ROOM_FOR_STAGES = 14;

/** Chains of stages, by method and trial; stages of no chain (the report) stand alone. */
function groupChains(stages: readonly StageSummary[]): Map<string, StageSummary[]> {
  const chains = new Map<string, StageSummary[]>();
  for (const stage of stages) {
    const chain = stage.id.includes('/') ? stage.id.slice(0, stage.id.lastIndexOf('/')) : stage.id;
    chains.set(chain, [...(chains.get(chain) ?? []), stage]);
  }
  return chains;
}

/** True when a line for each chain leaves room on the terminal. Else plain lines are the better view. */
export function fitsTerminal(chains: number, rows: number): boolean {
  return chains + ROOM_FOR_STAGES <= rows;
}

/** One line of the tree: waits until its stage, or all of its chain, has ended. */
class Line {
  readonly ended: Promise<void>;
  readonly #name: string;
  #task: Task | undefined;
  #title: string;
  #resolve!: () => void;

  constructor(name: string, title: string) {
    this.#name = name;
    this.#title = title;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  attach(task: Task): void {
    this.#task = task;
    task.title = this.#title;
  }

  show(mark: string, text: string): void {
    this.#title = `${mark} ${this.#name}${text ? `  ${text}` : ''}`;
    if (this.#task) this.#task.title = this.#title;
  }

  finish(mark: string, text: string): void {
    this.show(mark, text);
    this.#resolve();
  }
}

/** Shown below the tree, when it is complete. */
const AFTERWARDS: ReadonlySet<RunEvent['type']> = new Set([
  'run-finished',
  'run-note',
  'run-warning',
  'stage-warning',
]);

/** Draws to the process's terminal. */
export function createListrUi(write: (text: string) => void): Ui {
  let tree: Tree | undefined;
  const afterwards: string[] = [];
  let isClosed = false;
  return {
    onEvent: (event) => {
      if (isClosed) {
        write(`${renderEvent(event).join('\n')}\n`);
      } else if (event.type === 'run-started') {
        write(`${renderEvent(event).join('\n')}\n`);
        tree = new Tree(event);
      } else if (AFTERWARDS.has(event.type)) {
        afterwards.push(...renderEvent(event));
      } else {
        if (event.type === 'stage-failed') afterwards.push(`FAILED   ${event.id}`, ...renderFailure(event));
        tree?.apply(event);
      }
    },
    close: async () => {
      await tree?.close();
      if (afterwards.length > 0) write(`${afterwards.join('\n')}\n`);
      isClosed = true;
    },
  };
}

class Tree {
  readonly #stages = new Map<string, Line>();
  readonly #chains = new Map<string, Line>();
  readonly #chainOf = new Map<string, string>();
  readonly #open = new Map<string, Set<string>>();
  readonly #paces = new Map<string, ReturnType<typeof createPaceTracker>>();
  readonly #numbers = new Map<string, string[]>();
  readonly #started = new Map<string, { readonly begun: Promise<void>; begin: () => void }>();
  readonly #finished: Promise<unknown>;
  #stopping = false;

  constructor({ stages }: RunStarted) {
    const chains = groupChains(stages);
    const listr = new Listr(
      [...chains].map(([chain, members]) => this.#createChain(chain, members)),
      {
        concurrent: true,
        exitOnError: false,
        // Ctrl-C is the launcher's to answer.
        registerSignalListeners: false,
        rendererOptions: {
          // Lines bring their own marks: what waits must look different from what runs.
          lazy: true,
          icon: { PENDING: '', COMPLETED: '', FAILED: '', FAILED_WITH_FAILED_SUBTASKS: '' },
          collapseErrors: true,
          showErrorMessage: false,
          formatOutput: 'truncate',
        },
      },
    );
    this.#finished = listr.run();
  }

  #createChain(chain: string, members: readonly StageSummary[]) {
    const line = new Line(chain, `${styleText('dim', '·')} ${chain}`);
    this.#chains.set(chain, line);
    const toRun = members.filter(({ state }) => state === 'to-run');
    this.#open.set(chain, new Set(toRun.map(({ id }) => id)));
    for (const { id } of toRun) {
      const name = id.slice(id.lastIndexOf('/') + 1);
      this.#stages.set(id, new Line(name, `${styleText('dim', '·')} ${name}`));
      this.#chainOf.set(id, chain);
    }
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    this.#started.set(chain, { begun, begin });
    if (toRun.length === 0) {
      const selected = members.some(({ state }) => state === 'up-to-date');
      line.finish(styleText('green', '✔'), styleText('dim', selected ? 'up to date' : 'not selected'));
      begin();
    }
    return {
      title: chain,
      task: async (_: unknown, task: Task) => {
        line.attach(task);
        await begun;
        if (toRun.length < 2) return line.ended;
        return task.newListr(
          toRun.map(({ id }) => ({
            title: id,
            task: (_context: unknown, sub: Task) => {
              const stage = this.#stages.get(id)!;
              stage.attach(sub);
              return stage.ended;
            },
          })),
          { concurrent: true, exitOnError: false },
        );
      },
    };
  }

  apply(event: RunEvent): void {
    switch (event.type) {
      case 'stage-started':
        this.#paces.set(event.id, createPaceTracker());
        this.#started.get(this.#chainOf.get(event.id)!)?.begin();
        this.#chains.get(this.#chainOf.get(event.id)!)?.show(styleText('cyan', '▸'), '');
        this.#showRunning(event.id, styleText('dim', event.device));
        break;
      case 'stage-progress': {
        const { id, progress } = event;
        const leftMs = this.#paces.get(id)?.estimateLeftMs(progress, Date.now());
        const text = this.#stopping ? 'stopping; Ctrl-C again kills' : describeProgress(progress, leftMs);
        this.#showRunning(id, `${drawBar(shareDone(progress))}  ${text}`);
        break;
      }
      case 'stage-finished':
        this.#finishStage(event);
        break;
      case 'run-stopping':
        this.#stopping = true;
        break;
      case 'stage-failed':
        this.#end(event.id, 'red', '✖', event.problem.code);
        break;
      case 'stage-retrying':
        this.#showRunning(
          event.id,
          styleText('yellow', `${event.problem.code}; again in ${formatDuration(event.delayMs)}`),
        );
        break;
      case 'stage-interrupted':
        this.#end(event.id, 'yellow', '■', 'stopped');
        break;
      case 'stage-skipped':
        this.#end(event.id, 'yellow', '↓', styleText('dim', `skipped: ${event.because}`));
        break;
    }
  }

  #finishStage({ id, durationMs, metrics }: Extract<RunEvent, { type: 'stage-finished' }>): void {
    const chain = this.#chainOf.get(id)!;
    const name = id.slice(id.lastIndexOf('/') + 1);
    if (metrics.top1 !== undefined)
      this.#numbers.set(chain, [...(this.#numbers.get(chain) ?? []), `${name} ${metrics.top1.toFixed(1)}`]);
    const took = styleText('dim', formatDuration(durationMs));
    this.#end(id, 'green', '✔', `${took}  ${describeMetrics(metrics)}`);
  }

  #showRunning(id: string, text: string): void {
    this.#stages.get(id)?.show(styleText('cyan', '▸'), text);
    const chain = this.#chainOf.get(id)!;
    // A chain of one stage is shown as that stage.
    if (chain === id) this.#chains.get(chain)?.show(styleText('cyan', '▸'), text);
  }

  #end(id: string, color: 'green' | 'red' | 'yellow', mark: string, text: string): void {
    this.#stages.get(id)?.finish(styleText(color, mark), text);
    const chain = this.#chainOf.get(id)!;
    const open = this.#open.get(chain)!;
    open.delete(id);
    if (color !== 'green') this.#numbers.set(chain, [...(this.#numbers.get(chain) ?? []), text]);
    if (open.size > 0) return;
    const numbers = this.#numbers.get(chain) ?? [];
    const failed = color !== 'green';
    this.#chains
      .get(chain)
      ?.finish(styleText(failed ? color : 'green', failed ? mark : '✔'), [...new Set(numbers)].join('  '));
    this.#started.get(chain)?.begin();
  }

  async close(): Promise<void> {
    // Whatever has not ended by now never will.
    for (const [id] of this.#stages)
      if (this.#open.get(this.#chainOf.get(id)!)?.has(id)) this.#end(id, 'yellow', '■', 'stopped');
    await this.#finished;
  }
}

function drawBar(share: number): string {
  const full = Math.round(share * BAR_WIDTH);
  return `${'█'.repeat(full)}${styleText('dim', '░'.repeat(BAR_WIDTH - full))} ${String(Math.floor(100 * share)).padStart(3)}%`;
}
