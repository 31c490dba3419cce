import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { ROOT } from '../support/project.ts';
import { runScenario } from './scenario.ts';
import { SUBSET } from './scenarios.ts';

/** Each death costs seconds, on a busy machine many. */
const DEADLINE_MS = 600_000;

/** Some of `make chaos`: real processes, killed, frozen and cut off at chosen steps. */
describe('whatever dies, each record is in the table once or a dead letter once', () => {
  beforeAll(() => {
    execFileSync('npm', ['run', '--silent', 'build:harness'], { cwd: ROOT });
  });

  for (const scenario of SUBSET) {
    it.concurrent(
      `${scenario.name}, ${scenario.members} of ${scenario.members}`,
      async () => {
        const result = await runScenario(scenario, inject('kafka'));
        expect(result.failures).toEqual([]);
        expect(result.records).toBeGreaterThan(0);
      },
      DEADLINE_MS,
    );
  }
});
