import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { producerProperties } from '../../../src/source/client/settings.ts';
import { type MessageProducer, openProducer } from '../../../src/source/producer/producer.ts';
import { kafkaSettings } from '../../support/kafka-settings.ts';
import { readAll } from '../../support/records.ts';
import { createTopic, uniqueName } from '../../support/topics.ts';

const bootstrap = inject('kafka');

describe('the producer', () => {
  let producer: MessageProducer;
  beforeAll(() => {
    producer = openProducer(kafkaSettings(bootstrap));
  });
  afterAll(() => producer.close(2_000));

  it('never asks for the right of idempotent writing, whatever the options say', () => {
    const kafka = { ...kafkaSettings(bootstrap), options: { 'enable.idempotence': true } };
    expect(producerProperties(kafka)).toMatchObject({ 'enable.idempotence': false, acks: 'all' });
  });

  it('keeps null and empty apart, in key, value and headers', async () => {
    const topic = await createTopic(bootstrap, uniqueName('produced'), { topicPartitions: 1 });
    const headers = [
      { name: 'null', value: null },
      { name: 'empty', value: Buffer.alloc(0) },
      { name: 'text', value: 'é' },
      { name: 'text', value: Uint8Array.of(0, 255) },
      { name: '', value: 'nameless' },
    ];
    await producer.send(topic, null, null);
    await producer.send(topic, Buffer.alloc(0), Buffer.alloc(0), headers);
    await producer.send(topic, Uint8Array.of(0, 128), Uint8Array.of(255), []);
    await producer.send(topic, 'key', 'value');
    const records = await readAll(bootstrap, topic);
    expect(
      records.map(({ key, value }) => [key, value].map((one) => one && Buffer.from(one as Buffer))),
    ).toEqual([
      [null, null],
      [Buffer.alloc(0), Buffer.alloc(0)],
      [Buffer.of(0, 128), Buffer.of(255)],
      [Buffer.from('key'), Buffer.from('value')],
    ]);
    expect(records.map((record) => record.headers)).toEqual([
      undefined,
      [
        { null: Buffer.alloc(0) },
        { empty: Buffer.alloc(0) },
        { text: Buffer.from('é') },
        { text: Buffer.of(0, 255) },
        { '': Buffer.from('nameless') },
      ],
      undefined,
      undefined,
    ]);
  });
});
