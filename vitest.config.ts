import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    globalSetup: ['test/helpers/say-engines.ts'],
    // Training steps in WebAssembly take seconds on a slow core.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
