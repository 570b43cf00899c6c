// `moco doctor`: what this machine can do, and why it can't do the rest.

import { execFile } from 'node:child_process';
import { statfsSync } from 'node:fs';
import os from 'node:os';
import { promisify } from 'node:util';
import { findCacheFolder } from '../core/cache-folder.ts';
import { ExitCode } from '../core/exit-code.ts';
import { locateScript } from '../core/own-script.ts';
import { isCifar10Cached } from '../data/cifar10.ts';
import { detectDevices } from '../launch/detect-devices.ts';
import { listGpus, narrowGpus } from '../launch/list-gpus.ts';
import { formatBytes } from '../plan/format-quantity.ts';
import { readVersions } from '../runs/host-info.ts';
import { listAllGpuEngines } from './choose-devices.ts';
import { describeRanks } from './describe-ranks.ts';

/** What probe-engine prints. */
interface Probe {
  readonly name: string;
  readonly available: boolean;
  readonly reason?: string;
  readonly description?: { readonly [key: string]: unknown };
}

/** What execFile rejects with. */
interface ToolFailure {
  readonly signal: string | null;
  /** An exit code, or why it did not start. */
  readonly code: number | string;
  readonly stderr: string;
}

const ENGINES = ['torch', 'tensorflow', 'wasm', 'cpu'];

/** Prints what it found. */
export async function doctor({ json = false }: { readonly json?: boolean }): Promise<ExitCode> {
  const found = await examine();
  process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : render(found));
  return found.engines.some(({ available }) => available) ? ExitCode.done : ExitCode.stageFailed;
}

type Findings = Awaited<ReturnType<typeof examine>>;

async function examine() {
  const gpus = listGpus();
  const visible = narrowGpus(gpus, process.env.CUDA_VISIBLE_DEVICES);
  const cores = os.availableParallelism();
  const disk = statfsSync(process.cwd());
  const engines = await Promise.all(ENGINES.map(probe));
  const names = engines.filter(({ available }) => available).map(({ name }) => name);
  return {
    versions: readVersions(),
    platform: `${process.platform} ${process.arch}`,
    engines,
    gpus: gpus.map((gpu) => ({ ...gpu, visible: visible.includes(gpu) })),
    devices: detectDevices('auto', names, {
      cores,
      listGpus: () => visible,
      gpuEngines: listAllGpuEngines(),
    }).map(({ name }) => name),
    ranks: describeRanks(),
    cores,
    memoryBytes: os.totalmem(),
    freeMemoryBytes: os.freemem(),
    freeDiskBytes: disk.bavail * disk.bsize,
    data: { cache: findCacheFolder(), cifar10: isCifar10Cached() },
  };
}

/** Asks a process of its own: an engine that crashes must not take the others along. */
async function probe(name: string): Promise<Probe> {
  const { path, execArgv } = locateScript(import.meta.url, '../worker/probe-engine');
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [...execArgv, path, name]);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Probe;
  } catch (error) {
    const { signal, code, stderr = '' } = error as Error & Partial<ToolFailure>;
    const said = stderr.trim().split('\n').at(-1)!.slice(0, 200);
    const fact = signal
      ? `it crashed with ${signal}`
      : `its process ended with ${code}${said && ` (${said})`}`;
    const isNative = name === 'torch' || name === 'tensorflow';
    const mend = isNative ? `; \`moco engine install ${name} --force\` builds it again` : '';
    return { name, available: false, reason: `${fact}${mend}` };
  }
}

function render(found: Findings): string {
  const { versions, platform, engines, gpus, devices, cores, data } = found;
  const lines = [
    `mocolab ${versions.mocolab} on Node.js ${versions.node}, ${platform}`,
    '',
    'Engines',
    ...engines.map(renderEngine),
    '',
    'Devices',
    ...(gpus.length > 0
      ? gpus.map(({ index, name, memoryBytes, visible }) => {
          const hidden = visible ? '' : ', hidden by CUDA_VISIBLE_DEVICES';
          return `  GPU ${index}       ${name}, ${formatBytes(memoryBytes)}${hidden}`;
        })
      : ['  GPUs        none: nvidia-smi lists none']),
    `  auto        ${devices.join(', ')}`,
    `  ranks       ${found.ranks}`,
    `  CPU         ${cores} cores`,
    `  memory      ${formatBytes(found.freeMemoryBytes)} free of ${formatBytes(found.memoryBytes)}`,
    `  disk        ${formatBytes(found.freeDiskBytes)} free here`,
    '',
    'Data',
    data.cifar10
      ? `  cifar10     in ${data.cache}`
      : '  cifar10     not fetched; `moco data fetch cifar10` gets it (139 MB)',
  ];
  return `${lines.join('\n')}\n`;
}

function renderEngine({ name, available, reason, description }: Probe): string {
  const details = Object.entries(description ?? {})
    .filter(([key]) => key !== 'name')
    .map(([key, value]) => `${key} ${value}`);
  return `  ${name.padEnd(12)}${available ? `ready: ${details.join(', ')}` : `not available: ${reason}`}`;
}
