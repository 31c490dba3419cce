import { afterEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { createQuotas } from '../../../src/emulator/tunnel/quotas.ts';
import { clientClock, commitUpload, createUpload, start } from '../harness.ts';

let emulator: Emulator;
afterEach(async () => {
  clientClock.now = () => Date.now();
  await emulator?.stop();
});

describe('real quotas', () => {
  it('refuse the 501st session of five minutes on one table, and allow it later', async () => {
    let time = Date.now();
    clientClock.now = () => time;
    const tables = ['CREATE TABLE t (id BIGINT)', 'CREATE TABLE u (id BIGINT)'];
    emulator = await start({ quotas: 'real', countOnly: true, now: () => time, tables });
    const first = await createUpload(emulator, { table: 't' });
    for (let turn = 1; turn < 500; turn += 1) await createUpload(emulator, { table: 't' });
    const refused = await createUpload(emulator, { table: 't' });
    expect([refused.status, refused.json.Code]).toEqual([429, 'FlowExceeded']);
    expect((await createUpload(emulator, { table: 'u' })).status).toBe(200);
    expect((await commitUpload(emulator, { table: 't' }, String(first.json.UploadID))).status).toBe(200);
    time += 300_000;
    expect((await createUpload(emulator, { table: 't' })).status).toBe(200);
  });

  it('forget tables that nobody writes to any more, and none that somebody does', () => {
    let time = 0;
    const quotas = createQuotas('real', () => time);
    const take = (id: string) => quotas.take('block', { id, name: 't' });
    for (let turn = 0; turn < 500; turn += 1) take('busy');
    for (let id = 0; id < 20_000; id += 1) take(String(id));
    expect(() => take('busy')).toThrow('flow quota');
    time += 300_000;
    for (let turn = 0; turn < 500; turn += 1) take('busy');
    expect(() => take('busy')).toThrow('flow quota');
  });

  it('hold a block to 10 MB/s, measured over the whole of it', async () => {
    let time = 0;
    const waits: number[] = [];
    const sleep = async (ms: number) => {
      waits.push(ms);
      time += ms;
    };
    async function* body() {
      for (let piece = 0; piece < 40; piece += 1) {
        if (piece === 20) time += 400;
        yield Buffer.alloc(512 * 1024);
      }
    }
    let bytes = 0;
    for await (const piece of createQuotas('real', () => time, sleep).pace(body())) bytes += piece.length;
    expect(bytes).toBe(20 * 1024 * 1024);
    // A pause of the client counts: what it missed it may catch up with.
    expect(time).toBe(2000);
    expect(waits[0]).toBe(50);
  });

  it('allow 500 blocks in five minutes, 75 commits in 15 s and 32 commits at once', () => {
    let time = 0;
    const quotas = createQuotas('real', () => time);
    const table = { id: '1', name: 't' };
    const accepted = (work: () => void) => {
      for (let turn = 0; ; turn += 1) {
        try {
          work();
        } catch {
          return turn;
        }
      }
    };
    expect(accepted(() => quotas.take('block', table))).toBe(500);
    expect(accepted(() => quotas.enterCommit(table)())).toBe(75);
    expect(() => quotas.enterCommit(table)).toThrow(
      expect.objectContaining({ status: 429, code: 'FlowExceeded' }),
    );
    time += 15_000;
    expect(accepted(() => quotas.enterCommit(table)())).toBe(75);
    expect(accepted(() => quotas.take('block', table))).toBe(0);
    time += 15_000;
    const leave: (() => void)[] = [];
    expect(accepted(() => leave.push(quotas.enterCommit(table)))).toBe(32);
    expect(() => quotas.enterCommit(table)).toThrow(
      expect.objectContaining({ status: 429, code: 'SlotExceeded' }),
    );
    for (let turn = 0; turn < 100; turn += 1) expect(accepted(() => quotas.enterCommit(table))).toBe(0);
    leave[0]!();
    expect(accepted(() => quotas.enterCommit(table))).toBe(1);
    for (const done of leave) done();
    expect(accepted(() => quotas.enterCommit(table)())).toBe(75 - 33);
  });
});
