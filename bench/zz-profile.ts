import { permutation, stream } from '../src/core/rng.ts';
import { createEngine } from '../src/engine/create-engine.ts';
import * as tf from '../src/engine/tf.ts';
import { createMoco } from '../src/moco/moco.ts';

const which = process.argv[2] ?? 'q';
const verbose = process.argv[3] !== 'quiet';
const steps = Number(process.argv[4] ?? 10);
const engine = await createEngine('torch');
const cs: any = {
  q: { model: { arch: 'resnet18', stem: 'imagenet', width: 16, bn: 'plain' }, size: 32, batch: 32 },
  c: { model: { arch: 'resnet18', stem: 'cifar', width: 64, bn: 'plain' }, size: 32, batch: 32 },
  i: { model: { arch: 'resnet18', stem: 'imagenet', width: 64, bn: 'plain' }, size: 224, batch: 8 },
  i32: {
    model: { arch: 'resnet18', stem: 'imagenet', width: 64, bn: 'plain' },
    size: 224,
    batch: 32,
    queue: 65536,
  },
};
for (const w of which.split(',')) {
  const { model, size, batch, queue = 4096 } = cs[w];
  const moco = createMoco({
    engine,
    model,
    moco: {
      dim: 128,
      queueSize: queue,
      keyMomentum: 0.99,
      temperature: 0.2,
      mlp: true,
      symmetric: false,
      shuffleBn: true,
    },
    optimizer: { lr: 0.03, momentum: 0.9, weightDecay: 1e-4 },
    seed: 0,
  });
  const rng = stream(0, 'bench');
  const draw = () => Float32Array.from({ length: batch * size * size * 3 }, () => rng.normal());
  const [queries, keys] = [draw(), draw()].map((pixels) => tf.tensor4d(pixels, [batch, size, size, 3]));
  const order = permutation(rng, batch);
  const once = () => moco.trainStep({ queries: queries!, keys: keys!, order, lr: 0.03 });
  await once();
  await once();
  engine.native!.startPeak();
  const times: number[] = [];
  let loss = 0;
  for (let i = 0; i < steps; i++) {
    const s = performance.now();
    loss = (await once()).loss;
    times.push(performance.now() - s);
  }
  times.sort((a, b) => a - b);
  const med = times[steps >> 1]!;
  const m = engine.native!.memory();
  console.log(
    `${w}: ${((1000 * batch) / med).toFixed(1)} img/s  median ${med.toFixed(1)} ms (min ${times[0]!.toFixed(1)}) loss ${loss.toFixed(5)} peak ${(m.peakBytes / 1e6).toFixed(0)} MB reserved ${(m.reservedBytes / 1e6).toFixed(0)} rss ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)}`,
  );
  if (verbose) {
    engine.native!.startProfile();
    const s = performance.now();
    for (let i = 0; i < steps; i++) await once();
    const wall = (performance.now() - s) / steps;
    const p = engine.native!.stopProfile();
    const rows = Object.entries(p)
      .map(([name, { calls, ms }]) => ({ name, calls: calls / steps, ms: ms / steps }))
      .sort((a, b) => b.ms - a.ms);
    const native = rows.reduce((a, r) => a + r.ms, 0);
    console.log(
      `  wall ${wall.toFixed(2)} native ${native.toFixed(2)} js ${(wall - native).toFixed(2)} calls ${rows.reduce((a, r) => a + r.calls, 0)}`,
    );
    for (const r of rows.slice(0, 22))
      console.log(
        `  ${r.name.padEnd(24)} ${r.calls.toFixed(0).padStart(6)} ${r.ms.toFixed(3).padStart(9)} ms`,
      );
  }
  tf.dispose([queries!, keys!]);
  moco.dispose();
}
