// A step as a CUDA graph, as far as a machine without a GPU can tell. Nothing of a step may be baked into the graph: so
// steps are compared by all that they call, and the calls of one recorded step are made again and again with other
// inputs and have to train to the same bits. What stands in for CUDA here is `helpers/watch-addon`.

import * as tfjs from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { MocoConfig, ModelConfig } from '../../src/config/schema/recipe.generated.ts';
import { permutation, stream } from '../../src/core/rng.ts';
import type { Capture } from '../../src/engine/capture.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';
import type { TorchBackend } from '../../src/engine/torch/backend.ts';
import { loadAddon, type TorchAddon } from '../../src/engine/torch/binding.ts';
import { createCapture } from '../../src/engine/torch/capture.ts';
import { createMoco, type Moco } from '../../src/moco/moco.ts';
import { smallMoco } from '../helpers/small-moco.ts';
import { nameHandles, watchAddon } from '../helpers/watch-addon.ts';

const N = 8;

interface Case {
  readonly title: string;
  readonly moco?: Partial<MocoConfig>;
  readonly model?: Partial<ModelConfig>;
  /** Side of the images; absent: 8. Strides must not meet a single pixel: oneDNN 2.6 leaves gaps there in bfloat16. */
  readonly size?: number;
}

const cases: readonly Case[] = [
  { title: 'MoCo v1', moco: { mlp: false, temperature: 0.07 }, model: { stem: 'imagenet' }, size: 32 },
  { title: 'MoCo v2' },
  { title: 'bottlenecks', model: { arch: 'resnet50' } },
  { title: 'split statistics', model: { bn: 'split 2' } },
  { title: 'the symmetric loss', moco: { symmetric: true }, model: { bn: 'split 2' } },
  { title: 'no ShuffleBN', moco: { shuffleBn: false } },
];
const forms = [
  { form: 'as on a CPU in fp32', composed: false, bf16: false },
  { form: 'as on a GPU in fp32', composed: true, bf16: false },
  { form: 'as on a GPU in bf16', composed: true, bf16: true },
];
const combinations = forms
  .flatMap((form) => cases.map((each) => ({ ...form, ...each })))
  .filter(({ composed, title }) => composed || /v2|symmetric/.test(title));

function create(engine: Engine, { moco, model }: Omit<Case, 'title'>): Moco {
  return createMoco({
    engine,
    model: { arch: 'resnet18', stem: 'cifar', width: 4, bn: 'plain', ...model },
    moco: { ...smallMoco, ...moco },
    optimizer: { lr: 0.05, momentum: 0.9, weightDecay: 1e-4 },
    seed: 0,
  });
}

/** Everything of step `i` that differs from the others. */
function drawBatch(i: number, size: number) {
  const rng = stream(i, 'images');
  const draw = () =>
    tf.tensor4d(
      Float32Array.from({ length: N * size * size * 3 }, () => rng.normal()),
      [N, size, size, 3],
    );
  return { queries: draw(), keys: draw(), order: permutation(rng, N), lr: 0.05 / (1 + i) };
}

async function take(
  training: Pick<Moco, 'trainStep'> | ReturnType<Moco['captureStep']>,
  i: number,
  size = 8,
) {
  const batch = drawBatch(i, size);
  const measure = await training.trainStep(batch);
  tf.dispose([batch.queries, batch.keys]);
  return measure;
}

