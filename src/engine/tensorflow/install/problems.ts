// What can go wrong with the install, each with what mends it.

import type { Problem } from '../../../core/problem.ts';

const COMMAND = '`moco engine install tensorflow`';

export function reportSystem(platform: string, arch: string): Problem {
  return {
    code: 'TENSORFLOW_SYSTEM',
    message: `Expected Linux on x64 to set up the engine tensorflow but this is ${platform} on ${arch}.`,
    hint: 'npm install @tensorflow/tfjs-node@4.22.0 beside mocolab sets it up where its download is reached; --engine wasm runs wherever Node.js does.',
  };
}

export function reportTool(tool: string, debianPackage: string): Problem {
  return {
    code: 'TENSORFLOW_TOOL',
    message: `Expected ${tool} on the PATH to set up the engine tensorflow but there is none.`,
    hint: `On Debian or Ubuntu \`apt-get install ${debianPackage}\` brings it; then ${COMMAND}.`,
  };
}

export function reportLibrary(place: string, fact: string): Problem {
  return {
    code: 'TENSORFLOW_LIBRARY',
    message: `Expected ${place} to be a libtensorflow 2 (its archive, its folder with include/ and lib/, a wheel of tensorflow, or its folder) but ${fact}.`,
    hint: `\`moco engine install tensorflow --from-wheel\` takes the one of PyPI.`,
  };
}

export function reportDownload(what: string, fact: string): Problem {
  return {
    code: 'TENSORFLOW_DOWNLOAD',
    message: `Expected to download ${what} but ${fact}.`,
    hint: `See that the registries of npm and Python are reached, then ${COMMAND}; --libtensorflow PATH takes a libtensorflow that is here already.`,
  };
}

export function reportBuild(fact: string): Problem {
  return {
    code: 'TENSORFLOW_BUILD_FAILED',
    message: `Expected the binding of tfjs-node to build against this libtensorflow but ${fact}.`,
    hint: `The libtensorflow of the wheel is one that it is known to build against: \`moco engine install tensorflow --from-wheel\`.`,
  };
}

export function reportUnproven(fact: string): Problem {
  return {
    code: 'TENSORFLOW_UNPROVEN',
    message: `Expected the engine tensorflow to start and every operation to be within its tolerance of float64 loops but ${fact}.`,
    hint: `Take another libtensorflow, such as the wheel’s: \`moco engine install tensorflow --from-wheel --force\`.`,
  };
}
