// Command lines of facebookresearch/moco become recipes of ours: each flag, argparse's ways to write one,
// the shell's ways to quote, and what is refused.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { renderProblem } from '../../src/core/render-problem.ts';
import { scripts } from '../../src/translate/scripts.ts';
import { splitWords } from '../../src/translate/split-words.ts';
import { translateWords } from '../../src/translate/translate.ts';
import { catchProblems } from '../helpers/catch-problems.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'moco-translate-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Settings of the recipe, with all defaults, as `moco run` would see them. */
function resolve(command: string) {
  const file = path.join(folder, 'a.yaml');
  writeFileSync(file, translateWords(splitWords(command)).yaml);
  const { experiment, problems } = loadConfig({ file, env: { DATA: '/from/env' } });
  expect(problems).toEqual([]);
  return experiment!;
}

function pretrain(flags: string) {
  return resolve(`python main_moco.py ${flags} /data`).methods[0]!.recipe;
}

function lincls(flags: string) {
  return resolve(`python main_lincls.py --pretrained c.pth.tar ${flags} /data`).evaluations[0]!.recipe;
}

const problemsOf = (command: string) =>
  catchProblems(() => translateWords(splitWords(command)))
    .map((problem) => renderProblem(problem))
    .join('\n\n');

describe('each flag of main_moco.py', () => {
  const effects: { readonly [flag: string]: readonly [string, object] } = {
    '--arch': ['-a resnet18', { model: { arch: 'resnet18' } }],
    '--workers': ['-j 7', { loader: { threads: 7 } }],
    '--epochs': ['--epochs 800', { epochs: 800 }],
    '--batch-size': ['-b 512', { batchSize: 512 }],
    '--learning-rate': ['--lr 0.06', { optimizer: { lr: 0.06 } }],
    '--schedule': ['--schedule 10 20 30 -b 256', { schedule: { policy: 'step', milestones: [10, 20, 30] } }],
    '--momentum': ['--momentum 0.8', { optimizer: { momentum: 0.8 } }],
    '--weight-decay': ['--wd 1e-6', { optimizer: { weightDecay: 1e-6 } }],
    '--moco-dim': ['--moco-dim 64', { moco: { dim: 64 } }],
    '--moco-k': ['--moco-k 4096', { moco: { queueSize: 4096 } }],
    '--moco-m': ['--moco-m 0.99', { moco: { keyMomentum: 0.99 } }],
    '--moco-t': ['--moco-t 0.2', { moco: { temperature: 0.2 } }],
    '--mlp': ['--mlp', { moco: { mlp: true } }],
    '--cos': ['--cos', { schedule: { policy: 'cosine', milestones: [] } }],
    '--aug-plus': ['--aug-plus', { augment: pretrain('--aug-plus').augment }],
  };
  const settings = scripts[0]!.flags.filter(({ setting }) => setting !== undefined);

  test.each(settings.map(({ names }) => names[0]!))('%s has a setting', (name) => {
    const [flags, effect] = effects[name]!;
    expect(pretrain(flags)).toMatchObject(effect);
    expect(pretrain('')).not.toMatchObject(effect);
  });

  test.each([
    ['python main_moco.py --gpu 3 /d', 1],
    ['CUDA_VISIBLE_DEVICES=0,1 python main_moco.py /d', 2],
    ['python main_moco.py --multiprocessing-distributed /d', 8],
  ])('%s takes as many devices as it names, else those of the paper', (command, devices) => {
    expect(resolve(command).methods[0]!.recipe).toMatchObject({ devices });
  });

  test('nothing said is configs/mocov1.yaml, and the flags of v2 are configs/mocov2.yaml', () => {
    const shipped = (file: string) =>
      loadConfig({ file, dataRoot: '/data', env: {} }).experiment!.methods[0]!.recipe;
    const named = (flags: string, name: string) => ({ ...pretrain(flags), name });
    expect(named('', 'mocov1')).toEqual(shipped('configs/mocov1.yaml'));
    expect(named('--mlp --moco-t 0.2 --aug-plus --cos', 'mocov2')).toEqual(shipped('configs/mocov2.yaml'));
  });
});

