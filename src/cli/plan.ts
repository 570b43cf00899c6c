// `moco plan`: the compiled graph, and what would be done about it.

import { ExitCode } from '../core/exit-code.ts';
import { renderJson } from '../plan/render-json.ts';
import { renderMermaid } from '../plan/render-mermaid.ts';
import { renderTree } from '../plan/render-tree.ts';
import type { StageKind } from '../plan/stage-graph.ts';
import { openRunStore } from '../runs/run-store.ts';
import { findDeviceProblems } from './choose-devices.ts';
import { type ConfigOptions, loadUsableConfig } from './config-options.ts';
import { findUnavailable } from './find-unavailable.ts';
import { preparePlan, viewPlan } from './prepare-plan.ts';
import { showProblems } from './show-problems.ts';

export interface PlanOptions extends ConfigOptions {
  readonly out: string;
  readonly only?: readonly StageKind[];
  readonly format: keyof typeof renderers;
}

const renderers = { tree: renderTree, mermaid: renderMermaid, json: renderJson };

/** Prints the plan; inputs that are not there are shown, and leave stages without sizes. */
export function plan(file: string, options: PlanOptions): ExitCode {
  const { experiment } = loadUsableConfig(file, options);
  const { graph, inputProblems } = preparePlan(experiment);
  const store = openRunStore(options.out, experiment.name);
  const view = viewPlan(graph, store, { only: options.only, unavailable: findUnavailable(graph) });
  process.stdout.write(renderers[options.format](view));
  const problems = [...inputProblems, ...findDeviceProblems(view)];
  if (problems.length > 0) showProblems(problems);
  return ExitCode.done;
}
