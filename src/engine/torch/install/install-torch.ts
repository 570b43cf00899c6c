// Installs the engine torch: finds a libtorch, brings what is missing where it may, builds the addon, and
// keeps it only once it has proven its numbers.

import { mkdirSync } from 'node:fs';
import { ProblemError } from '../../../core/problem.ts';
import { describeProof } from '../../install/run-proof.ts';
import { writeManifest } from '../../install/write-manifest.ts';
import { examineAddon, findTorchFolder, type InstalledAddon, locateManifest } from '../addon-file.ts';
import { buildAddon } from './build-addon.ts';
import { findMissingTools } from './build-tools.ts';
import { type Choice, chooseLibtorch, explainChoice } from './choose-libtorch.ts';
import { findGloo } from './find-gloo.ts';
import { findLibtorch } from './find-libtorch.ts';
import { describeMachine, type Needs, planSetup, type Setup } from './plan-setup.ts';
import { namePrivateEnvironment } from './private-python.ts';
import { proveEngine } from './prove-engine.ts';
import { reportMissing, setUp } from './set-up.ts';

export interface InstallOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Folder of a libtorch; absent: look for one. */
  readonly libtorch?: string;
  /** Build though there is a build. */
  readonly force?: boolean;
  readonly say: (line: string) => void;
  /** May these commands be run? */
  readonly mayRun: (setup: Setup) => Promise<boolean>;
}

/** apt may bring a libtorch that is too old, and then it is pip's turn. */
const MOST_SETUPS = 2;

/** Installs the engine. Throws TORCH_* problems with the command that mends them. */
export async function installTorch(options: InstallOptions): Promise<InstalledAddon> {
  refuseSystem(process.platform, process.arch);
  try {
    return await install(options);
  } catch (error) {
    throw explainCacheFailure(error as NodeJS.ErrnoException);
  }
}

async function install(options: InstallOptions): Promise<InstalledAddon> {
  const { env, say, force = false } = options;
  mkdirSync(findTorchFolder(), { recursive: true });
  const { origin, found } = await findWhatIsNeeded(options, MOST_SETUPS);
  say(`libtorch ${found.version} in ${found.lib} (${origin})`);
  const installed = await buildAddon(found, { env, say, force });
  say('proving it: every operation against float64 loops ...');
  const checks = await proveEngine(installed, env);
  say(describeProof(checks));
  writeManifest(locateManifest(), installed);
  say(`the engine torch is installed: ${installed.addon}`);
  return installed;
}

/** Whether the engine is there and fits, by its files alone. */
export function isTorchInstalled(): boolean {
  return examineAddon().state === 'ready';
}

/** A libtorch and the tools to build against it; sets them up where it may. */
async function findWhatIsNeeded(options: InstallOptions, setupsLeft: number): Promise<Choice> {
  const { env, say, libtorch } = options;
  say('looking for a libtorch');
  const candidates = await findLibtorch(options, libtorch);
  const choice = chooseLibtorch(candidates);
  for (const line of explainChoice(candidates, choice)) say(line);
  const needs: Needs = { libtorch: !choice, tools: findMissingTools(env), gloo: !findGloo(env) };
  if (choice && needs.tools.length === 0) return choice;
  const setup = planSetup(needs, describeMachine(env), namePrivateEnvironment());
  if (!setup || setupsLeft === 0 || !(await options.mayRun(setup))) {
    const rejected = candidates.flatMap(({ origin, found }) =>
      typeof found === 'string' ? [`${origin}: ${found}`] : [],
    );
    throw new ProblemError(reportMissing(needs, setup, rejected));
  }
  await setUp(setup, env, say);
  return findWhatIsNeeded(options, setupsLeft - 1);
}

/** Throws TORCH_SYSTEM where nobody has built the addon yet. */
export function refuseSystem(platform: string, arch: string): void {
  if (platform === 'linux' && ['x64', 'arm64'].includes(arch)) return;
  throw new ProblemError({
    code: 'TORCH_SYSTEM',
    message: `Expected Linux on x64 or arm64 for the engine torch but this is ${platform} on ${arch}.`,
    hint: 'Use --engine wasm, which runs wherever Node.js does.',
  });
}

/** TORCH_CACHE for a file of ours that can't be written; anything else as it is. */
function explainCacheFailure(error: NodeJS.ErrnoException): Error {
  const folder = findTorchFolder();
  // Below the folder, or above it where that could not be made.
  const isOurs = error.path?.startsWith(folder) || (error.path && folder.startsWith(error.path));
  if (!error.code || !isOurs) return error;
  return new ProblemError({
    code: 'TORCH_CACHE',
    message: `Expected to write the addon to ${folder} but ${error.message}.`,
    hint: 'Make that folder writable and see that its disk has 200 MB free, or choose another with MOCO_CACHE=DIR.',
  });
}