describe('each flag of main_lincls.py', () => {
  const effects: { readonly [flag: string]: readonly [string, object] } = {
    '--workers': ['-j 7', { loader: { threads: 7 } }],
    '--epochs': ['--epochs 50', { epochs: 50 }],
    '--batch-size': ['-b 1024', { batchSize: 1024 }],
    '--learning-rate': ['--learning-rate 10', { optimizer: { lr: 10 } }],
    '--schedule': ['--schedule 30 40 -b 256', { schedule: { milestones: [30, 40] } }],
    '--momentum': ['--momentum 0.8', { optimizer: { momentum: 0.8 } }],
    '--weight-decay': ['--weight-decay 0.001', { optimizer: { weightDecay: 0.001 } }],
  };
  const elsewhere = ['--arch', '--pretrained'];
  const settings = scripts[1]!.flags.filter(
    ({ names, setting }) => setting !== undefined && !elsewhere.includes(names[0]!),
  );

  test.each(settings.map(({ names }) => names[0]!))('%s has a setting', (name) => {
    const [flags, effect] = effects[name]!;
    expect(lincls(flags)).toMatchObject(effect);
    expect(lincls('')).not.toMatchObject(effect);
  });

  test('--arch and --pretrained say whose features are classified', () => {
    const [method] = resolve('python main_lincls.py -a resnet18 --pretrained a/b.pth.tar /data').methods;
    expect(method).toMatchObject({ recipe: { model: { arch: 'resnet18' } } });
    expect(JSON.stringify(method)).toContain('a/b.pth.tar');
  });
});

test.each(
  scripts.flatMap(({ name, flags }) =>
    flags.filter(({ setting }) => setting === undefined).map((flag) => [name, flag.names[0]!, flag] as const),
  ),
)('%s %s has no counterpart, and the recipe says so', (name, flag, { type, instead }) => {
  const value = { switch: '', int: ' 3', text: ' xyz', float: '', ints: '' }[type];
  const { yaml, dropped } = translateWords(splitWords(`python ${name} ${flag}${value} /data`));
  expect(dropped).toEqual([`${flag}${value} (${instead})`]);
  expect(yaml).toContain(`# No counterpart: ${flag}${value} (${instead})\n`);
  expect(instead).toBeTruthy();
});

test('the flags are those of the scripts', () => {
  const common =
    '-a --arch -j --workers --epochs --start-epoch -b --batch-size --lr --learning-rate --schedule --momentum --wd --weight-decay -p --print-freq --resume --world-size --rank --dist-url --dist-backend --seed --gpu --multiprocessing-distributed';
  const own = ['--moco-dim --moco-k --moco-m --moco-t --mlp --aug-plus --cos', '-e --evaluate --pretrained'];
  for (const [i, { flags }] of scripts.entries()) {
    expect(flags.flatMap(({ names }) => names).toSorted()).toEqual(
      `${common} ${own[i]}`.split(' ').toSorted(),
    );
  }
});

describe('argparse', () => {
  test.each([
    ['--batch-size=64', { batchSize: 64 }],
    ['-b64', { batchSize: 64 }],
    ['-b=64', { batchSize: 64 }],
    ['--batch 64', { batchSize: 64 }],
    ['-b 32 -b 64', { batchSize: 64 }],
    ['--sched=5 -b 256', { schedule: { milestones: [5] } }],
    ['--schedule -b 256', { schedule: { milestones: [] } }],
    ['--epochs 1_000', { epochs: 1000 }],
    ['--lr .5', { optimizer: { lr: 0.5 } }],
  ])('%s', (flags, effect) => {
    expect(pretrain(flags)).toMatchObject(effect);
  });

  test('milestones that training does not reach are left out, and named', () => {
    const { yaml, dropped } = translateWords(
      splitWords('main_moco.py --epochs 100 --schedule 80 200 40 --gpu 0'),
    );
    expect(yaml).toContain('milestones: [40, 80]\n');
    expect(dropped.at(-1)).toBe('--schedule 200 (training ends before it)');
  });

  test('switches can be written together with the flag behind them', () => {
    expect(
      translateWords(splitWords('main_lincls.py -ep 10 d')).dropped.map((line) => line.split(' (')[0]),
    ).toEqual(['--print-freq 10', '--evaluate']);
  });
});

