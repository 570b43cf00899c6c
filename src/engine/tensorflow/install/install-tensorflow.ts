// Sets up the engine tensorflow in the user's cache: tfjs-node, a libtensorflow, the binding between them. It
// appears whole under its name, and counts as installed only once it has proven its numbers.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ProblemError } from '../../../core/problem.ts';
import { describeProof } from '../../install/run-proof.ts';
import { writeManifest } from '../../install/write-manifest.ts';
import {
  findTensorflowFolder,
  type InstalledPackage,
  locateTensorflowManifest,
  nameTensorflowPackage,
  readTensorflowManifest,
  TFJS_NODE,
} from '../find-package.ts';
import { bringLibrary } from './bring-library.ts';
import { buildBinding, installPackage } from './build-package.ts';
import { reportSystem } from './problems.ts';
import { proveTensorflow } from './prove-tensorflow.ts';

export interface InstallOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly gpu: boolean;
  /** An archive, a folder or a wheel; absent: the wheel of PyPI. */
  readonly libtensorflow?: string;
  /** Set up though it is. */
  readonly force?: boolean;
  readonly say: (line: string) => void;
}

/** Installs the engine, or finds that it is. Throws TENSORFLOW_* problems. */
export async function installTensorflow(options: InstallOptions): Promise<InstalledPackage> {
  refuseSystem(process.platform, process.arch);
  const key = keyOf(options);
  const before = readTensorflowManifest();
  if (!options.force && before?.key === key && existsSync(before.folder)) {
    options.say('it is set up already (--force does it again)');
    try {
      return await prove(before, options);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      options.say(`${error.problems[0]!.message}\nsetting it up again`);
    }
  }
  const root = findTensorflowFolder();
  const working = path.join(root, `${key}.${process.pid}`);
  mkdirSync(working, { recursive: true });
  try {
    return await setUp(working, { key, folder: path.join(root, `${key}-${process.pid}`) }, options);
  } finally {
    rmSync(working, { recursive: true, force: true });
  }
}

/** Throws TENSORFLOW_SYSTEM where nobody has tried it. */
export function refuseSystem(platform: string, arch: string): void {
  if (platform !== 'linux' || arch !== 'x64') throw new ProblemError(reportSystem(platform, arch));
}

async function setUp(
  working: string,
  { key, folder }: { readonly key: string; readonly folder: string },
  options: InstallOptions,
): Promise<InstalledPackage> {
  const name = nameTensorflowPackage(options.gpu);
  const library = await bringLibrary(working, options);
  const built = await installPackage(working, name, options);
  const isOurs = library.include.startsWith(working);
  await buildBinding(built, { ...library, isOurs }, options);
  for (const left of readdirSync(working).filter((entry) => entry !== 'node_modules'))
    rmSync(path.join(working, left), { recursive: true });
  renameSync(working, folder);
  const { origin, cudaLibraries } = library;
  const fresh = { name, folder: path.join(folder, 'node_modules', name), origin, cudaLibraries, key };
  try {
    const proven = await prove({ ...fresh, libtensorflow: '' }, options);
    const before = readTensorflowManifest();
    writeManifest(locateTensorflowManifest(), proven);
    if (before) removeInstall(before.folder, folder);
    options.say(`the engine tensorflow is installed: ${proven.folder}`);
    return proven;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function prove(installed: InstalledPackage, { env, say }: InstallOptions): Promise<InstalledPackage> {
  say('proving it: every operation against float64 loops ...');
  const { checks, libtensorflow, device } = await proveTensorflow(installed, env);
  say(describeProof(checks));
  say(`libtensorflow ${libtensorflow} on the ${device}, from ${installed.origin}`);
  return { ...installed, libtensorflow };
}

/** What was asked for, and of which version. */
function keyOf({ gpu, libtensorflow }: InstallOptions): string {
  const identity = [TFJS_NODE, gpu, libtensorflow ? path.resolve(libtensorflow) : 'wheel', process.arch];
  return createHash('sha256').update(identity.join('\n')).digest('hex').slice(0, 16);
}

/** The one before, where it is in our folder. */
function removeInstall(packageFolder: string, fresh: string): void {
  const root = findTensorflowFolder();
  const [entry] = path.relative(root, packageFolder).split(path.sep);
  if (!entry || entry === '..' || path.join(root, entry) === fresh) return;
  rmSync(path.join(root, entry), { recursive: true, force: true });
}
