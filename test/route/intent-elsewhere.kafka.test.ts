import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type EmulatorChild, startEmulatorChild } from '../support/process.ts';
import { addFault, createPipeline, type Pipeline } from './pipeline.ts';
import { query } from './service.ts';

/** What an operator does to the table while an intent stands in Kafka and nobody runs. */
describe('an intent of a process that was killed', () => {
  let emulator: EmulatorChild;
  const pipelines: Pipeline[] = [];

  beforeAll(async () => {
    emulator = await startEmulatorChild();
  });
  afterAll(async () => {
    await Promise.all(pipelines.map((one) => one.end()));
    await emulator?.stop();
  });

  /** Killed when its intent stands and no commit of a session gets through. */
  const killed = async (): Promise<Pipeline> => {
    const pipeline = await createPipeline(inject('kafka'), emulator, 1);
    pipelines.push(pipeline);
    const service = await pipeline.startAssigned();
    const { table } = pipeline;
    const held = await addFault(emulator, { route: 'commit', table, action: 'cut', when: 'before' });
    await pipeline.send(200, { brokenEvery: 10 });
    await held.hit();
    service.kill('SIGKILL');
    await service.exited;
    await held.remove();
    expect(await pipeline.counts()).toMatchObject({ rows: 0, acknowledged: 0 });
    return pipeline;
  };
  const count = async (table: string) => (await query(emulator, `SELECT COUNT(*) FROM ${table};`))[0]![0];

  it.concurrent('is settled in its own table when the configuration names another one', async () => {
    const pipeline = await killed();
    const other = `${pipeline.table}_new`;
    const columns = 'id BIGINT, kafka_partition BIGINT, kafka_offset BIGINT';
    await query(emulator, `CREATE TABLE ${other} (${columns}) PARTITIONED BY (hr STRING);`);
    const renamed = { table: other, env: { MAXSINK_NAME: pipeline.table } };
    const service = await pipeline.startAssigned(renamed);
    await pipeline.settled();
    expect(await pipeline.counts()).toEqual({ rows: 180, distinct: 180, acknowledged: 200 });
    await pipeline.send(100);
    await pipeline.settled();
    expect([await count(pipeline.table), await count(other)]).toEqual([180, 100]);
    expect(pipeline.letters().size).toBe(20);
    expect(await service.stop(), service.tail()).toEqual({ code: 0, signal: null });
  });

  it.concurrent('makes its table partition again when that was dropped', async () => {
    const pipeline = await killed();
    await query(emulator, `ALTER TABLE ${pipeline.table} DROP PARTITION (hr = '00');`);
    const service = await pipeline.startAssigned();
    await pipeline.settled();
    expect(await pipeline.counts()).toEqual({ rows: 180, distinct: 180, acknowledged: 200 });
    expect(pipeline.letters().size).toBe(20);
    expect(await service.stop(), service.tail()).toEqual({ code: 0, signal: null });
  });

  it.concurrent('whose session was committed and is forgotten is decided by the rows that are in the table', async () => {
    const pipeline = await killed();
    const url = `${emulator.tunnelEndpoint}/_control/sessions`;
    const sessions = (await (await fetch(url)).json()) as { id: string; table: string }[];
    const [session] = sessions.filter(({ table }) => table === pipeline.table);
    for (const state of ['closed', 'gone'])
      await fetch(`${url}/${session!.id}`, { method: 'POST', body: JSON.stringify({ state }) });
    const service = await pipeline.startAssigned();
    await pipeline.settled();
    expect(await pipeline.counts()).toEqual({ rows: 180, distinct: 180, acknowledged: 200 });
    expect(await service.stop(), service.tail()).toEqual({ code: 0, signal: null });
  });
});
