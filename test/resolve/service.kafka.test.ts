import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { Pointer } from '../../src/ledger/intent.ts';
import { encodePointer } from '../../src/ledger/pointer.ts';
import { commitNote } from '../../src/source/membership/note.ts';
import { createPipeline, failure, type Pipeline } from '../route/pipeline.ts';
import { groupState } from '../support/groups.ts';
import { type EmulatorChild, startEmulatorChild } from '../support/process.ts';
import { commitOffsets } from '../support/topics.ts';
import { until } from '../support/until.ts';
import { resolve } from './command.ts';

const brokers = inject('kafka');
let emulator: EmulatorChild;
let pipeline: Pipeline;
beforeAll(async () => {
  emulator = await startEmulatorChild();
  pipeline = await createPipeline(brokers, emulator);
});
afterAll(async () => {
  await pipeline?.end();
  await emulator?.stop();
});

/** An intent, under another mapping, for the first five records of topic partition 0, whose session nobody knows. */
async function leaveIntent({ topic, group, table }: Pipeline): Promise<void> {
  const anchor = { topic, partition: 0 };
  const session = { tablePartition: 'hr=00', id: 'f'.repeat(38), blocks: 1, rows: 5 };
  const pointer: Pointer = {
    ...{ batch: randomUUID(), end: 5, anchor, createdAt: Date.now(), confirmed: false, cluster: null },
    ...{ witness: session, to: { project: emulator.project, schema: null, table } },
    list: { members: [anchor], sessions: [session], mapping: 'of before' },
  };
  const census = { size: 4, unstarted: [], topicId: null, pipeline: table, table: `demo.${table}` };
  const at = (partition: number, intent: string | null) => {
    return { topic, partition, offset: 0, metadata: commitNote(census, false, intent) };
  };
  const others = [1, 2, 3].map((number) => at(number, null));
  await commitOffsets(brokers, group, [at(0, encodePointer(pointer)), ...others]);
}

it('a service that stops for a decision goes on once it is made', async () => {
  await pipeline.send(40);
  await leaveIntent(pipeline);
  const stopped = await pipeline.start();
  await stopped.waitFor('decision_needed');
  stopped.kill('SIGTERM');
  expect((await stopped.exited).code).toBe(4);
  expect(failure(stopped)).toMatchObject({ code: 'decision_needed' });
  const empty = async () => (await groupState(brokers, pipeline.group)).members.length === 0;
  await until(empty, { what: 'an empty group' });
  const { exit, stdout } = await resolve(stopped.file, '--replay');
  expect([exit, stdout]).toEqual([0, expect.stringContaining('Settled.')]);
  await pipeline.start();
  await pipeline.settled();
  expect(await pipeline.counts()).toEqual({ rows: 40, distinct: 40, acknowledged: 40 });
});
