// ajv's errors as problems: the rule, what was found, and the nearest thing that would do.

import type { ErrorObject } from 'ajv/dist/2020.js';
import { findNearest } from '../core/nearest.ts';
import type { Problem } from '../core/problem.ts';
import { getAt, type Located, whereOf } from './located.ts';

/** Where the document stands. */
export interface ErrorContext {
  readonly node: Located;
  /** Path of the document inside a larger one, such as `methods.mocov2.`. */
  readonly prefix: string;
}

/** An error of ajv as a problem that points at the value. */
export function explainError(error: ErrorObject, context: ErrorContext): Problem {
  const steps = error.instancePath.split('/').slice(1).map(unescapePointer);
  if (error.keyword === 'additionalProperties' || error.keyword === 'unevaluatedProperties') {
    return explainUnknownKey(error, steps, context);
  }
  const node = getAt(context.node, steps) ?? getAt(context.node, steps.slice(0, -1)) ?? context.node;
  const where = whereOf(node.origin);
  const label = `${context.prefix}${steps.join('.')}` || 'the document';
  return { ...explainValue(error, label), ...(where ? { where } : {}) };
}

function explainUnknownKey(
  error: ErrorObject,
  steps: readonly string[],
  { node, prefix }: ErrorContext,
): Problem {
  const key = String(error.params.additionalProperty);
  const parent = getAt(node, steps);
  const entry = parent?.kind === 'map' ? parent.entries.get(key) : undefined;
  const where = entry && whereOf(entry.keyOrigin);
  const known = Object.keys(
    (error.parentSchema as { readonly properties?: object } | undefined)?.properties ?? {},
  );
  const nearest = findNearest(key, known);
  const at = `${prefix}${steps.join('.')}`.replace(/\.$/, '');
  return {
    code: 'CONFIG_UNKNOWN_KEY',
    message: `Expected a known key${at ? ` in ${at}` : ''} but found ${key}.`,
    hint: nearest ? `Did you mean ${nearest}?` : `Known keys: ${known.join(', ')}.`,
    ...(where ? { where } : {}),
  };
}

function explainValue(error: ErrorObject, label: string): Omit<Problem, 'where'> {
  const schema = (error.parentSchema ?? {}) as { [key: string]: unknown };
  const value = renderValue(error.data);
  const paper = schema['x-paper'] as string | undefined;
  switch (error.keyword) {
    case 'type':
      return {
        code: 'CONFIG_WRONG_TYPE',
        message: `Expected ${withArticle(String(error.params.type))} for ${label} but received ${value}, ${nameType(error.data)}.`,
        hint: paper ?? String(schema.description ?? 'See the schema.'),
      };
    case 'enum':
    case 'const': {
      const allowed = (
        error.keyword === 'enum' ? error.params.allowedValues : [error.params.allowedValue]
      ) as unknown[];
      return explainChoice(label, error.data, allowed.map(String));
    }
    case 'discriminator':
      return explainChoice(label, (error.data as { [key: string]: unknown })?.[String(error.params.tag)], []);
    case 'required':
      return {
        code: 'CONFIG_MISSING_KEY',
        message: `Expected the key ${String(error.params.missingProperty)} in ${label} but it is not there.`,
        hint: 'Add it.',
      };
    case 'pattern':
      return {
        code: 'CONFIG_OUT_OF_RANGE',
        message: `Expected another form for ${label} but received ${value}.`,
        hint: paper ?? `It must match ${String(error.params.pattern)}.`,
      };
    default:
      return {
        code: 'CONFIG_OUT_OF_RANGE',
        message: `Expected ${renderRule(error)} for ${label} but received ${value}.`,
        hint: paper ?? `Allowed: ${renderRange(schema)}.`,
      };
  }
}

const IMAGE_OPS = [
  'randomResizedCrop',
  'randomHorizontalFlip',
  'colorJitter',
  'randomGrayscale',
  'gaussianBlur',
  'randomCrop',
  'resize',
  'centerCrop',
];

function explainChoice(label: string, data: unknown, allowed: readonly string[]): Omit<Problem, 'where'> {
  const choices = allowed.length > 0 ? allowed : IMAGE_OPS;
  const isEngine = label === 'engine' || label.endsWith('.engine');
  const nearest = findNearest(typeof data === 'string' ? data : renderValue(data), choices);
  return {
    code: isEngine ? 'CONFIG_UNKNOWN_ENGINE' : 'CONFIG_UNKNOWN_CHOICE',
    message: `Expected one of ${choices.join(', ')} for ${label} but received ${renderValue(data)}.`,
    hint: nearest ? `Did you mean ${nearest}?` : `Choose one of ${choices.join(', ')}.`,
  };
}

function renderRule(error: ErrorObject): string {
  const { comparison, limit } = error.params as { comparison?: string; limit?: number };
  const thing =
    typeof error.data === 'number' ? 'a number' : error.keyword.endsWith('Items') ? 'a list' : 'a mapping';
  if (comparison) return `${thing} ${comparison} ${limit}`;
  if (error.keyword === 'minItems') return `${thing} of at least ${limit}`;
  if (error.keyword === 'maxItems') return `${thing} of at most ${limit}`;
  return `${thing} that ${error.message ?? 'fits the schema'}`;
}

function renderRange(schema: { [key: string]: unknown }): string {
  const low = schema.exclusiveMinimum === undefined ? schema.minimum : `more than ${schema.exclusiveMinimum}`;
  const high =
    schema.exclusiveMaximum === undefined ? schema.maximum : `less than ${schema.exclusiveMaximum}`;
  if (low === undefined && high === undefined)
    return String(schema.description ?? 'see the schema').replace(/\.$/, '');
  if (high === undefined) return `${low} and more`;
  return `${low} to ${high}`;
}

const SHOWN = 60;

function renderValue(value: unknown): string {
  const text = JSON.stringify(shorten(value)) ?? 'nothing';
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 3)}...` : text;
}

/** All that is shown of a value, and little more: it may be long, and stand in each of a matrix' thousands of cells. */
function shorten(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, SHOWN);
  if (Array.isArray(value)) return value.slice(0, SHOWN).map(shorten);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).slice(0, SHOWN);
  return Object.fromEntries(entries.map(([key, each]) => [key.slice(0, SHOWN), shorten(each)]));
}

function nameType(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : withArticle(typeof value);
}

function withArticle(name: string): string {
  const shown = { object: 'mapping', array: 'list' }[name] ?? name.replaceAll(',', ' or ');
  return `${/^[aeiou]/.test(shown) ? 'an' : 'a'} ${shown}`;
}

function unescapePointer(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}
