// Picks and starts an engine. Each is imported only when asked for, so that what one needs
// (a native library, say) never stands in the way of another.

import { ProblemError } from '../core/problem.ts';
import { type ConcreteEngineName, type Engine, EngineNotInstalled } from './engine.ts';
import { registerGradients } from './gradients.ts';

const loaders: { readonly [Name in ConcreteEngineName]: () => Promise<Engine> } = {
  torch: async () => (await import('./torch/index.ts')).createTorchEngine(),
  wasm: async () => (await import('./wasm/index.ts')).createWasmEngine(),
  cpu: async () => (await import('./cpu/index.ts')).createCpuEngine(),
};

/** What `auto` tries, best first. The reference engine is never chosen by itself. */
const preference: readonly ConcreteEngineName[] = ['torch', 'wasm'];

/** How an engine fares on this machine. */
export interface EngineProbe {
  readonly name: ConcreteEngineName;
  readonly available: boolean;
  /** Why not, where it is not. */
  readonly reason?: string;
  readonly description?: Engine['description'];
}

export interface EngineOptions {
  /** Told which better engine `auto` passed over, and why; not of one that was never installed. */
  readonly warn?: (message: string) => void;
}

/** Starts an engine; `auto` takes the best that starts. One engine a process. */
export async function createEngine(
  name: ConcreteEngineName | 'auto',
  { warn }: EngineOptions = {},
): Promise<Engine> {
  registerGradients();
  const failures: string[] = [];
  const faults: string[] = [];
  for (const candidate of name === 'auto' ? preference : [name]) {
    try {
      const engine = await loaders[candidate]();
      for (const fault of faults) warn?.(`This stage runs on the engine ${candidate}. ${fault}`);
      return engine;
    } catch (error) {
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
    return { name, available: true, description: (await createEngine(name)).description };
  } catch (error) {
    return { name, available: false, reason: describeFailure(error) };
  }
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
