// Last in the bundle: runs the specs that have been described and writes what became of each.

import { writeFileSync } from 'node:fs';
import { takeKernelUse } from './observe-kernels.ts';
import type { SpecResult } from './spec-result.ts';
import { jasmineEnv } from './start-jasmine.ts';

const results: SpecResult[] = [];

jasmineEnv.configure({ random: false });
jasmineEnv.addReporter({
  specStarted: takeKernelUse,
  specDone: ({ fullName, status, failedExpectations }: JasmineSpec) => {
    const { called, missing } = takeKernelUse();
    const failures = failedExpectations.map(({ message }) => message.split('\n')[0]!);
    const unregistered = failures.flatMap((line) => line.match(/(?<=Kernel ')\w+(?=' not registered)/) ?? []);
    results.push({
      name: fullName,
      status,
      failures,
      called: [...called],
      missing: [...missing, ...unregistered],
    });
  },
});
await jasmineEnv.execute();
writeFileSync(process.argv[3]!, JSON.stringify(results));

interface JasmineSpec {
  readonly fullName: string;
  readonly status: SpecResult['status'];
  readonly failedExpectations: readonly { readonly message: string }[];
}
