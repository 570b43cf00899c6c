import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeConverted } from '../../src/cli/convert.ts';
import type { HostTensor, TensorMap } from '../../src/core/host-tensor.ts';
import { describeFile, namePublished } from '../../src/files/describe-file.ts';
import { withTensors } from '../../src/files/open-tensors.ts';
import { PyOrderedDict } from '../../src/files/pickle/python-values.ts';
import { toStored } from '../../src/files/stored-tensor.ts';
import { buildSgdState } from '../../src/files/torch/sgd-state.ts';
import { listState } from '../../src/model/parameter-list.ts';
import { drawStartValues } from '../../src/model/start-values.ts';
import { writeTorchFile } from '../../src/runs/checkpoint.ts';
import { readTensorFile, writeTensorFile } from '../../src/runs/tensor-file.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { runCli } from '../helpers/run-cli.ts';

const model = { arch: 'resnet18', stem: 'cifar', width: 4, bn: 'plain' } as const;
const head = { dim: 16, mlp: true };
const encoder: TensorMap = drawStartValues(listState(model, head), 1);
const backbone = new Map([...encoder].filter(([name]) => !name.startsWith('fc.')));
const queue: HostTensor = { dtype: 'float32', shape: [16, 32], values: new Float32Array(512).fill(0.25) };
const pointer: HostTensor = { dtype: 'int64', shape: [1], values: BigInt64Array.of(8n) };

/** A folder with MoCo's checkpoint of one encoder, and whatever is made of it. */
function makeCheckpoint(name = 'moco.pth.tar') {
  const folder = makeFolder();
  const place = (file: string) => path.join(folder, file);
  const state = new Map<string, HostTensor>([
    ['module.queue', queue],
    ['module.queue_ptr', pointer],
  ]);
  for (const prefix of ['module.encoder_q.', 'module.encoder_k.']) {
    for (const [key, tensor] of encoder) state.set(prefix + key, tensor);
  }
  const momentumBuffers = [encoder.get('conv1.weight')!];
  const content = new Map<string, unknown>([
    ['epoch', 200n],
    ['arch', 'resnet18'],
    ['state_dict', new PyOrderedDict([...state].map(([key, tensor]) => [key, toStored(tensor)]))],
    [
      'optimizer',
      buildSgdState({ momentumBuffers, parameters: 2, lr: 0.03, momentum: 0.9, weightDecay: 1e-4 }),
    ],
  ]);
  writeTorchFile(place(name), content);
  return { checkpoint: place(name), folder, place, state };
}

const bitsOf = (file: string) =>
  withTensors(file, ({ tensors }) =>
    [...tensors].map(([name, tensor]) => [
      name,
      tensor.dtype,
      tensor.shape,
      Buffer.from(tensor.read()).toString('hex'),
    ]),
  );
const everythingOf = (file: string) => {
  const { tensors, others, epoch, layout, architecture } = describeFile(file);
  return { tensors, others, epoch, layout, architecture };
};

