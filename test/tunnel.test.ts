import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../src/clock.ts';
import { type Emulator, startEmulator } from '../src/emulator/server.ts';
import { joinPieces } from '../src/encode/block.ts';
import type { Log } from '../src/log.ts';
import { type MaxCompute, openMaxCompute } from '../src/maxcompute/maxcompute.ts';
import { guardedTunnel } from '../src/tunnel.ts';

const ACCOUNT = { project: 'demo', accessId: 'id', accessKey: 'key' };
const EMPTY = joinPieces([], 'none').body;

describe('sessions of a table that was planned for', () => {
  let emulator: Emulator;
  let maxcompute: MaxCompute;

  beforeEach(async () => {
    emulator = await startEmulator({ ...ACCOUNT, tables: ['CREATE TABLE t (id BIGINT, name STRING)'] });
    maxcompute = openMaxCompute({
      ...{ endpoint: emulator.endpoint, tunnelEndpoint: null, project: 'demo', schema: null, quota: null },
      ...{ region: null, proxy: null, ca: null, clock: systemClock, userAgent: 'test/1' },
      credentials: async () => ({ accessKeyId: 'id', accessKeySecret: 'key', securityToken: null }),
    });
  });
  afterEach(async () => {
    await maxcompute.close();
    await emulator.stop();
  });
  let told = 0;
  const tunnelNow = async () => {
    const table = await maxcompute.table('t');
    told = 0;
    return guardedTunnel(maxcompute, { table, outdated: () => told++ }, {} as Log);
  };

  it.each([
    ['ADD COLUMNS (note STRING)', 'added: note string'],
    ['DROP COLUMN name', 'dropped: name string'],
    ['CHANGE COLUMN name title STRING', 'dropped: name string; added: title string'],
    ['CHANGE COLUMN id id STRING', 'id was bigint, is string'],
  ])('after %s none is created, and the change is named', async (change, text) => {
    const tunnel = await tunnelNow();
    await tunnel.create('');
    await emulator.sql(`ALTER TABLE t ${change};`);
    await expect(tunnel.create('')).rejects.toMatchObject({
      code: 'table_changed',
      message: `table t has changed (${text})`,
    });
    expect(told).toBe(1);
  });

  it('are not created when the columns stand in another order', async () => {
    const tunnel = await tunnelNow();
    await emulator.sql('DROP TABLE t;');
    await emulator.sql('CREATE TABLE t (name STRING, id BIGINT);');
    await expect(tunnel.create('')).rejects.toMatchObject({
      message: expect.stringContaining('the order is now name, id'),
    });
  });

  it('a block that is refused because of the change is told as the change', async () => {
    const tunnel = await tunnelNow();
    const session = await tunnel.create('');
    emulator.control('block', { action: 'status', status: 400, code: 'CorruptedDataStream' });
    await expect(session.putBlock(0, EMPTY, null)).rejects.toMatchObject({ code: 'maxcompute_refused' });
    await emulator.sql('ALTER TABLE t DROP COLUMN name;');
    await expect(session.putBlock(0, EMPTY, null)).rejects.toMatchObject({
      code: 'table_changed',
      message: expect.stringContaining('dropped: name string'),
    });
  });

  it('is lost when the table was dropped and made anew with the same columns', async () => {
    const tunnel = await tunnelNow();
    const session = await tunnel.create('');
    await emulator.sql('DROP TABLE t;');
    await emulator.sql('CREATE TABLE t (id BIGINT, name STRING);');
    const lost = { code: 'session_lost', message: expect.stringContaining('made anew') };
    await expect(session.putBlock(0, EMPTY, null)).rejects.toMatchObject(lost);
    await expect(session.commit(new Map())).rejects.toMatchObject(lost);
  });

  it('a commit that is refused because of the change likewise', async () => {
    const tunnel = await tunnelNow();
    const session = await tunnel.create('');
    await session.putBlock(0, EMPTY, null);
    emulator.control('commit', { action: 'status', status: 400, code: 'InvalidColumnSpec' });
    await emulator.sql('ALTER TABLE t DROP COLUMN name;');
    await expect(session.commit(new Map([[0, 0]]))).rejects.toMatchObject({ code: 'table_changed' });
  });
});
