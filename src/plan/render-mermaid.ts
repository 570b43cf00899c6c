// A plan as a Mermaid flowchart, for READMEs and pull requests: a box per method and trial,
// coloured by what will be done.

import { getDecision, type PlanView } from './plan-view.ts';
import type { Stage } from './stage-graph.ts';

const CLASSES = {
  'up-to-date': 'done',
  'to-run': 'run',
  'not-selected': 'skip',
  unavailable: 'skip',
} as const;

/** Renders a plan as a Mermaid flowchart. Ends with a line break. */
export function renderMermaid(view: PlanView): string {
  const { stages } = view.graph;
  const nodes = new Map(stages.map((stage, index) => [stage.id, `s${index}`]));
  const boxes = [...new Set(stages.map(nameBox))];
  const inside = new Map<string, string[]>(boxes.map((box) => [box, []]));
  for (const stage of stages) inside.get(nameBox(stage))?.push(renderNode(view, stage, nodes));
  const lines = [
    'flowchart LR',
    ...boxes.flatMap((box, index) => renderBox(box, `b${index}`, inside.get(box) ?? [])),
    ...stages.flatMap((stage) =>
      stage.needs.map((need) => `  ${nodes.get(need)} --> ${nodes.get(stage.id)}`),
    ),
    '  classDef done fill:#e6f4ea,stroke:#34a853,color:#202124',
    '  classDef run fill:#e8f0fe,stroke:#4285f4,color:#202124',
    '  classDef skip fill:#f1f3f4,stroke:#9aa0a6,color:#5f6368',
  ];
  return `${lines.join('\n')}\n`;
}

/** The report, of no method and no trial, stands outside the boxes. */
function nameBox({ method, trial }: Stage): string {
  return method === undefined ? '' : `${method}, trial ${trial}`;
}

function renderBox(name: string, id: string, nodes: readonly string[]): string[] {
  if (name === '') return [...nodes];
  return [`  subgraph ${id}["${escapeLabel(name)}"]`, ...nodes.map((node) => `  ${node}`), '  end'];
}

function renderNode(view: PlanView, stage: Stage, nodes: ReadonlyMap<string, string>): string {
  const { state, reason } = getDecision(view, stage);
  const name = stage.id.slice(stage.id.lastIndexOf('/') + 1);
  return `  ${nodes.get(stage.id)}["${escapeLabel(name)}<br/>${escapeLabel(reason)}"]:::${CLASSES[state]}`;
}

/** Mermaid reads HTML entities written with # for &. */
function escapeLabel(text: string): string {
  return text.replace(/[#"<>&]/g, (character) => `#${character.charCodeAt(0)};`);
}
