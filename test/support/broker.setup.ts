import type { TestProject } from 'vitest/node';
import { startKafka } from './kafka.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Bootstrap servers of the broker that all `*.kafka.test.ts` files share. */
    kafka: string;
  }
}

/** Runs only when a `*.kafka.test.ts` file does. Tests keep apart by topic and group names (`uniqueName`). */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const kafka = await startKafka();
  project.provide('kafka', kafka.bootstrap);
  return kafka.stop;
}
