// The types in the source are those of the schemas, and every property of a schema explains itself.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';

const schemas = ['recipe', 'experiment', 'parity'].map((name) => `src/config/schema/${name}.schema.json`);

test('the generated types are current', () => {
  const files = schemas.map((file) => file.replace('.schema.json', '.generated.ts'));
  const before = files.map((file) => readFileSync(file, 'utf8'));
  execFileSync(process.execPath, ['tools/generate-config-types.mjs']);
  expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(before);
});

test.each(schemas)('%s is a schema, by the 2020-12 dialect’s own', (file) => {
  const ajv = new Ajv2020({ strict: false });
  ajv.validateSchema(JSON.parse(readFileSync(file, 'utf8')) as object);
  expect(ajv.errors ?? []).toEqual([]);
});

test.each(schemas)('every property in %s has a description', (file) => {
  const schema = JSON.parse(readFileSync(file, 'utf8')) as object;
  expect(listUndescribed(schema, '')).toEqual([]);
  expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
});

function listUndescribed(node: unknown, at: string): string[] {
  if (node === null || typeof node !== 'object') return [];
  const { properties = {} } = node as {
    properties?: Record<string, { description?: string; $ref?: string; const?: unknown }>;
  };
  const own = Object.entries(properties)
    .filter(([, property]) => !property.description && !property.$ref && property.const === undefined)
    .map(([name]) => `${at}/${name}`);
  const inner = Object.entries(node).flatMap(([key, value]) => listUndescribed(value, `${at}/${key}`));
  return [...own, ...inner];
}
