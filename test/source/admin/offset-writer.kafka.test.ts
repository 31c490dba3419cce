import { expect, inject, it } from 'vitest';
import { openOffsetWriter } from '../../../src/source/admin/offset-writer.ts';
import type { KafkaSettings } from '../../../src/source/client/settings.ts';
import { joinGroup } from '../../support/member.ts';
import { committedOffsets, createTopic, uniqueName } from '../../support/topics.ts';

const bootstrap = inject('kafka');
const MEMORY = 64 * 1024 * 1024;

const settings = (groupId: string, topic: string): KafkaSettings => ({
  ...{ brokers: [bootstrap], topics: [topic], topicPattern: null, groupId, instanceId: 'static' },
  security: {
    ...{ protocol: 'plaintext', mechanism: null, username: null, password: null },
    ...{ caFile: null, certFile: null, keyFile: null },
  },
  options: {},
});

it('offsets and metadata of a group are written while nobody is in it, and refused otherwise', async () => {
  const topic = await createTopic(bootstrap, uniqueName('written'), { topicPartitions: 2 });
  const group = uniqueName('written');
  const at = (partition: number, offset: number, metadata: string) => ({
    ...{ topic, partition, offset, metadata },
  });
  const writer = await openOffsetWriter(settings(group, topic), MEMORY);
  await writer.commit([at(0, 7, 'a;'), at(1, 9, 'b;')]);
  const written = new Map([
    [0, { offset: 7, metadata: 'a;' }],
    [1, { offset: 9, metadata: 'b;' }],
  ]);
  expect(await committedOffsets(bootstrap, group, topic)).toEqual(written);
  const member = await joinGroup(bootstrap, group, topic);
  await expect(writer.commit([at(0, 8, 'c;')])).rejects.toMatchObject({
    code: 'kafka_commit_refused',
    message: expect.stringContaining('(25)'),
  });
  expect(await committedOffsets(bootstrap, group, topic)).toEqual(written);
  await member.leave();
  await writer.commit([at(0, 8, 'c;')]);
  expect((await committedOffsets(bootstrap, group, topic)).get(0)).toEqual({ offset: 8, metadata: 'c;' });
  await writer.close();
});
