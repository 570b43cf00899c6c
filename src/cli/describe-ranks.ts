// How the tensors of ranks that train together would travel from this machine, in words for `moco doctor`. Files alone
// tell: what the addon was built with.

import { type AddonState, BRINGS_GLOO, examineAddon } from '../engine/torch/addon-file.ts';

/** One line. */
export function describeRanks(addon: AddonState = examineAddon()): string {
  if (addon.state !== 'ready') return 'over TCP; with the engine torch in shared memory, over Gloo, or NCCL';
  const { cuda, glooModule } = addon.installed;
  const across = glooModule ? 'Gloo' : `TCP, because there was no Gloo to build against (${BRINGS_GLOO})`;
  return `${cuda ? 'on GPUs over NCCL; on CPUs ' : ''}in shared memory, across machines over ${across}`;
}
