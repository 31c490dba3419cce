import path from 'node:path';
import { type Child, startChild } from '../support/process.ts';
import { fetchedPart } from '../support/project.ts';
import { uniqueName } from '../support/topics.ts';
import type { Cpu, Run } from './sample.ts';

/** The records that every reader reads. */
export interface Source {
  readonly bootstrap: string;
  readonly topic: string;
  readonly topicPartitions: number;
  readonly records: number;
}

const READ_MS = 600_000;

/** What Kafka's own start scripts give to the JVM. */
const JVM = ['-Xmx512m', '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20'];
const NO_CPU: Cpu = { total: 0, main: 0, workers: 0, kafka: 0 };

/** Kafka's ConsumerPerformance: it only reads. CPU of the whole JVM, its start included. */
export async function jvmReader({ bootstrap, topic, records }: Source): Promise<Run> {
  const tool = ['org.apache.kafka.tools.ConsumerPerformance', '--hide-header', '--timeout', '60000'];
  const what = ['--bootstrap-server', bootstrap, '--topic', topic, '--messages', `${records}`];
  const libraries = ['-cp', `${fetchedPart('kafka-libs')}/*`];
  const java = ['java', ...JVM, ...libraries, ...tool, ...what, '--group', uniqueName('jvm')];
  const child = startChild('bash', ['-c', 'TIMEFORMAT="cpu %U %S"; time "$@"', 'bash', ...java]);
  const [, user, system] = (await child.waitFor(/^cpu /, { deadlineMs: READ_MS })).split(' ').map(Number);
  const columns = child.lines.find((line) => /^\d{4}-/.test(line))?.split(', ');
  if (!columns || Number(columns[4]) < records) throw new Error(`ConsumerPerformance: ${child.tail()}`);
  const total = user! + system!;
  return { rate: Number(columns[5]), whole: { ...NO_CPU, total }, start: NO_CPU, peakRssBytes: Number.NaN };
}

/** A Node process with the service's client settings that counts the records, or packs them into chunks. */
export async function bareReader(source: Source, handling: 'count' | 'pack'): Promise<Run> {
  const { bootstrap, topic, topicPartitions, records } = source;
  const script = path.join(import.meta.dirname, 'bare-consumer.js');
  const args = [script, bootstrap, topic, `${topicPartitions}`, `${records}`, handling];
  return runOf(startChild(process.execPath, args));
}

async function runOf(child: Child): Promise<Run> {
  const line = await child.waitFor(/^\{/, { deadlineMs: READ_MS });
  await child.exited;
  return JSON.parse(line);
}
