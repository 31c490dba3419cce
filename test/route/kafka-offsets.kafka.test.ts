import { describe, expect, inject, it } from 'vitest';
import { commitOffsets, committedOffsets, deleteRecords, endOffsets } from '../support/topics.ts';
import { sleep } from '../support/until.ts';
import { addFault, failure, type Pipeline } from './pipeline.ts';
import { deleteOffset, expectWhole, resetOffsets, resetToEarliest, withPipeline } from './recovery.ts';
import { query, type Service } from './service.ts';

const CLEAN = { code: 0, signal: null };
const bootstrap = inject('kafka');

/** A pipeline whose group has read 1,000 records and is stopped. */
async function readAndStop(pipeline: Pipeline): Promise<Map<number, number>> {
  const service = await pipeline.startAssigned();
  await pipeline.send(1_000);
  await pipeline.settled();
  expect(await service.stop(), service.tail()).toEqual(CLEAN);
  return endOffsets(bootstrap, pipeline.topic);
}

/** It ended with offset_lost and says of exactly these topic partitions why. */
async function expectLost(service: Service, { topic, group }: Pipeline, why: Record<number, RegExp>) {
  const exit = await service.exited;
  const error = failure(service)?.code;
  expect({ ...exit, error }, service.tail()).toEqual({ code: 4, signal: null, error: 'offset_lost' });
  const { message, hint } = failure(service)!;
  expect(message).toContain(group);
  expect(hint).toContain('--to-earliest');
  const parts = message.slice(message.indexOf(topic)).split('; ');
  const named = Object.entries(why).map(([number, text]) => [`${topic}-${number}: `, text] as const);
  expect(parts.map((part) => part.slice(0, part.indexOf(': ') + 2))).toEqual(named.map(([name]) => name));
  named.forEach(([, text], i) => {
    expect(parts[i]).toMatch(text);
  });
}

const rowsOf = async (emulator: Parameters<typeof query>[0], { table }: Pipeline) => {
  const sql = `SELECT kafka_partition, COUNT(DISTINCT kafka_offset) FROM ${table} GROUP BY 1 ORDER BY 1;`;
  return new Map((await query(emulator, sql)) as [number, number][]);
};

describe.concurrent('offsets that are not in the log', () => {
  it('deleted while nothing ran: it names all of them; after the reset the rest is read', async () => {
    await withPipeline(bootstrap, async (pipeline, emulator) => {
      const read = await readAndStop(pipeline);
      await pipeline.send(2_000);
      for (const number of [1, 3]) await deleteRecords(bootstrap, pipeline.topic, number, 600);
      const [at, end] = [(n: number) => read.get(n)!, await endOffsets(bootstrap, pipeline.topic)];
      const why = (n: number) => new RegExp(`committed ${at(n)}, the log is 600..${end.get(n)}: deleted`);
      await expectLost(await pipeline.start(), pipeline, { 1: why(1), 3: why(3) });
      await resetOffsets(bootstrap, pipeline, '--to-earliest', '1,3');
      await pipeline.startAssigned();
      await pipeline.settled();
      const rows = await rowsOf(emulator, pipeline);
      expect([...rows]).toEqual([...end].map(([n, all]) => [n, n % 2 ? all - 600 + at(n) : all]));
    });
  });

  it('deleted while it runs, before they were read: what was read is finished, then it stops', async () => {
    await withPipeline(bootstrap, async (pipeline, emulator) => {
      const service = await pipeline.startAssigned({ kafkaOptions: { 'session.timeout.ms': 30_000 } });
      const hang = await addFault(emulator, { route: 'block', action: 'hang' });
      await pipeline.send(1_000);
      await hang.hit();
      // Longer than a fetch waits at the broker: it finds nothing, and the next one comes too late.
      service.kill('SIGSTOP');
      await sleep(3_000);
      await pipeline.send(1_000);
      const end = await endOffsets(bootstrap, pipeline.topic);
      for (const number of [0, 2])
        await deleteRecords(bootstrap, pipeline.topic, number, end.get(number)! - 5);
      service.kill('SIGCONT');
      await hang.remove();
      const why = /read up to (\d+), the log is \d+\.\.\d+: deleted before it was read/;
      await expectLost(service, pipeline, { 0: why, 2: why });
      const { message } = failure(service)!;
      const committed = await committedOffsets(bootstrap, pipeline.group, pipeline.topic);
      const rows = await rowsOf(emulator, pipeline);
      for (const [number, position] of [...message.matchAll(/-(\d): read up to (\d+)/g)].map(([, n, p]) => [
        Number(n),
        Number(p),
      ])) {
        expect(committed.get(number!)?.offset).toBe(position);
        expect(rows.get(number!)).toBe(position);
      }
      await resetToEarliest(bootstrap, pipeline, [0, 2]);
      await pipeline.startAssigned();
      await pipeline.settled();
      expect([...(await rowsOf(emulator, pipeline)).entries()]).toEqual(
        [...end].map(([number, all]) => [number, number % 2 ? all : rows.get(number)! + 5]),
      );
    });
  });

  it('past the end of the log: it names all of them, and the log', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      const { topic, group } = pipeline;
      await pipeline.send(1_000);
      const end = await endOffsets(bootstrap, topic);
      const positions = [...end].map(([partition, offset]) => ({
        topic,
        partition,
        offset: offset + partition,
      }));
      await commitOffsets(bootstrap, group, positions);
      const why = (n: number) =>
        new RegExp(`committed ${end.get(n)! + n}, the log is 0..${end.get(n)}: it ends before`);
      await expectLost(await pipeline.start(), pipeline, { 1: why(1), 2: why(2), 3: why(3) });
      await resetToEarliest(bootstrap, pipeline);
      await pipeline.startAssigned();
      await expectWhole(pipeline);
    });
  });

  it('deleted by somebody for one topic partition: it stops; a reset to any offset is followed', async () => {
    await withPipeline(bootstrap, async (pipeline, emulator) => {
      const read = await readAndStop(pipeline);
      await deleteOffset(bootstrap, pipeline, '2');
      await expectLost(await pipeline.start(), pipeline, { 2: /nothing committed though others/ });
      const { topic, group } = pipeline;
      const back = { 1: 240, 2: read.get(2)! - 7 };
      await commitOffsets(
        bootstrap,
        group,
        Object.entries(back).map(([number, offset]) => ({ topic, partition: Number(number), offset })),
      );
      await pipeline.send(1_000);
      const service = await pipeline.startAssigned();
      await pipeline.settled();
      const { rows, distinct } = await pipeline.counts();
      expect([rows, distinct]).toEqual([2_000 + 7 + read.get(1)! - 240, 2_000]);
      expect([...(await rowsOf(emulator, pipeline)).values()]).toEqual([
        ...(await endOffsets(bootstrap, pipeline.topic)).values(),
      ]);
      expect(await service.probe('ready')).toBe(200);
    });
  });
});
