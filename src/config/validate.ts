// Checks plain documents against the JSON Schemas and turns ajv's errors into problems that point at
// the value. Also fills in the defaults.

import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Json } from '../core/hash.ts';
import { findNearest } from '../core/nearest.ts';
import type { Problem } from '../core/problem.ts';
import type { SourceLocation } from '../core/source-location.ts';
import { getAt, type Located, whereOf } from './located.ts';

export type DocumentKind =
  | 'pretrain'
  | 'lincls'
  | 'knn'
  | 'detection'
  | 'experiment'
  | 'training-case'
  | 'lincls-case'
  | 'augment-case';

const schemaIds: { readonly [Kind in DocumentKind]: string } = {
  pretrain: 'recipe.schema.json#/$defs/PretrainRecipe',
  lincls: 'recipe.schema.json#/$defs/LinclsRecipe',
  knn: 'recipe.schema.json#/$defs/KnnRecipe',
  detection: 'recipe.schema.json#/$defs/DetectionRecipe',
  experiment: 'experiment.schema.json',
  'training-case': 'parity.schema.json#/$defs/TrainingCase',
  'lincls-case': 'parity.schema.json#/$defs/LinclsCase',
  'augment-case': 'parity.schema.json#/$defs/AugmentCase',
};

const ROOT = 'https://mocolab.dev/schema/';

let ajv: Ajv2020 | undefined;

function getValidator(kind: DocumentKind): ValidateFunction {
  ajv ??= createAjv();
  return ajv.getSchema(ROOT + schemaIds[kind])!;
}

function createAjv(): Ajv2020 {
  const created = new Ajv2020({
    allErrors: true,
    useDefaults: true,
    discriminator: true,
    verbose: true,
    strict: false,
    ownProperties: true,
  });
  for (const name of ['recipe', 'experiment', 'parity']) created.addSchema(readSchema(name));
  return created;
}

function readSchema(name: string): object {
  return JSON.parse(readFileSync(new URL(`./schema/${name}.schema.json`, import.meta.url), 'utf8')) as object;
}

/** Validates `value` in place (defaults are filled in); `node` is the tree it came from. */
export function validateDocument(
  kind: DocumentKind,
  value: Json,
  { node, prefix }: { readonly node: Located; readonly prefix: string },
): Problem[] {
  const validate = getValidator(kind);
  if (validate(value)) return [];
  const errors = validate.errors!.filter((error) => !['oneOf', 'if'].includes(error.keyword));
  return errors.map((error) => explainError(error, { node, prefix }));
}

/** True where the schema of a kind has a value at this path. */
export function hasPath(kind: DocumentKind, path: readonly string[]): boolean {
  return listKeys(kind, path.slice(0, -1)).includes(path.at(-1)!);
}

/** The keys that a kind's schema knows below a path. */
export function listKeys(kind: DocumentKind, path: readonly string[]): string[] {
  return Object.keys(findSchema(kind, path)?.properties ?? {});
}

/** What the schema says of the published value at a path; operations of a list go by their names. */
export function findPaperNote(kind: DocumentKind, path: readonly string[]): string | undefined {
  return findSchema(kind, path)?.['x-paper'];
}

function findSchema(kind: DocumentKind, path: readonly string[]): SchemaLike | undefined {
  let schema = getValidator(kind).schema as SchemaLike | undefined;
  for (const step of path) {
    const operation = `#/$defs/${step.charAt(0).toUpperCase()}${step.slice(1)}`;
    const property = schema?.items ? { $ref: operation } : schema?.properties?.[step];
    // What stands beside a reference counts too.
    schema = property && { ...dereference(property), ...property };
  }
  return schema;
}

interface SchemaLike {
  readonly $ref?: string;
  readonly items?: object;
  readonly properties?: { readonly [key: string]: SchemaLike };
  readonly 'x-paper'?: string;
}

function dereference(schema: SchemaLike | undefined): SchemaLike | undefined {
  if (!schema?.$ref) return schema;
  const id = schema.$ref.startsWith('#') ? `recipe.schema.json${schema.$ref}` : schema.$ref;
  return ajv!.getSchema(ROOT + id)?.schema as SchemaLike | undefined;
}

interface ErrorContext {
  readonly node: Located;
  /** Path of the document inside a larger one, such as `methods.mocov2.`. */
  readonly prefix: string;
}

function explainError(error: ErrorObject, context: ErrorContext): Problem {
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
  const known = Object.keys((error.parentSchema as SchemaLike | undefined)?.properties ?? {});
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

/** The place of a value for a problem that is found outside the schema. */
export function locate(node: Located, path: readonly (string | number)[]): { where?: SourceLocation } {
  for (let length = path.length; length >= 0; length--) {
    const found = getAt(node, path.slice(0, length));
    const where = found && whereOf(found.origin);
    if (where) return { where };
  }
  return {};
}
