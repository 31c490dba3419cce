import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { fetchedPart, ROOT } from './project.ts';

/** A light JVM: short runs on few cores. */
export const LIGHT_JVM = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'] as const;

const LOGGING = path.join(ROOT, 'test', 'support', 'log4j2.yaml');

/** Arguments of `java` that run a class of Kafka's jars. */
export const kafkaClass = (name: string, args: readonly string[], heapMiB = 256): string[] => [
  `-Xmx${heapMiB}m`,
  ...LIGHT_JVM,
  `-Dlog4j2.configurationFile=${LOGGING}`,
  '-cp',
  `${fetchedPart('kafka-libs')}/*`,
  name,
  ...args,
];

/** Runs one of Kafka's own tools to its end, e.g. `org.apache.kafka.tools.ConsumerPerformance`; its stdout. */
export async function kafkaTool(name: string, args: readonly string[], stdin = ''): Promise<string> {
  const running = promisify(execFile)('java', kafkaClass(name, args), { maxBuffer: 64 * 1024 * 1024 });
  running.child.stdin?.end(stdin);
  return (await running).stdout;
}
