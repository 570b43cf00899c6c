// The command line itself: usage, help, completion, and what it never loads.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeRanks } from '../../src/cli/describe-ranks.ts';
import type { InstalledAddon } from '../../src/engine/torch/addon-file.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { runCli } from '../helpers/run-cli.ts';

describe('usage', () => {
  test.each([
    [['rnu', 'a.yaml'], "error: unknown command 'rnu'\n(Did you mean run?)\n"],
    [['plan', 'a.yaml', '--fromat', 'json'], "error: unknown option '--fromat'\n(Did you mean --format?)\n"],
    [['plan'], "error: missing required argument 'file'\n"],
    [
      ['plan', 'a.yaml', '--format', 'dot'],
      "error: option '--format <format>' argument 'dot' is invalid. Allowed choices are tree, mermaid, json.\n",
    ],
    [
      ['run', 'a.yaml', '--trials', '0'],
      "error: option '--trials <n>' argument '0' is invalid. Expected a whole number >= 1.\n",
    ],
    [
      ['run', 'a.yaml', '--only', 'train'],
      "error: option '--only <kind>' argument 'train' is invalid. Allowed choices are pretrain, extract, sanity-check, lincls, knn, detection, report.\n",
    ],
    [
      ['ui', '--port', '65536'],
      "error: option '--port <n>' argument '65536' is invalid. Expected a whole number from 0 to 65535.\n",
    ],
    [
      ['data', 'fetch', 'cifar100'],
      "error: command-argument value 'cifar100' is invalid for argument 'name'. Allowed choices are cifar10.\n",
    ],
  ])('%j is refused with exit code 2', async (args, text) => {
    const { code, stderr } = await runCli(args);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });

  test.each([
    [],
    ['validate'],
    ['plan'],
    ['run'],
    ['report'],
    ['config'],
    ['status'],
    ['ui'],
    ['verify-resume'],
    ['data'],
    ['doctor'],
    ['completion'],
  ])('moco %s --help explains itself', async (...command) => {
    const { code, stdout } = await runCli([...command.filter(Boolean), '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: moco/);
  });

  test('without a command, the help comes with exit code 2', async () => {
    const { code, stderr } = await runCli([]);
    expect(code).toBe(2);
    expect(stderr).toContain('Commands:');
  });

  test('--version is that of the package', async () => {
    expect((await runCli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('validate', () => {
  test('shows all problems of all files, and which files are valid', async () => {
    const folder = makeFolder();
    writeFileSync(
      path.join(folder, 'good.yaml'),
      'kind: pretrain\ndata: { dataset: cifar10 }\nmoco: { queueSize: 4096, shuffleBn: false }\naugment: [{ op: randomResizedCrop, size: 32 }]\n',
    );
    writeFileSync(path.join(folder, 'bad.yaml'), 'kind: pretrain\nepochs: 0\nmoco: { queuesize: 4096 }\n');
    const { code, stdout, stderr } = await runCli(['validate', 'good.yaml', 'bad.yaml'], { cwd: folder });
    expect(code).toBe(2);
    expect(stdout).toBe('good.yaml: valid\n');
    expect(stderr).toBe(`bad.yaml:2:9  CONFIG_OUT_OF_RANGE
  Expected a number >= 1 for epochs but received 0.

    2 | epochs: 0
      |         ~
    hint: Allowed: 1 to 100000.

bad.yaml:3:9  CONFIG_UNKNOWN_KEY
  Expected a known key in moco but found queuesize.

    3 | moco: { queuesize: 4096 }
      |         ~~~~~~~~~
    hint: Did you mean queueSize?

bad.yaml: 2 problems
`);
  });
});

test('config says where each value came from', async () => {
  const { stdout } = await runCli([
    'config',
    'configs/mocov2.yaml',
    '--set',
    'moco.temperature=0.1',
    '--data',
    'imgs',
  ]);
  expect(stdout).toMatch(/^ {2}temperature: 0\.1 +# --set moco\.temperature=0\.1$/m);
  expect(stdout).toMatch(/^ {2}mlp: true +# configs\/mocov2\.yaml:\d+$/m);
  expect(stdout).toMatch(/^ {2}queueSize: 65536 +# configs\/mocov1\.yaml:\d+$/m);
  expect(stdout).toMatch(/^ {2}symmetric: false +# default$/m);
  expect(stdout).toMatch(/^ {2}root: imgs +# --data imgs$/m);
});

test('doctor finds the engines that are here and says why others are not', async () => {
  const env = { MOCO_CACHE: makeFolder() };
  const { code, stdout } = await runCli(['doctor', '--json'], { env });
  expect(code).toBe(0);
  const found = JSON.parse(stdout);
  expect(found.engines).toMatchObject([
    {
      name: 'torch',
      available: false,
      reason: 'it is not installed; `moco engine install torch` builds it',
    },
    {
      name: 'tensorflow',
      available: false,
      reason: 'it is not installed; `moco engine install tensorflow` sets it up',
    },
    { name: 'wasm', available: true, description: { simd: true } },
    { name: 'cpu', available: true },
  ]);
  expect(found.cores).toBeGreaterThan(0);
  expect(found.ranks).toBe('over TCP; with the engine torch in shared memory, over Gloo, or NCCL');
  expect((await runCli(['doctor'])).stdout).toContain('ready: tfjs');
});

test('doctor says how ranks on several machines talk, and what brings a better way', () => {
  const say = (installed: object) =>
    describeRanks({ state: 'ready', installed: { cuda: false, ...installed } as InstalledAddon });
  expect(say({ glooModule: '/cache/gloo.so' })).toBe('in shared memory, across machines over Gloo');
  expect(say({ cuda: true })).toBe(
    'on GPUs over NCCL; on CPUs in shared memory, across machines over TCP, because there was no Gloo to build against (on Debian and Ubuntu `apt-get install libgloo-dev`, then `moco engine install torch`)',
  );
});

test('a folder that is no libtorch is refused by the install of torch', async () => {
  const { code, stderr } = await runCli(['engine', 'install', 'torch', '--libtorch', 'nowhere'], {
    env: { MOCO_CACHE: makeFolder() },
  });
  expect(code).toBe(2);
  expect(stderr).toBe(`TORCH_UNUSABLE
  Expected --libtorch to be a libtorch of 1.13 or newer with headers, but nowhere does not exist.
    hint: Leave --libtorch out to let \`moco engine install torch\` look for one, or give it a folder with include/ and lib/: an unpacked libtorch archive, or what \`python3 -c 'import torch; print(torch.__path__[0])'\` prints.
`);
});

test('an engine that is asked for and not installed fails its stage with the command that mends it', async () => {
  const folder = makeFolder();
  writeFileSync(
    path.join(folder, 'a.yaml'),
    'kind: pretrain\nepochs: 1\nbatchSize: 16\nmoco: { queueSize: 32 }\ndata: { dataset: synthetic, synthetic: { classes: 2, train: 320, val: 8, size: 8 } }\naugment: [{ op: randomHorizontalFlip }]\n',
  );
  const { code, stdout } = await runCli(['run', 'a.yaml', '--engine', 'torch'], {
    cwd: folder,
    env: { MOCO_CACHE: makeFolder() },
  });
  expect(code).toBe(1);
  expect(stdout).toContain(`  ENGINE_UNAVAILABLE
  Expected the engine torch to start, but torch: it is not installed; \`moco engine install torch\` builds it.
`);
});

test('the bash completion knows commands, options and choices', async () => {
  const { stdout } = await runCli(['completion', 'bash']);
  const complete = (...words: readonly string[]) =>
    execFileSync('bash', [
      '-c',
      `${stdout}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _moco; echo "\${COMPREPLY[@]}"`,
    ])
      .toString()
      .trim()
      .split(' ');
  expect(complete('moco', 'va')).toEqual(['validate']);
  expect(complete('moco', 'run', 'a.yaml', '--fail')).toEqual(['--failure-mode']);
  expect(complete('moco', 'plan', 'a.yaml', '--format', '')).toEqual(
    expect.arrayContaining(['tree', 'mermaid', 'json']),
  );
  expect(complete('moco', 'data', 'fetch', 'ci')).toEqual(['cifar10']);
});

test.each(['zsh', 'fish'])('the %s completion names every command', async (shell) => {
  const { stdout } = await runCli(['completion', shell]);
  for (const name of ['validate', 'plan', 'run', 'report', 'status', 'data', 'doctor', 'failure-mode'])
    expect(stdout).toContain(name);
});

test('a bug ends with exit code 70 and asks for a report', async () => {
  const breaking = "process.stdout.write = () => { throw new TypeError('out of order'); };";
  const { code, stderr } = await runCli(['status', '.'], {
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(breaking)}` },
  });
  expect(code).toBe(70);
  expect(stderr).toContain(
    'This is a bug in mocolab. Please report it with the lines below.\n\nTypeError: out of order',
  );
});
