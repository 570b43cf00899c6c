// Where and with what a stage ran: kept in its record, so that a number can be questioned later.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { RunRecord } from './run-record.ts';

/** Describes this machine. */
export function describeHost(): RunRecord['host'] {
  const cpus = os.cpus();
  return {
    name: os.hostname(),
    platform: `${process.platform} ${process.arch} ${os.release()}`,
    cpu: cpus[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
  };
}

/** Versions of Node, of this program, and of the packages that it pins and that compute. */
export function readVersions(): RunRecord['versions'] {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version, dependencies } = JSON.parse(text) as {
    readonly version: string;
    readonly dependencies: { readonly [name: string]: string };
  };
  const computing = Object.entries(dependencies).filter(([name]) => /^@tensorflow\/|^sharp$/.test(name));
  return { node: process.versions.node, mocolab: version, ...Object.fromEntries(computing) };
}

/** Git commit of a folder, with `-dirty` where tracked files were changed; undefined without git or repository. */
export function readGitRevision(folder: string): string | undefined {
  try {
    const args = ['describe', '--always', '--dirty', '--exclude=*', '--abbrev=40'];
    const output = execFileSync('git', args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return output.trim() || undefined;
  } catch {
    return undefined;
  }
}
