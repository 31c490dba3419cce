import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kafka, startKafka } from '../support/kafka.ts';
import { type EmulatorChild, startEmulatorChild } from '../support/process.ts';
import { sleep } from '../support/until.ts';
import { createPipeline } from './pipeline.ts';
import type { Service } from './service.ts';

let emulator: EmulatorChild;

beforeAll(async () => {
  emulator = await startEmulatorChild();
});
afterAll(() => emulator.stop());

/** Messages of warnings and errors. */
const warnings = ({ lines }: Service): string[] =>
  lines.filter((line) => /^\{"level":"(?:warn|error)"/.test(line)).map((line) => JSON.parse(line).msg);

describe.concurrent('the log of a service', () => {
  it.each<[string, string, (kafka: Kafka) => Promise<void>, (kafka: Kafka) => Promise<void>]>([
    ['is frozen', 'no answer', ({ freeze }) => freeze(1), ({ thaw }) => thaw(1)],
    ['is killed', 'Connection refused', ({ kill }) => kill(1), ({ restart }) => restart(1)],
  ])('whose broker %s tells so once and soon, and its return', async (_, why, down, up) => {
    const kafka = await startKafka();
    const pipeline = await createPipeline(kafka.bootstrap, emulator);
    try {
      const service = await pipeline.startAssigned();
      await pipeline.send(10);
      await pipeline.settled();
      await down(kafka);
      const told = await service.waitFor(' unreachable for ');
      const affected = `${kafka.bootstrap} unreachable for \\d+ s \\(${why}\\): 4 topic partitions are not read`;
      expect(JSON.parse(told)).toMatchObject({ level: 'warn', msg: expect.stringMatching(affected) });
      await service.waitFor('topic partitions lost');
      await sleep(6_000); // what the client writes of it, again and again, is not passed on
      expect(await service.probe('live')).toBe(200);
      expect(await service.probe('ready')).toBe(503);
      expect(warnings(service).toSorted()).toEqual([
        expect.stringMatching(`^Kafka: ${affected}`),
        expect.stringMatching(/^topic partitions lost/),
      ]);
      const from = service.lines.length;
      await up(kafka);
      await service.waitFor('Kafka: reachable again');
      await service.waitFor('topic partitions assigned', { from });
    } finally {
      await pipeline.end();
      await kafka.stop();
    }
  });
});
