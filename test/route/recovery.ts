import { expect } from 'vitest';
import { kafkaTool } from '../support/java.ts';
import { type EmulatorChild, startEmulatorChild } from '../support/process.ts';
import { commitOffsets, startOffsets } from '../support/topics.ts';
import { sleep, until } from '../support/until.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import type { Service } from './service.ts';

/** Runs a test with a MaxCompute and a pipeline of its own, so that several can run at a time. */
export async function withPipeline(
  bootstrap: string,
  test: (pipeline: Pipeline, emulator: EmulatorChild) => Promise<void>,
  replicas = 1,
): Promise<void> {
  const emulator = await startEmulatorChild();
  const pipeline = await createPipeline(bootstrap, emulator, 2, replicas);
  try {
    await test(pipeline, emulator);
  } finally {
    await pipeline.end();
    await emulator.stop();
  }
}

/** Asks /live all the time; `end` tells every status that was answered, 0 for none. */
export function watchLive(service: Service): { end(): Promise<number[]> } {
  const seen = new Set<number>();
  const ended = new AbortController();
  const watching = (async () => {
    while (!ended.signal.aborted) {
      seen.add(await service.probe('live').catch(() => 0));
      await sleep(250);
    }
  })();
  return {
    async end() {
      ended.abort();
      await watching;
      return [...seen];
    },
  };
}

/** Runs Kafka's own tool on the offsets of the group; nobody may be in it. */
const groupTool = (
  bootstrap: string,
  { group, topic }: Pipeline,
  topicPartitions: string | null,
  args: string[],
) => {
  const scope = topicPartitions === null ? topic : `${topic}:${topicPartitions}`;
  const common = ['--bootstrap-server', bootstrap, '--group', group, '--topic', scope];
  return kafkaTool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [...common, ...args]);
};

/** `to`: `--to-earliest`, `--to-offset 5`, ...; all topic partitions, or those of a list `0,2`. */
export const resetOffsets = (
  bootstrap: string,
  pipeline: Pipeline,
  to: string,
  topicPartitions: string | null = null,
): Promise<string> =>
  groupTool(bootstrap, pipeline, topicPartitions, ['--reset-offsets', ...to.split(' '), '--execute']);

export const deleteOffset = (
  bootstrap: string,
  pipeline: Pipeline,
  topicPartitions: string,
): Promise<string> => groupTool(bootstrap, pipeline, topicPartitions, ['--delete-offsets']);

/** What `--reset-offsets --to-earliest` does, without a JVM: an offset without metadata. */
export async function resetToEarliest(
  bootstrap: string,
  { group, topic }: Pipeline,
  only?: number[],
): Promise<void> {
  const starts = [...(await startOffsets(bootstrap, topic))];
  const chosen = starts.filter(([partition]) => only?.includes(partition) ?? true);
  await commitOffsets(
    bootstrap,
    group,
    chosen.map(([partition, offset]) => ({ topic, partition, offset })),
  );
}

/** The log line with this message, from line number `from` on. */
export async function logLine(service: Service, message: string, from = 0): Promise<Record<string, unknown>> {
  const line = await service.waitFor(`"msg":"${message}`, { from });
  return JSON.parse(line);
}

/** What is told of an outage again and again is told once a minute at most. */
export function expectSeldom(
  told: readonly Record<string, unknown>[],
  of: (line: Record<string, unknown>) => string,
) {
  const last = new Map<string, number>();
  for (const line of told) {
    const [what, time] = [of(line), Date.parse(String(line.time))];
    // Half a second: the log has a clock of its own, which may be set.
    expect(time - (last.get(what) ?? 0), what).toBeGreaterThan(59_500);
    last.set(what, time);
  }
}

/** /ready says 200, also when the machine has much else to do. */
export async function untilReady(service: Service): Promise<void> {
  const ready = async () => (await service.probe('ready')) === 200;
  const what = () => `/ready is 200\n${service.tail()}`;
  await until(ready, { what: '' }).catch(() => expect.fail(what()));
}

/**
 * Everything sent is in the table once or is a dead letter, all of it is acknowledged, and the services that
 * still run are ready.
 */
export async function expectWhole(pipeline: Pipeline): Promise<void> {
  await pipeline.settled();
  const { rows, distinct, acknowledged } = await pipeline.counts();
  const output = pipeline.services.map((service) => service.tail()).join('\n--\n');
  expect(acknowledged, output).toBe(pipeline.sent());
  expect(distinct + pipeline.letters().size, output).toBe(pipeline.sent());
  expect(rows - distinct, output).toBe(0);
  for (const service of pipeline.services.filter((one) => one.running())) await untilReady(service);
}