describe.skipIf(!readInstalledAddon())('a captured step', () => {
  let engine: Engine;
  let addon: TorchAddon;
  let backend: TorchBackend;
  let watch: ReturnType<typeof watchAddon>;
  let counts: { recorded: number; replayed: number };
  beforeAll(async () => {
    engine = await createEngine('torch', { device: 'cpu' });
    expect(engine.memory().tensors).toBe(0);
    addon = loadAddon(readInstalledAddon()!.addon);
    watch = watchAddon(addon);
    counts = watch.standInForGraphs();
    backend = tfjs.backend() as TorchBackend;
    engine = { ...engine, capture: createCapture(backend) };
  });
  beforeEach(() => {
    counts.recorded = counts.replayed = 0;
  });
  afterAll(() => {
    addon.useComposed(false);
    addon.useBfloat16(false);
    expect(engine.memory().tensors).toBe(0);
    expect(addon.memory().tensors).toBe(0);
  });
  const select = ({ composed, bf16 }: { readonly composed: boolean; readonly bf16: boolean }) => {
    addon.useComposed(composed);
    addon.useBfloat16(bf16);
  };

  test.each(combinations)(
    'calls the same with every batch, and looks at no value: $title, $form',
    async (of) => {
      select(of);
      const traces: unknown[] = [];
      const capture: Capture = (step) => ({
        run: (inputs) => {
          const names = new Map(
            Object.entries(inputs).map(([name, tensor]) => [backend.handleOf(tensor), name] as const),
          );
          for (const [name, variable] of Object.entries(tfjs.engine().state.registeredVariables))
            names.set(backend.handleOf(variable), name);
          const { result, calls } = watch.listen(() => step(inputs));
          traces.push(nameHandles(calls, names));
          return result;
        },
        dispose: () => {},
      });
      const moco = create({ ...engine, capture }, of);
      const training = moco.captureStep();
      for (let i = 0; i < 4; i++) await take(training, i, of.size);
      moco.dispose();
      const [, second, third, fourth] = traces as ReturnType<typeof nameHandles>[];
      expect(second!.length).toBeGreaterThan(100);
      expect(third).toEqual(second);
      expect(fourth).toEqual(second);
      expect(JSON.stringify(second)).not.toContain('<unknown>');
      expect(second!.filter(({ name }) => name === 'toHost')).toEqual([]);
    },
  );

  test.each(combinations)(
    'that is recorded once and replayed trains to the bits of trainStep: $title, $form',
    async (of) => {
      select(of);
      const [plain, replayed] = [create(engine, of), create(engine, of)];
      const training = replayed.captureStep();
      for (let i = 0; i < 9; i++)
        expect(await take(training, i, of.size)).toEqual(await take(plain, i, of.size));
      expect(counts).toEqual({ recorded: 1, replayed: 6 });
      expect(await replayed.toTensors()).toEqual(await plain.toTensors());
      training.dispose();
      plain.dispose();
      replayed.dispose();
    },
  );

  test('may be mixed with what else is done with the networks: they are evaluated, read, trained and loaded between', async () => {
    select({ composed: true, bf16: true });
    const [plain, replayed] = [create(engine, {}), create(engine, {})];
    const training = replayed.captureStep();
    const evaluate = async (moco: Moco) => {
      const { queries, keys } = drawBatch(100, 8);
      const features = tf.tidy(() => [
        moco.queryEncoder.extractFeatures(queries),
        moco.keyEncoder.encode(keys, { training: false }),
      ]);
      const values = await Promise.all(features.map((each) => each.data()));
      tf.dispose([queries, keys, ...features]);
      return values;
    };
    for (let i = 0; i < 20; i++) {
      expect(await take(training, i)).toEqual(await take(plain, i));
      if (i % 2 === 0) expect(await evaluate(replayed)).toEqual(await evaluate(plain));
      if (i === 7) expect(await take(replayed, 50)).toEqual(await take(plain, 50));
      if (i === 11) for (const moco of [plain, replayed]) moco.loadTensors(await plain.toTensors());
    }
    expect(counts).toEqual({ recorded: 2, replayed: 9 + 5 });
    expect(await replayed.toTensors()).toEqual(await plain.toTensors());
    training.dispose();
    plain.dispose();
    replayed.dispose();
  });

  test('leaves a clone of a variable as it was: it runs as it is while there is one', () => {
    select({ composed: false, bf16: false });
    const variable = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
    const velocity = tf.tidy(() => tf.variable(tf.tensor1d([0, 0])));
    const step = engine.capture(({ gradient, lr }: { gradient: tf.Tensor; lr: tf.Tensor }) => {
      const options = { lr: lr as tf.Scalar, momentum: 0, weightDecay: 0 };
      engine.ops.sgdStep([variable], [gradient], [velocity], options);
      return { now: tf.add(variable as tf.Tensor, 0) };
    });
    const run = (value: number) => {
      const inputs = { gradient: tf.tensor1d([value, 1]), lr: tf.scalar(1) };
      const { now } = step.run(inputs);
      const values = [...now.dataSync()];
      tf.dispose([now, ...Object.values(inputs)]);
      return values;
    };
    expect([1, 2, 3, 4, 5].map(run).at(-1)).toEqual([1 - 15, 2 - 5]);
    expect(counts).toEqual({ recorded: 1, replayed: 2 });
    const clone = tf.clone(variable as tf.Tensor);
    expect(run(10)).toEqual([-24, -4]);
    expect([...clone.dataSync()]).toEqual([-14, -3]);
    clone.dispose();
    expect(counts.replayed).toBe(2);
    expect([0, 0, 0].map(run).at(-1)).toEqual([-24, -7]);
    expect(counts).toEqual({ recorded: 2, replayed: 3 });
    step.dispose();
    tf.dispose([variable, velocity]);
  });

  test('that looks at a value ends with an error, and the engine goes on', () => {
    const step = engine.capture(({ x }: { x: tf.Tensor }) => {
      x.dataSync();
      return { y: tf.square(x) };
    });
    const x = tf.scalar(3);
    const run = () => tf.tidy(() => step.run({ x }).y.dataSync()[0]);
    expect([run(), run(), run()]).toEqual([9, 9, 9]);
    expect(run).toThrow("the host can't look at values while a step is recorded");
    expect(tf.tidy(() => tf.square(x).dataSync()[0])).toBe(9);
    x.dispose();
    step.dispose();
  });

  test('names the kernel whose result has a shape that only values tell', () => {
    const step = engine.capture(({ x }: { x: tf.Tensor }) => ({ y: tfjs.unique(x).values }));
    const x = tf.tensor1d([3, 3]);
    const run = () => tf.tidy(() => [...step.run({ x }).y.dataSync()]);
    expect([run(), run(), run()]).toEqual([[3], [3], [3]]);
    expect(run).toThrow("Unique(x float32 [2]): the host can't look at values while a step is recorded");
    x.dispose();
    step.dispose();
  });
});
