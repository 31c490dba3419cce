import { defineConfig } from 'vitest/config';

/**
 * The suffix of a test says what it needs: `*.test.ts` nothing but this folder, `*.kafka.test.ts` a real broker
 * (started once, and only when such a file is in the run), `*.clients.test.ts` the official clients of MaxCompute,
 * `*.docker.test.ts` a container engine (`make image-test`).
 * Two files run at once, of units and of those with a broker. Those that fill two cores by themselves (several brokers
 * that are killed and frozen) come last, alone.
 */
const ALONE = ['test/chaos/*.kafka.test.ts', 'test/route/{kafka-broker,outage}.kafka.test.ts'];
/** Twice what a wait may take before it tells that it hangs (`HUNG_MS`): a limit that only what hangs ever meets. */
const withBroker = {
  globalSetup: 'test/support/broker.setup.ts',
  setupFiles: 'test/support/end-with-run.ts',
  testTimeout: 600_000,
  hookTimeout: 600_000,
};
/**
 * Six times what the slowest test without a limit of its own takes on two cores, at least: machines are slower, and
 * busy. Tests that took 4 and 8 s alone did not end within 60 s beside 35 busy processes.
 */
const testTimeout = 120_000;

export default defineConfig({
  test: {
    // The Kafka addon cannot load in worker threads.
    pool: 'forks',
    // The route tests start processes of their own; two files at once fill two cores.
    maxWorkers: 2,
    // One second unless told, which is nothing on a busy machine.
    expect: { poll: { timeout: 30_000 } },
    // .ci/run counts from the report.
    reporters: ['default', ['json', { outputFile: '.cache/test-results.json' }]],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{kafka,clients,docker}.test.ts'],
          testTimeout,
          hookTimeout: testTimeout,
        },
      },
      {
        extends: true,
        test: { name: 'clients', include: ['test/**/*.clients.test.ts'] },
      },
      {
        extends: true,
        test: { name: 'kafka', include: ['test/**/*.kafka.test.ts'], exclude: ALONE, ...withBroker },
      },
      {
        extends: true,
        test: { name: 'kafka-alone', include: ALONE, fileParallelism: false, ...withBroker },
      },
    ],
  },
});
