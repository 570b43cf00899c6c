// Checks plain documents against the JSON Schemas, which also fill in the defaults.

import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Json } from '../core/hash.ts';
import type { Problem } from '../core/problem.ts';
import type { SourceLocation } from '../core/source-location.ts';
import { type ErrorContext, explainError } from './explain-schema-error.ts';
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
    // Most of a command's start is ajv's: tests check the schemas themselves, and the code it writes runs once.
    meta: false,
    validateSchema: false,
    code: { optimize: false },
  });
  for (const name of ['recipe', 'experiment', 'parity']) created.addSchema(readSchema(name));
  return created;
}

function readSchema(name: string): object {
  return JSON.parse(readFileSync(new URL(`./schema/${name}.schema.json`, import.meta.url), 'utf8')) as object;
}

/** Validates `value` in place (defaults are filled in); `node` is the tree it came from. */
export function validateDocument(kind: DocumentKind, value: Json, context: ErrorContext): Problem[] {
  const validate = getValidator(kind);
  if (validate(value)) return [];
  const errors = validate.errors!.filter((error) => !['oneOf', 'if'].includes(error.keyword));
  return errors.map((error) => explainError(error, context));
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

/** The place of a value for a problem that is found outside the schema. */
export function locate(node: Located, path: readonly (string | number)[]): { where?: SourceLocation } {
  for (let length = path.length; length >= 0; length--) {
    const found = getAt(node, path.slice(0, length));
    const where = found && whereOf(found.origin);
    if (where) return { where };
  }
  return {};
}
