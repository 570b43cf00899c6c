// Generates the types of resolved documents from the JSON Schemas: there, whatever has a default is
// present. `extends`, `matrix` and `description` exist in the text only and are left out.

import { readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';

const folder = new URL('../src/config/schema/', import.meta.url);
const TEXT_ONLY = ['extends', 'matrix', 'description', 'pretrained'];
const ALWAYS_RESOLVED = ['name'];
const TYPE_NAMES = { recipe: 'Recipe', experiment: 'ExperimentPart', parity: 'ParityCase' };
const banner = '/* Generated from the JSON Schema beside it by `npm run generate`. Do not edit. */';

const recipe = JSON.parse(await readFile(new URL('recipe.schema.json', folder), 'utf8'));
const experiment = JSON.parse(await readFile(new URL('experiment.schema.json', folder), 'utf8'));
await write('recipe', pick(recipe.$defs, ['PretrainRecipe', 'LinclsRecipe', 'KnnRecipe', 'DetectionRecipe']));
const parity = JSON.parse(await readFile(new URL('parity.schema.json', folder), 'utf8'));
await write(
  'experiment',
  pick(experiment.$defs, ['PublishedValue', 'LaunchConfig', 'ReportConfig', 'TrackingConfig']),
);
// Arch is the recipe's; the compiler resolves no references between files.
parity.$defs.Arch = recipe.$defs.Arch;
for (const name of ['TrainingCaseConfig', 'LinclsCaseConfig'])
  parity.$defs[name].properties.arch = { $ref: '#/$defs/Arch' };
await write('parity', pick(parity.$defs, ['TrainingCase', 'LinclsCase', 'AugmentCase']));

/** A schema whose root only carries the definitions. */
function pick($defs, names) {
  const kept = Object.fromEntries(
    Object.entries($defs).filter(([name]) => !['Matrix', 'MethodEntry', 'EvaluationEntry'].includes(name)),
  );
  return { $defs: resolve(kept), type: 'object', anyOf: names.map((name) => ({ $ref: `#/$defs/${name}` })) };
}

/** Text form -> resolved form, all through a schema. */
function resolve(schema) {
  if (Array.isArray(schema)) return schema.map(resolve);
  if (schema === null || typeof schema !== 'object') return schema;
  const { default: _default, discriminator: _discriminator, properties, ...rest } = schema;
  const resolved = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, resolve(value)]));
  if (resolved.$ref) return { $ref: resolved.$ref };
  // As a tuple type, "at least one" would only get in the way.
  if (!('maxItems' in resolved)) delete resolved.minItems;
  if (!properties) return resolved;
  const kept = Object.entries(properties).filter(
    ([name]) => schema.title === 'ReportConfig' || !TEXT_ONLY.includes(name),
  );
  const required = kept
    .filter(([name, property]) => 'default' in property || ALWAYS_RESOLVED.includes(name))
    .map(([name]) => name);
  resolved.properties = Object.fromEntries(kept.map(([name, property]) => [name, resolve(property)]));
  resolved.required = [...new Set([...(schema.required ?? []), ...required])];
  return resolved;
}

async function write(name, schema) {
  const text = await compile(schema, TYPE_NAMES[name], {
    bannerComment: banner,
    additionalProperties: false,
    unreachableDefinitions: true,
    style: { singleQuote: true, printWidth: 110 },
  });
  await writeFile(new URL(`${name}.generated.ts`, folder), text);
}
