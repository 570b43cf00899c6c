// Picks and starts an engine. Each is imported only when asked for, so that what one needs
// (a native library, say) never stands in the way of another.

import { ProblemError } from '../core/problem.ts';
import { type ConcreteEngineName, type Engine, EngineNotInstalled, type Precision } from './engine.ts';
import { registerGradients } from './gradients.ts';

const loaders: { readonly [Name in ConcreteEngineName]: (options: EngineOptions) => Promise<Engine> } = {
  torch: async (options) => (await import('./torch/index.ts')).createTorchEngine(options),
  tensorflow: async (options) => (await import('./tensorflow/index.ts')).createTensorflowEngine(options),
  wasm: async (options) => {
    refuseOnCpu('wasm', options);
    return (await import('./wasm/index.ts')).createWasmEngine();
  },
  cpu: async (options) => {
    refuseOnCpu('cpu', options);
    return (await import('./cpu/index.ts')).createCpuEngine();
  },
};

/** Throws ENGINE_PRECISION and ENGINE_DEVICE for what an engine for CPUs can't do. */
function refuseOnCpu(name: ConcreteEngineName, { precision, device }: EngineOptions): void {
  if (precision === 'bf16') {
    throw new ProblemError({
      code: 'ENGINE_PRECISION',
      message: `Expected an engine that computes in bf16 but ${name} computes in float32 alone.`,
      hint: 'Use the engine torch for bf16, or --set precision=fp32.',
    });
  }
  if (device === 'cuda') {
    throw new ProblemError({
      code: 'ENGINE_DEVICE',
      message: `Expected an engine that computes on a GPU but ${name} computes on the CPU.`,
      hint: 'Use the engine torch, built against a libtorch for CUDA: `moco engine install torch`.',
    });
  }
}

/** What `auto` tries, best first. The reference engine is never chosen by itself. */
const preference: readonly ConcreteEngineName[] = ['torch', 'tensorflow', 'wasm'];

/** How an engine fares on this machine. */
export interface EngineProbe {
  readonly name: ConcreteEngineName;
  readonly available: boolean;
  /** Why not, where it is not. */
  readonly reason?: string;
  readonly description?: Engine['description'];
}

export interface EngineOptions {
  /** Absent: fp32. */
  readonly precision?: Precision;
  /** Absent: the first GPU that is visible and that the engine can use, else the CPU. */
  readonly device?: 'cpu' | 'cuda';
  /** Told which better engine `auto` passed over, and why; not of one that was never installed. */
  readonly warn?: (message: string) => void;
}

/** Starts an engine; `auto` takes the best that starts. One engine a process. */
export async function createEngine(
  name: ConcreteEngineName | 'auto',
  options: EngineOptions = {},
): Promise<Engine> {
  registerGradients();
  const failures: string[] = [];
  const faults: string[] = [];
  for (const candidate of name === 'auto' ? preference : [name]) {
    try {
      const engine = await loaders[candidate](options);
      for (const fault of faults) options.warn?.(`This stage runs on the engine ${candidate}. ${fault}`);
      return engine;
    } catch (error) {
      if (name !== 'auto' && isRefusal(error)) throw error;
      const reason = describeFailure(error);
      failures.push(`${candidate}: ${reason}`);
      if (!(error instanceof EngineNotInstalled))
        faults.push(`The engine ${candidate} does not start: ${reason}.`);
    }
  }
  throw new ProblemError({
    code: 'ENGINE_UNAVAILABLE',
    message: `Expected the engine ${name} to start, but ${failures.join('; ')}.`,
    hint: 'Run `moco doctor` to see which engines this machine can use, then choose one with --engine.',
  });
}

/** Tries an engine; for `moco doctor`, in a process of its own. */
export async function probeEngine(name: ConcreteEngineName): Promise<EngineProbe> {
  try {
    const { description, ranks } = await createEngine(name);
    const collectives = [...(ranks?.transports ?? []), 'tcp'].join(' or ');
    return { name, available: true, description: { ...description, collectives } };
  } catch (error) {
    return { name, available: false, reason: describeFailure(error) };
  }
}

/** Problems that say it all: the engine may be fine, but not for what it was asked. */
function isRefusal(error: unknown): boolean {
  return error instanceof ProblemError && /^ENGINE_(PRECISION|DEVICE)$/.test(error.problems[0]!.code);
}

/** The fact alone: a problem of ours already names the rule and the engine. */
function describeFailure(error: unknown): string {
  const text =
    error instanceof ProblemError
      ? error.problems[0]!.message.replace(/^.* but \w+: /, '')
      : error instanceof Error
        ? error.message
        : String(error);
  return text.split('\n')[0]!.replace(/\.+$/, '');
}
