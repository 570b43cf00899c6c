import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeHost, readGitRevision, readVersions } from '../../src/runs/host-info.ts';
import { makeFolder } from '../helpers/make-record.ts';

test('versions are those of Node, of this program and of what computes', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(readVersions()).toMatchObject({ node: process.versions.node, mocolab: version });
  expect(Object.keys(readVersions())).toContain('@tensorflow/tfjs-core');
});

test('the host is described with something to compute with', () => {
  const host = describeHost();
  expect(host.cores).toBeGreaterThan(0);
  expect(host.memoryBytes).toBeGreaterThan(1e6);
});

test('a revision is a commit, marked where files were changed, and absent without a repository', () => {
  const folder = makeFolder();
  expect(readGitRevision(folder)).toBeUndefined();
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
  git('init', '--quiet');
  writeFileSync(path.join(folder, 'a'), '1');
  git('add', 'a');
  git('commit', '--quiet', '--message', 'one');
  git('tag', '--annotate', 'v1', '--message', 'v1');
  const commit = git('rev-parse', 'HEAD').trim();
  expect(readGitRevision(folder)).toBe(commit);
  writeFileSync(path.join(folder, 'a'), '2');
  expect(readGitRevision(folder)).toBe(`${commit}-dirty`);
});
