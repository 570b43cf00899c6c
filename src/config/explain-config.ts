// `moco config`: the resolved document as YAML, and behind each value where it came from.

import { stringify } from 'yaml';
import type { Json } from '../core/hash.ts';
import { describeOrigin } from './describe-origin.ts';
import type { ExplainedPart } from './list-settings.ts';
import { childOf, type Located } from './located.ts';

/** Renders all parts; each value on a line of its own, with its origin as a comment. */
export function explainConfig(parts: readonly ExplainedPart[]): string {
  return parts.map(renderPart).join('\n');
}

/** Renders a resolved value as plain YAML, for config.yaml. */
export function renderYaml(value: unknown): string {
  return stringify(value, { lineWidth: 110 });
}

function renderPart({ path, value, node }: ExplainedPart): string {
  const lines: [string, string][] = [];
  collect(value, node, { indent: 0, lines });
  const width = Math.min(60, Math.max(...lines.map(([text]) => text.length)));
  const body = lines.map(([text, origin]) => (origin ? `${text.padEnd(width)}  # ${origin}` : text));
  return [...(path ? [`# ${path}`] : []), ...body, ''].join('\n');
}

interface Collecting {
  readonly indent: number;
  readonly lines: [string, string][];
}

function collect(value: Json, node: Located | undefined, { indent, lines }: Collecting): void {
  for (const [key, child] of Object.entries(value as { [key: string]: Json })) {
    const at = childOf(node, key);
    const margin = ' '.repeat(indent);
    if (
      child !== null &&
      typeof child === 'object' &&
      !Array.isArray(child) &&
      Object.keys(child).length > 0
    ) {
      lines.push([`${margin}${key}:`, '']);
      collect(child, at, { indent: indent + 2, lines });
    } else {
      lines.push([`${margin}${key}: ${renderFlow(child)}`, describeOrigin(at?.origin)]);
    }
  }
}

function renderFlow(value: Json): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}
