// Damages YAML documents at random, by seed, as a hostile or tired hand would: other values and keys, whole
// nasty pieces (aliases of aliases, deep nesting, merge keys, tags, cycles, huge matrices), moved lines, broken bytes.

import { type Rng, stream } from '../../src/core/rng.ts';
import { mutate } from './mutate.ts';

/** A damaged copy of one of the texts. The same seed and number give the same damage. */
export function mutateYaml(texts: readonly string[], seed: number, number: number): Buffer {
  const rng = stream(seed, 'mutate-yaml', number);
  let lines = pick(rng, texts).split('\n');
  const changes = 1 + rng.integer(3);
  for (let i = 0; i < changes; i++) lines = pick(rng, mutations)(lines, rng);
  const bytes = Buffer.from(lines.join('\n'));
  return rng.uniform() < 0.15 ? mutate(bytes, seed, number) : bytes;
}

type Mutation = (lines: string[], rng: Rng) => string[];

function pick<T>(rng: Rng, items: readonly T[]): T {
  return items[rng.integer(items.length)]!;
}

/** A line that sets a key: its indentation with list marks, its key, what follows. */
const SETTING = /^(\s*(?:- )*)([^\s:#][^:#]*):(.*)$/;

const mutations: readonly Mutation[] = [
  ...Array.from({ length: 6 }, () => replaceAt((line, rng) => setValue(line, drawValue(rng)))),
  replaceAt((line, rng) => setKey(line, pick(rng, KEYS))),
  replaceAt((line, rng) => `${line}\n${indentOf(line)}${pick(rng, KEYS)}: ${drawValue(rng)}`),
  replaceAt(
    (line, rng) => `${line}\n${indentOf(line)}${pick(rng, KEYS)}:\n${indentOf(line)}  ${drawPiece(rng)}`,
  ),
  replaceAt((line, rng) => setValue(line, drawPiece(rng))),
  replaceAt((line, rng) => (rng.integer(2) ? line.slice(1) : `${line}\n${line}`)),
  replaceAt((line, rng) => `${' '.repeat(rng.integer(9))}${rng.integer(8) ? '' : '\t'}${line.trimStart()}`),
  replaceAt(() => ''),
  (lines, rng) => [...lines.slice(0, rng.integer(lines.length + 1)), pick(rng, DOCUMENTS), ...lines],
  (lines, rng) => [...lines, pick(rng, DOCUMENTS)],
  (lines, rng) => {
    const from = rng.integer(lines.length);
    const moved = lines.splice(from, 1 + rng.integer(6));
    lines.splice(rng.integer(lines.length + 1), 0, ...moved);
    return lines;
  },
  (lines, rng) => [...lines, `matrix: ${drawMatrix(rng)}`],
  (lines, rng) => [
    ...lines,
    `${pick(rng, ['extends', 'trials', 'seed', 'launch', 'report', 'methods'])}: ${drawValue(rng)}`,
  ],
];

function replaceAt(change: (line: string, rng: Rng) => string): Mutation {
  return (lines, rng) => {
    const settings = [...lines.keys()].filter((i) => SETTING.test(lines[i]!));
    const at = settings.length > 0 ? pick(rng, settings) : rng.integer(lines.length);
    return lines.with(at, change(lines[at]!, rng));
  };
}

function setValue(line: string, value: string): string {
  const [, indent, key] = SETTING.exec(line) ?? [];
  return key === undefined ? value : `${indent}${key}: ${value}`;
}

function setKey(line: string, key: string): string {
  const [, indent, , rest] = SETTING.exec(line) ?? [];
  return rest === undefined ? `${key}:` : `${indent}${key}:${rest}`;
}

function indentOf(line: string): string {
  return ' '.repeat(/^(\s*(?:- )*)/.exec(line)![0].length);
}

/** A value of a size that is drawn: nested, wide, or of aliases that double at each step. */
function drawPiece(rng: Rng): string {
  const size = 2 ** rng.integer(rng.integer(8) === 0 ? 15 : 7);
  return pick(rng, [
    () => '['.repeat(size) + ']'.repeat(size),
    () => '['.repeat(size),
    () => '{a: '.repeat(size) + '}'.repeat(size),
    () => '- '.repeat(Math.min(size, 4096)),
    () => '? '.repeat(Math.min(size, 4096)),
    () => `[${'1, '.repeat(size)}1]`,
    () => `{${Array.from({ length: Math.min(size, 4096) }, (_, i) => `k${i}: ${i}`).join(', ')}}`,
    () => `"${'é\\u0000\\ud800'.repeat(size)}"`,
    () => `"${REFERENCE.repeat(size)}"`,
    () => 'x'.repeat(size * 8),
    () => '!!'.repeat(size),
    () => '&a '.repeat(Math.min(size, 1024)),
    () => drawAliases(1 + rng.integer(40), 1 + rng.integer(12), rng.integer(2) === 0),
    () => `{<<: [${'{a: 1}, '.repeat(Math.min(size, 4096))}{b: 2}]}`,
    () => drawMatrix(rng),
  ])();
}

/** `depth` lists or maps, each holding `width` aliases of the one before. */
function drawAliases(depth: number, width: number, asMaps: boolean): string {
  const parts = ['&a0 x'];
  for (let i = 1; i < depth; i++) {
    const aliases = Array.from({ length: width }, (_, k) => (asMaps ? `k${k}: *a${i - 1}` : `*a${i - 1}`));
    parts.push(asMaps ? `&a${i} {${aliases.join(', ')}}` : `&a${i} [${aliases.join(', ')}]`);
  }
  return `[${parts.join(', ')}]`;
}

function drawMatrix(rng: Rng): string {
  const axes = Array.from({ length: 1 + rng.integer(12) }, (_, i) => {
    const values = Array.from({ length: 1 + rng.integer(20) }, (_, k) => `${(k + 1) / 100}`);
    return `${pick(rng, ['moco.temperature', 'optimizer.lr', 'epochs', '__proto__.x', 'a.b.c', `k${i}`])}: [${values.join(', ')}]`;
  });
  return `{ ${[...new Set(axes)].join(', ')} }`;
}

/** The beginning of a reference to the environment, never closed. */
const REFERENCE = '$\u007bA:-';

function drawValue(rng: Rng): string {
  return pick(rng, rng.integer(10) === 0 ? BREAKING : VALUES);
}

/** Pieces between blanks; `§` stands for a dollar sign, `_` for a blank. */
function list(text: string): string[] {
  return text
    .trim()
    .split(/\s+/)
    .map((piece) => piece.replaceAll('§', '$').replaceAll('_', ' '));
}

/** Values of every kind that some part of the way may take badly. */
const VALUES = list(String.raw`
  1e400 -1e400 .inf -.inf .nan -0 0 -1 1 2 0.5 1e-320 0o17 0x1F 9007199254740993 99999999999999999999999999
  0x7fffffffffffffff 4294967296 2001-01-01 12:30:45 null ~ true yes off "" '' "\0" "\ud800" "\u202e\ufeff" 日本 🜁
  [] {} [[]] [null] [1,_a,_{}] {a:_{b:_{c:_{}}}} &a &a_1 !!str !!binary_x !!set_{a,_b} !!omap_[a:_1] !!float_x
  !<tag:yaml.org,2002:int>_3 §{A} §{A:-3} §{B:-[1,_2]} §{B:-{a:_1}} §{__proto__} §{constructor:-x} §{toString} §{ §{A:-§{A}}
  ../../../../etc/passwd /etc/passwd /dev/zero .. . mutant.yaml ../configs/mutant.yaml [mutant.yaml,_mutant.yaml] "\0.yaml"
  ../configs/mocov2.yaml ../configs/lincls.yaml ../experiments/quickstart.yaml ../configs
  auto torch wasm moco pretrained untrained experiment pretrain lincls knn imagefolder synthetic cifar10
  split_0 split_8 every_0 every_99999999999999999999 cpu:99999999 cuda:0,0 256 1000 100000 65536
  {__proto__:_{polluted:_1}} {constructor:_{prototype:_{polluted:_1}}} {<<:_{__proto__:_{polluted:_1}}}
  {toString:_1,_hasOwnProperty:_2,_valueOf:_3,_then:_4,_length:_5,_toJSON:_6}
  !!js/function_"function(){globalThis.ran=true}" !!js/regexp_/a+/ !!python/object/apply:os.system_[true]
  [{op:_resize,_size:_1e9}] [{op:_x}] [{}] {dataset:_synthetic,_synthetic:_{classes:_2,_train:_8,_val:_8,_size:_8}}
`);

/** Values that are no value in most places. */
const BREAKING = list(`[ { ] } - ? : | >- |2 % @ * *a *unknown &a_*a &a_[*a] ' " , # !! ! &`);

const KEYS = [
  ...list(String.raw`
    __proto__ constructor prototype toString hasOwnProperty valueOf then toJSON length __defineGetter__ << 1 1.5 true null -
    "" "." ".." a/b ../x a.b "\0" "\ud800" 日本 ключ §{A} ?_[a,_b] ?_{a:_1}
    kind extends name methods evaluations matrix cells exclude label published launch report trials seed moco model data
    augment evalTransform optimizer schedule milestones epochs batchSize queueSize temperature limit synthetic root op size
    scale engine precision checkpoint checkpointing keep loader columns resume arch stem width bn`),
  'x'.repeat(5000),
  `moco.${'y.'.repeat(500)}z`,
];

/** Lines for the top of a document, or its end. */
const DOCUMENTS = [
  ...list(`--- ... %YAML_1.1 %YAML_9.9 %TAG_!_tag:x,2000: #_coding:_x ---_!!map <<:_*a a:_&a_{_b:_*a_}
    extends:_mutant.yaml extends:_[../configs/mutant.yaml,_../experiments/mutant.yaml] <<:_[{kind:_experiment},_{kind:_knn}]
    __proto__:_{polluted:_1} constructor:_{prototype:_{polluted:_1}} trials:_1000 seed:_4294967295`),
  'methods: { a: { matrix: { cells: { __proto__: { epochs: 1 }, "../x": { epochs: 2 } }, exclude: [{ cell: a }] } } }',
  'methods: { "../../x": { method: untrained }, constructor: { method: untrained }, a/b: { method: untrained } }',
  '\ufeff',
  '\u0000',
];