describe('moco inspect', () => {
  test('tells format, layout, architecture, queue and epoch', () => {
    const { checkpoint } = makeCheckpoint();
    const { tensors, others, md5, bytes, ...rest } = describeFile(checkpoint);
    expect(rest).toEqual({
      path: checkpoint,
      format: 'torch-zip',
      published: null,
      layout: 'facebookresearch/moco',
      prefix: 'module.encoder_q.',
      architecture: {
        arch: 'resnet18',
        block: 'basic',
        depths: [2, 2, 2, 2],
        stem: 'cifar',
        width: 4,
        featureDim: 32,
        head: { kind: 'mlp', sizes: [32, 32, 16] },
      },
      queue: { dim: 16, size: 32 },
      epoch: 200,
    });
    expect(md5).toMatch(/^[0-9a-f]{32}$/);
    expect(bytes).toBeGreaterThan(100_000);
    expect(tensors).toHaveLength(2 * encoder.size + 2);
    expect(tensors[0]).toEqual({
      name: 'module.queue',
      shape: [16, 32],
      dtype: 'float32',
      mean: 0.25,
      std: 0,
      nan: 0,
    });
    expect(others).toMatchObject([{ name: 'optimizer.state.0.momentum_buffer', shape: [4, 3, 3, 3] }]);
  });

  test('knows the published checkpoints by their md5', () => {
    const starts = ['b251726a', '59fd9945', 'a04e12f8', '00000000'];
    expect(starts.map((start) => namePublished(start.padEnd(32, '0')))).toEqual([
      'moco_v1_200ep',
      'moco_v2_200ep',
      'moco_v2_800ep',
      undefined,
    ]);
  });

  test('counts NaN and leaves them out of mean and deviation', () => {
    const file = path.join(makeFolder(), 'x.safetensors');
    writeTensorFile(
      file,
      new Map<string, HostTensor>([
        ['some', { dtype: 'float32', shape: [4], values: Float32Array.of(1, Number.NaN, 3, 5) }],
        ['all', { dtype: 'float32', shape: [1], values: Float32Array.of(Number.NaN) }],
        ['none', { dtype: 'int64', shape: [0], values: new BigInt64Array() }],
      ]),
    );
    expect(describeFile(file).tensors.map(({ name, mean, std, nan }) => [name, mean, std, nan])).toEqual([
      ['some', 3, Math.sqrt(8 / 3), 1],
      ['all', null, null, 1],
      ['none', null, null, 0],
    ]);
  });

  test('as a command, prints facts and a table', async () => {
    const { checkpoint } = makeCheckpoint();
    const { code, stdout, stderr } = await runCli(['inspect', checkpoint]);
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    expect(
      lines.slice(1, 8).map((line) => line.replace(/[0-9a-f]{32}/, 'MD5').replace(/[\d.]+ kB/, 'SIZE')),
    ).toEqual([
      '  format        PyTorch, zip, SIZE',
      '  md5           MD5, not a published one',
      '  layout        facebookresearch/moco, encoder under module.encoder_q.',
      '  architecture  resnet18, stem cifar, width 4, 32 features',
      '  head          mlp, 32 -> 32 -> 16',
      '  queue         32 keys of 16',
      '  epoch         200',
    ]);
    expect(lines[9]).toMatch(/^Network: 250 tensors +shape +dtype +mean +std +NaN$/);
    expect(lines[10]).toMatch(/^module\.queue +\[16,32\] +float32 +0\.2500 +0\.000 +0$/);
    const json = await runCli(['inspect', checkpoint, '--json']);
    expect(JSON.parse(json.stdout)).toEqual(describeFile(checkpoint));
  });
});

