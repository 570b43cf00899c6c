// Settings of MoCo for tests: everything is in it, and a batch of 8 goes three times into its queue.

import type { MocoConfig } from '../../src/config/schema/recipe.generated.ts';

export const smallMoco: MocoConfig = {
  dim: 16,
  queueSize: 24,
  keyMomentum: 0.9,
  temperature: 0.2,
  mlp: true,
  symmetric: false,
  shuffleBn: true,
};
