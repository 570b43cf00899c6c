// Picks and starts an engine. Each is imported only when asked for, so that what one needs
// (a native library, say) never stands in the way of another.

import { ProblemError } from '../core/problem.ts';
import type { ConcreteEngineName, Engine } from './engine.ts';
import { registerGradients } from './gradients.ts';

const loaders: { readonly [Name in ConcreteEngineName]: () => Promise<Engine> } = {
  torch: async () => (await import('./torch/index.ts')).createTorchEngine(),
  wasm: async () => (await import('./wasm/index.ts')).createWasmEngine(),
  cpu: async () => (await import('./cpu/index.ts')).createCpuEngine(),
};

/** What `auto` tries, best first. The reference engine is never chosen by itself, and torch not yet. */
const preference: readonly ConcreteEngineName[] = ['wasm'];

/** How an engine fares on this machine. */
export interface EngineProbe {
  readonly name: ConcreteEngineName;
  readonly available: boolean;
  /** Why not, where it is not. */
  readonly reason?: string;
  readonly description?: Engine['description'];
}

/** Starts an engine; `auto` takes the best that starts. One engine a process. */
export async function createEngine(name: ConcreteEngineName | 'auto'): Promise<Engine> {
  registerGradients();
  const failures: string[] = [];
  for (const candidate of name === 'auto' ? preference : [name]) {
    try {
      return await loaders[candidate]();
    } catch (error) {
      failures.push(`${candidate}: ${describeFailure(error)}`);
    }
  }
  throw new ProblemError({
    code: 'ENGINE_UNAVAILABLE',
    message: `Expected the engine ${name} to start, but ${failures.join('; ')}.`,
    hint: 'Run `moco doctor` to see which engines this machine can use, then choose one with --engine.',
  });
}

/** Tries every engine in turn; for `moco doctor`, in a process of its own. */
export async function probeEngines(): Promise<EngineProbe[]> {
  const probes: EngineProbe[] = [];
  for (const name of Object.keys(loaders) as ConcreteEngineName[]) {
    try {
      probes.push({ name, available: true, description: (await createEngine(name)).description });
    } catch (error) {
      probes.push({ name, available: false, reason: describeFailure(error) });
    }
  }
  return probes;
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
