// Does what plan-setup.ts planned, and says what is missing where nobody may do it.

import { rmSync } from 'node:fs';
import { type Problem, ProblemError } from '../../../core/problem.ts';
import { runTool } from '../../install/run-tool.ts';
import { namePackages } from './build-tools.ts';
import type { Needs, Setup } from './plan-setup.ts';
import { adoptPrivateEnvironment } from './private-python.ts';

/** Lines of apt, dpkg and pip that tell how far they are. */
const TELLING = /^\s*(Setting up|Collecting|Downloading|Installing collected|Successfully installed)/;

/** Runs the commands of a plan one after another. Throws TORCH_SETUP_FAILED. */
export async function setUp(
  setup: Setup,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<void> {
  const { commands, attempts = [], environment } = setup;
  try {
    for (const command of commands) await runCommand(command, env, say);
    for (const command of attempts)
      await runCommand(command, env, say).catch(() => say('  not to be had here'));
    if (environment) adoptPrivateEnvironment(environment);
  } catch (error) {
    if (environment) rmSync(environment, { recursive: true, force: true });
    throw error;
  }
}

async function runCommand(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<void> {
  say(`$ ${command.join(' ')}`);
  const end = await runTool(
    command,
    (line) => {
      if (TELLING.test(line)) say(`  ${line.trim().slice(0, 100)}`);
    },
    { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } },
  ).catch((error: Error) => ({ code: null, signal: null, lines: [error.message] }));
  if (end.code === 0) return;
  const told = end.lines.filter((line) => line.trim() !== '').slice(-3);
  throw new ProblemError({
    code: 'TORCH_SETUP_FAILED',
    message: `Expected \`${command.join(' ')}\` to install what is missing but it ended with ${end.signal ?? `exit code ${end.code}`}: ${told.join(' | ') || 'it said nothing'}`,
    hint: 'Run it yourself to see all that it says, or install a libtorch in another way and give its folder with --libtorch.',
  });
}

/** What is missing, and the command that brings it: ours with --yes where the machine allows, else the user's. */
export function reportMissing(needs: Needs, setup: Setup | undefined, looked: readonly string[]): Problem {
  const { libtorch, tools } = needs;
  const hint = setup
    ? `\`moco engine install torch --yes\` runs ${setup.commands.map((command) => `\`${command.join(' ')}\``).join(' and ')}.`
    : `Install it: ${suggest(needs)}`;
  if (!libtorch)
    return {
      code: 'TORCH_NO_COMPILER',
      message: `Expected ${tools.join(' and ')} to build the addon but found none on the PATH.`,
      hint,
    };
  const also = tools.length > 0 ? `, nor ${tools.join(' and ')}` : '';
  const rejected = looked.length > 0 ? ` (${looked.join('; ')})` : '';
  return {
    code: 'TORCH_NOT_FOUND',
    message: `Expected a libtorch of 1.13 or newer with headers but found none${rejected}${also}.`,
    hint,
  };
}

/** For a user who may not install packages, or a system whose packages we don't know. */
function suggest({ libtorch, tools }: Needs): string {
  const packages = [...(libtorch ? ['libtorch-dev'] : []), ...namePackages(tools)].join(' ');
  const archive = libtorch
    ? '; a libtorch is also in `pip install torch`, or an unpacked archive with --libtorch'
    : '';
  return `\`sudo apt-get install ${packages}\` on Debian and Ubuntu, on others their packages of that${archive}.`;
}