describe('the shell', () => {
  test.each([
    ['a "b c" d\\ e', ['a', 'b c', 'd e']],
    ["'it'\\''s' \"q\\\"q\"", ["it's", 'q"q']],
    ['a \\\n  b # c', ['a', 'b']],
    ['a > log 2>&1', ['a']],
    ['a b && c', ['a', 'b']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not JavaScript's
    ['a $DATA "${B}/c" \'$D\'', ['a', '${DATA}', '${B}/c', '$D']],
    ["a '' b", ['a', '', 'b']],
  ])('%s', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  test.each([
    'CUDA_VISIBLE_DEVICES=0,1 python -u moco/main_moco.py --cos /d',
    'torchrun --nproc_per_node=8 ./main_moco.py --cos /d | tee log',
    'python3 -m torch.distributed.launch --nproc_per_node 8 main_moco.py --cos /d',
    'python -m main_moco --cos /d',
  ])('%s', (command) => {
    expect(resolve(command).methods[0]!.recipe).toMatchObject({
      schedule: { policy: 'cosine' },
      data: { root: '/d' },
    });
  });

  test('a variable of the shell is one of ours', () => {
    expect(resolve('python main_moco.py $DATA').methods[0]!.recipe.data.root).toBe('/from/env');
  });
});

test('problems, all at once, with what was meant', () => {
  expect(
    problemsOf('python main_moco.py --moco-temp 0.2 --ml --moco 3 -b x --lr /data more'),
  ).toMatchInlineSnapshot(`
    "TRANSLATE_UNKNOWN_FLAG
      Expected a flag of the script but found --moco-temp.
        hint: Did you mean --moco-dim?

    TRANSLATE_AMBIGUOUS_FLAG
      Expected the beginning of one flag but --moco could be --moco-dim or --moco-k or --moco-m or --moco-t.
        hint: Write the flag in full.

    TRANSLATE_FLAG_VALUE
      Expected a whole number for -b but received "x".
        hint: The script would refuse it too.

    TRANSLATE_FLAG_VALUE
      Expected a number for --lr but received "/data".
        hint: The script would refuse it too."
  `);
  expect(problemsOf('python main_moco.py a b')).toMatchInlineSnapshot(`
    "TRANSLATE_EXTRA_WORDS
      Expected one data folder but found "a", "b".
        hint: Quote a folder whose name has spaces."
  `);
  expect(problemsOf('python main_moco.py --schedule 5 5 --cos a')).toMatchInlineSnapshot(`
    "TRANSLATE_FLAG_VALUE
      Expected different epochs, 1 or later, for --schedule but received 5 5.
        hint: A rate that drops twice at once, or before the first epoch, has no counterpart; change --lr instead."
  `);
  expect(problemsOf('python main_moco.py --schedule 120 160 /data')).toMatchInlineSnapshot(`
    "TRANSLATE_FLAG_VALUE
      Expected whole numbers for --schedule but received "/data".
        hint: --schedule takes every word up to the next flag; put the data folder before it."
  `);
  expect(problemsOf('python main_moco.py --mlp=1 -b')).toMatchInlineSnapshot(`
    "TRANSLATE_FLAG_VALUE
      Expected no value for --mlp but received "1".
        hint: Write --mlp alone.

    TRANSLATE_FLAG_VALUE
      Expected a value for -b but none follows.
        hint: Write it behind the flag."
  `);
  expect(problemsOf('python main_mocco.py')).toMatchInlineSnapshot(`
    "TRANSLATE_UNKNOWN_SCRIPT
      Expected a command that runs main_moco.py or main_lincls.py but found main_mocco.py.
        hint: Did you mean main_moco.py?"
  `);
  expect(problemsOf('ls')).toMatchInlineSnapshot(`
    "TRANSLATE_UNKNOWN_SCRIPT
      Expected a command that runs main_moco.py or main_lincls.py but found neither.
        hint: For example: moco translate "python main_moco.py -a resnet50 --mlp --moco-t 0.2 --aug-plus --cos DIR"."
  `);
  expect(problemsOf('python main_moco.py "a')).toMatchInlineSnapshot(`
    "TRANSLATE_UNCLOSED_QUOTE
      Expected a second " but the command ends first: "a
        hint: Close the quote, or give the words themselves: moco translate -- python main_moco.py ..."
  `);
});
