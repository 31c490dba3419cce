import { defineConfig } from 'vitest/config';
import { ROOT } from '../support/project.ts';

/** `*.docker.test.ts` need a container engine and the images: `make image-test` runs them, `make test` does not. */
export default defineConfig({
  root: ROOT,
  test: {
    pool: 'forks',
    include: ['test/**/*.docker.test.ts'],
    fileParallelism: false,
    globalSetup: 'test/support/broker.setup.ts',
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
