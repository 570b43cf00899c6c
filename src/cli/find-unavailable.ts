// Which stages of a graph this machine cannot run, and why: those that take a program which is not here.

import { findDetectron } from '../detection/find-detectron.ts';
import type { StageGraph } from '../plan/stage-graph.ts';

/** Reasons by stage id; each recipe is looked after once. */
export function findUnavailable({ stages }: StageGraph): Map<string, string> {
  const found = new Map<string, ReturnType<typeof findDetectron>>();
  const reasons = new Map<string, string>();
  for (const { id, config } of stages) {
    if (config.kind !== 'detection') continue;
    const { name } = config.recipe;
    const detectron = found.get(name) ?? findDetectron(config.recipe);
    found.set(name, detectron);
    if (!detectron.found) reasons.set(id, detectron.reason);
  }
  return reasons;
}