describe('moco convert', () => {
  test('MoCo -> safetensors -> MoCo keeps every tensor, the optimiser and the epoch', () => {
    const { checkpoint, place } = makeCheckpoint();
    const there = writeConverted(checkpoint, place('all.safetensors'), { encoder: false });
    expect([there.what, there.kept, there.dropped]).toEqual(['everything', 2 * encoder.size + 3, []]);
    const back = writeConverted(place('all.safetensors'), place('back.pth.tar'), { encoder: false });
    expect([back.what, back.kept, back.dropped]).toEqual(['the whole checkpoint', 2 * encoder.size + 3, []]);
    expect(everythingOf(place('back.pth.tar'))).toEqual(everythingOf(checkpoint));
    expect(bitsOf(place('back.pth.tar'))).toEqual(bitsOf(checkpoint));
  });

  test('every format of number is kept, whatever the way', () => {
    const fixture = path.resolve('test/fixtures/torch/torch-2.15-legacy.pth');
    const folder = makeFolder();
    const [between, back] = ['a.safetensors', 'b.safetensors'].map((name) => path.join(folder, name)) as [
      string,
      string,
    ];
    writeConverted(fixture, between, { encoder: false });
    writeConverted(between, back, { encoder: false });
    const byName = (file: string) => bitsOf(file).sort(([a], [b]) => String(a).localeCompare(String(b)));
    expect(byName(back)).toEqual(byName(between));
    expect(byName(between).filter(([name]) => !/^(optimizer|best_acc1)/.test(String(name)))).toEqual(
      byName(fixture),
    );
  });

  const encoders: [string, string, boolean, string][] = [
    ['the encoder as safetensors', 'encoder.safetensors', true, 'the backbone'],
    [
      "torchvision's state dict",
      'encoder.pth',
      false,
      'the backbone as torchvision’s state dict, without fc',
    ],
    [
      'the same by its other name',
      'encoder.pt',
      false,
      'the backbone as torchvision’s state dict, without fc',
    ],
  ];
  test.each(encoders)(
    'MoCo -> %s: the bits of encoder_q under torchvision’s names',
    (_, name, only, what) => {
      const { checkpoint, place } = makeCheckpoint();
      expect(writeConverted(checkpoint, place(name), { encoder: only }).what).toBe(what);
      expect([...readTensorFile(place(name)).tensors]).toEqual([...backbone]);
    },
  );

  test("MoCo -> Detectron2 -> torchvision: through Detectron2's names and back", () => {
    const { checkpoint, place } = makeCheckpoint();
    expect(writeConverted(checkpoint, place('d.pkl'), { encoder: false }).kept).toBe(encoder.size);
    const names = [...readTensorFile(place('d.pkl')).tensors.keys()];
    expect(names.slice(0, 3)).toEqual([
      'stem.conv1.weight',
      'stem.conv1.norm.weight',
      'stem.conv1.norm.bias',
    ]);
    expect(names).toContain('res3.0.shortcut.norm.running_mean');
    writeConverted(place('d.pkl'), place('back.pth'), { encoder: false });
    expect([...readTensorFile(place('back.pth')).tensors]).toEqual([...backbone]);
  });

  test('torchvision -> MoCo: an encoder that main_lincls.py --pretrained takes', () => {
    const { place } = makeCheckpoint();
    writeTensorFile(place('encoder.safetensors'), backbone);
    writeConverted(place('encoder.safetensors'), place('new.pth.tar'), { encoder: false });
    expect(describeFile(place('new.pth.tar'))).toMatchObject({
      layout: 'facebookresearch/moco',
      epoch: 0,
      architecture: { arch: 'resnet18' },
    });
  });

  test('a classifier keeps its fc', () => {
    const { place } = makeCheckpoint();
    const fc: HostTensor = { dtype: 'float32', shape: [10, 32], values: new Float32Array(320) };
    writeTensorFile(place('classifier.safetensors'), new Map([...backbone, ['fc.weight', fc]]));
    writeConverted(place('classifier.safetensors'), place('classifier.pth'), { encoder: false });
    expect(readTensorFile(place('classifier.pth')).tensors.get('fc.weight')).toEqual(fc);
  });

  test('--strict names each tensor that is left out, and says why', async () => {
    const { checkpoint, place } = makeCheckpoint();
    const brief = await runCli(['convert', checkpoint, place('a.pth')]);
    expect(brief.stdout.split('\n')).toEqual([
      `${place('a.pth')}: the backbone as torchvision’s state dict, without fc, 120 tensors`,
      '  left out 2: the queue of negatives: only pre-training needs it',
      '  left out 4: the projection head: no part of the backbone',
      '  left out 124: the key encoder: only pre-training needs it',
      '  left out 1: the optimiser’s state: only resuming needs it',
      '  (--strict names each)',
      '',
    ]);
    const strict = await runCli(['convert', checkpoint, place('b.pth'), '--strict']);
    const listed = strict.stdout.split('\n').filter((line) => line.startsWith('    '));
    expect(listed).toHaveLength(131);
    expect(listed).toContain('    optimizer.state.0.momentum_buffer');
    expect(bitsOf(place('a.pth'))).toEqual(bitsOf(place('b.pth')));
  });

  describe('refuses', () => {
    const problemOf = (from: string, to: string, only = false) =>
      catchProblems(() => writeConverted(from, to, { encoder: only }));

    test('a name that says no form', () => {
      const { checkpoint } = makeCheckpoint();
      expect(problemOf(checkpoint, '/tmp/x.onnx')).toEqual([
        {
          code: 'CONVERT_TARGET_UNKNOWN',
          message:
            'Expected the name of the new file to end in .pth.tar, .pth, .pt, .safetensors or .pkl but received /tmp/x.onnx.',
          hint: '.pth.tar: MoCo’s checkpoint; .pth or .pt: torchvision’s state dict; .pkl: Detectron2; .safetensors: everything, or with --encoder the encoder.',
        },
      ]);
    });

    test('to write over what it reads', () => {
      const { checkpoint } = makeCheckpoint();
      expect(problemOf(checkpoint, checkpoint)).toEqual([
        {
          code: 'CONVERT_SAME_FILE',
          message: `Expected two names but both are ${checkpoint}.`,
          hint: 'A file is not converted in place: give the new one another name.',
        },
      ]);
    });

    test('a file without an encoder, and leaves nothing behind', () => {
      const { place, folder } = makeCheckpoint();
      writeTensorFile(place('vit.safetensors'), new Map([['vit.embed.weight', queue]]));
      const before = readdirSync(folder);
      expect(problemOf(place('vit.safetensors'), place('out.pkl'))).toEqual([
        {
          code: 'CONVERT_NO_ENCODER',
          message: `Expected a ResNet encoder of a known layout in ${place('vit.safetensors')} but its 1 tensors have other names.`,
          hint: 'They begin with: vit.embed.',
        },
      ]);
      expect(readdirSync(folder)).toEqual(before);
    });

    test('bfloat16 for numpy, which has none', () => {
      const { place } = makeCheckpoint();
      const half = new Map(
        [...backbone].map(([name, { shape }]) => [
          name,
          { dtype: 'bfloat16', shape, read: () => new Uint8Array(2 * shape.reduce((a, b) => a * b, 1)) },
        ]),
      );
      writeTorchFile(place('half.pth'), half);
      expect(problemOf(place('half.pth'), place('out.pkl'))).toEqual([
        {
          code: 'CONVERT_DTYPE',
          message: 'Expected formats that numpy has but conv1.weight is bfloat16.',
          hint: 'Convert it to float32 before.',
        },
      ]);
    });

    test('a note of ours that another program changed', () => {
      const { place } = makeCheckpoint();
      for (const note of [
        '{',
        '{"tensor":"missing"}',
        '{"global":"os.system"}',
        '{}',
        '3',
        '{"dict":[1]}',
        '{"ordered":[[null]]}',
        '{"tuple":1}',
        '{"int":"1x"}',
        `${'['.repeat(200)}${']'.repeat(200)}`,
      ]) {
        writeTensorFile(
          place('x.safetensors'),
          new Map([...encoder].map(([name, tensor]) => [`module.encoder_q.${name}`, tensor])),
          { 'mocolab.content': note },
        );
        expect(problemOf(place('x.safetensors'), place('out.pth.tar'))).toEqual([
          {
            code: 'CONVERT_SKELETON_INVALID',
            message: `Expected mocolab.content of ${place('x.safetensors')} to describe a checkpoint of its tensors but it doesn't.`,
            hint: 'Another program changed the file. Convert its encoder alone: to .pth, or with --encoder.',
          },
        ]);
      }
    });

    test('values that JSON would not hold', () => {
      const { place } = makeCheckpoint();
      let deep: unknown = 1n;
      for (let i = 0; i < 200; i++) deep = [deep];
      writeTorchFile(
        place('deep.pth.tar'),
        new Map<string, unknown>([
          ['state_dict', new Map([['w', toStored(queue)]])],
          ['deep', deep],
        ]),
      );
      expect(problemOf(place('deep.pth.tar'), place('out.safetensors'))).toEqual([
        {
          code: 'CONVERT_UNWRITABLE',
          message:
            'Expected a checkpoint of plain values and tensors but its values are nested too deep, or too many.',
          hint: 'Convert the encoder alone, with --encoder.',
        },
      ]);
    });
  });
});
