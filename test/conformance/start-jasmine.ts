// jasmine's globals, and what tfjs-core leaves out of its module: both must be there before the specs load. In the bundle.

import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';

// Without types of its own, and CommonJS.
const jasmineCore = require('jasmine-core');

export const jasmineEnv = jasmineCore.boot(true).getEnv();

/** Specs are described for this backend alone; it must be registered when they run. */
export function chooseBackend(name: string): void {
  setTestEnvs([{ name, backendName: name, flags: {}, isDataSync: true }]);
}
