import { expect, test } from 'vitest';
import { detectDevices, pickOwnDevice } from '../../src/launch/detect-devices.ts';
import type { Device } from '../../src/launch/device-pool.ts';
import { narrowGpus, parseGpus } from '../../src/launch/list-gpus.ts';
import { catchProblems } from '../helpers/catch-problems.ts';

const twoCores = { cores: 2, listGpus: () => [] };
const names = (spec: string, machine: Parameters<typeof detectDevices>[2] = twoCores) =>
  detectDevices(spec, ['wasm'], machine).map(({ name, cores }) => `${name} ${cores}`);

test('auto gives a slot for each core, but not more than eight', () => {
  expect(names('auto')).toEqual(['cpu:0 1', 'cpu:1 1']);
  expect(names('auto', { cores: 64, listGpus: () => [] })).toHaveLength(8);
  expect(names('auto', { cores: 64, listGpus: () => [] })[0]).toBe('cpu:0 8');
});

test('cpu is one device with all cores; cpu:N divides them', () => {
  expect(names('cpu')).toEqual(['cpu:0 2']);
  expect(names('cpu:2')).toEqual(['cpu:0 1', 'cpu:1 1']);
  expect(names('cpu:4')).toHaveLength(4);
});

test('an engine with threads gets no more slots than stages that run side by side, and all cores', () => {
  const slots = (engine: string, sideBySide: number, cores = 2) =>
    detectDevices('auto', [engine], { cores, listGpus: () => [], sideBySide }).map((device) => device.cores);
  expect(slots('torch', 1)).toEqual([2]);
  expect(slots('torch', 3)).toEqual([1, 1]);
  expect(slots('torch', 2, 8)).toEqual([4, 4]);
  expect(slots('wasm', 1)).toEqual([1, 1]);
});

test('zero devices', () => {
  expect(catchProblems(() => names('cpu:0'))).toEqual([
    {
      code: 'DEVICES_NONE',
      message: 'Expected at least one device but cpu:0 gives none.',
      hint: 'Use auto, cpu, cpu:N with N >= 1, or cuda on a machine where nvidia-smi lists a GPU.',
    },
  ]);
});

test('GPUs are refused where no engine of the run computes on one', () => {
  expect(catchProblems(() => names('cuda:0,1'))).toEqual([
    {
      code: 'DEVICES_ENGINE',
      message: 'Expected an engine that computes on a GPU for devices cuda:0,1 but the recipes use wasm.',
      hint: 'Use --devices auto or cpu:N, or `moco engine install torch` with a libtorch for CUDA. `moco doctor` lists the engines.',
    },
  ]);
});

const SMI = `0, GPU-aaaa1111, NVIDIA H200, 143771
1, GPU-bbbb2222, NVIDIA H200, 143771
2, GPU-cccc3333, NVIDIA H200, 143771
`;

test('an engine that was built for GPUs gets them, each with its UUID, and only where the run uses it', () => {
  const machine = { cores: 8, listGpus: () => parseGpus(SMI), gpuEngines: ['torch'] };
  expect(detectDevices('auto', ['torch'], machine).map(({ kind }) => kind)).toEqual(['cuda', 'cuda', 'cuda']);
  expect(detectDevices('cuda:2', ['torch'], machine)).toEqual([
    { name: 'cuda:0', kind: 'cuda', cudaId: 'GPU-cccc3333', cores: 8 },
  ]);
  expect(detectDevices('auto', ['wasm'], machine).map(({ kind }) => kind)).not.toContain('cuda');
});

test('nvidia-smi’s lines become GPUs', () => {
  const gpus = parseGpus(SMI);
  expect(gpus).toHaveLength(3);
  expect(gpus[1]).toEqual({
    index: 1,
    uuid: 'GPU-bbbb2222',
    name: 'NVIDIA H200',
    memoryBytes: 143771 * 2 ** 20,
  });
  expect(parseGpus('No devices were found\n')).toEqual([]);
});

test.each([
  [undefined, [0, 1, 2]],
  ['2,0', [2, 0]],
  ['GPU-bbbb', [1]],
  ['1,7,0', [1]],
  ['-1', []],
  ['', []],
])('CUDA_VISIBLE_DEVICES=%s leaves the GPUs %j', (visible, indices) => {
  expect(narrowGpus(parseGpus(SMI), visible).map(({ index }) => index)).toEqual(indices);
});

test('a rank of another launcher takes the GPU of its number, the only one that it sees, or its share of the cores', () => {
  const gpu = (index: number): Device => ({
    name: `cuda:${index}`,
    kind: 'cuda',
    cudaId: `${index}`,
    cores: 4,
  });
  const cpu: Device = { name: 'cpu:0', kind: 'cpu', cores: 9 };
  const pick = (seen: readonly Device[], localRank: number, localRanks = 1) =>
    pickOwnDevice(seen, { localRank, localRanks }, 9);
  expect(pick([gpu(0), gpu(1)], 1)).toEqual(gpu(1));
  expect(pick([gpu(0)], 3)).toEqual(gpu(0));
  expect(pick([cpu], 1, 2)).toEqual({ name: 'cpu:1', kind: 'cpu', cores: 4 });
  expect(pick([cpu], 11, 12).cores).toBe(1);
  const given = (cores: number) => pickOwnDevice([cpu], { localRank: 1, localRanks: 2, cores }, 9).cores;
  expect([given(6), given(64)]).toEqual([6, 9]); // What Slurm gave, where it can be had.
  expect(catchProblems(() => pick([gpu(0), gpu(1)], 2))).toEqual([
    {
      code: 'DEVICES_LOCAL_RANK',
      message:
        'Expected a GPU for each rank of this machine but LOCAL_RANK is 2 and there are 2: cuda:0, cuda:1.',
      hint: 'Start as many ranks on a machine as it has GPUs, or show each rank one with CUDA_VISIBLE_DEVICES.',
    },
  ]);
});
