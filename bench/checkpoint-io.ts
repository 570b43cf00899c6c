// Writes and reads a checkpoint of MoCo's size (ResNet-50, both encoders, velocity, 65,536 keys), and lets
// PyTorch do the same with the same file in turns, each in a process that is warm.
//   npx tsx bench/checkpoint-io.ts [python]      (a Python with torch; default python3)

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { HostTensor } from '../src/core/host-tensor.ts';
import { toStored } from '../src/files/stored-tensor.ts';
import { listState } from '../src/model/parameter-list.ts';
import { writeTorchFile } from '../src/runs/checkpoint.ts';
import { readTensorFile } from '../src/runs/tensor-file.ts';

const RUNS = 7;
const PEER = `
import sys, time, torch
for line in sys.stdin:
    source, target = line.split()
    start = time.perf_counter()
    content = torch.load(source, map_location="cpu")
    content = {k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in content["state_dict"].items()}
    read = time.perf_counter()
    torch.save({"state_dict": content}, target)
    print(1000 * (read - start), 1000 * (time.perf_counter() - read), flush=True)
`;

const python = process.argv[2] ?? 'python3';
const folder = mkdtempSync(path.join(os.tmpdir(), 'mocolab-io-'));
const [ours, theirs] = ['ours.pth.tar', 'theirs.pth.tar'].map((name) => path.join(folder, name)) as [
  string,
  string,
];
const content = makeContent();
const peer = spawn(python, ['-c', PEER], { stdio: ['pipe', 'pipe', 'inherit'] });
const answers = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
const times: { [what: string]: number[] } = {
  'write ours': [],
  'read ours': [],
  'write PyTorch': [],
  'read PyTorch': [],
};
try {
  for (let run = 0; run <= RUNS; run++) {
    const write = measure(() => writeTorchFile(ours, content));
    const read = measure(() => readTensorFile(ours));
    peer.stdin.write(`${ours} ${theirs}\n`);
    const { value } = await answers.next();
    const [peerRead, peerWrite] = String(value).split(' ').map(Number) as [number, number];
    if (run === 0) continue; // warms both up
    for (const [what, ms] of Object.entries({
      'write ours': write,
      'read ours': read,
      'write PyTorch': peerWrite,
      'read PyTorch': peerRead,
    })) {
      times[what]!.push(ms);
    }
  }
} finally {
  peer.stdin.end();
  rmSync(folder, { recursive: true });
}
for (const [what, all] of Object.entries(times)) {
  const sorted = all.toSorted((a, b) => a - b);
  const [median, least, most] = [sorted[RUNS >> 1]!, sorted[0]!, sorted.at(-1)!].map(Math.round);
  console.log(`${what.padEnd(14)} median ${median} ms (${least} to ${most})`);
}

function measure(run: () => unknown): number {
  const started = performance.now();
  run();
  return performance.now() - started;
}

function makeContent(): Map<string, unknown> {
  const model = { arch: 'resnet50', stem: 'imagenet', width: 64, bn: 'plain' } as const;
  const state = new Map<string, HostTensor>([['module.queue', fill([128, 65_536])]]);
  for (const prefix of ['module.encoder_q.', 'module.encoder_k.', 'velocity.']) {
    for (const { name, torchShape } of listState(model, { dim: 128, mlp: true }))
      state.set(prefix + name, fill(torchShape));
  }
  return new Map([['state_dict', new Map([...state].map(([name, tensor]) => [name, toStored(tensor)]))]]);
}

function fill(shape: readonly number[]): HostTensor {
  const length = shape.reduce((product, size) => product * size, 1);
  return { dtype: 'float32', shape, values: Float32Array.from({ length }, (_, i) => i % 7) };
}
