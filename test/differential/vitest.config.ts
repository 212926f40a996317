import { defineConfig } from 'vitest/config';

/** Two programs a case, mostly waiting: several cases at once in each of two workers. */
export default defineConfig({
  test: {
    include: ['test/differential/**/*.differential.ts'],
    globalSetup: ['test/differential/harness/global-setup.ts'],
    testTimeout: 90_000,
    maxWorkers: 2,
    maxConcurrency: 6,
    pool: 'forks',
  },
});
