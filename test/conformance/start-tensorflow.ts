// First in the bundle for the engine tensorflow: tfjs-node's backend with our kernels in it. tfjs-node brings a
// tfjs-core of its own, which shares the state of the bundle's. The process's argument is the package, as JSON.

import type { FoundPackage } from '../../src/engine/tensorflow/find-package.ts';
import { registerTensorflowKernels } from '../../src/engine/tensorflow/kernels.ts';
import { loadPackage, prepareProcess } from '../../src/engine/tensorflow/load-package.ts';
import { observeKernels } from './observe-kernels.ts';
import { chooseBackend } from './start-jasmine.ts';

prepareProcess({});
registerTensorflowKernels(loadPackage(JSON.parse(process.argv[2]!) as FoundPackage));
observeKernels('tensorflow', { isOurs: () => true });
chooseBackend('tensorflow');
