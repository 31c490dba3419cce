import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { commitUpload, createUpload, encode, putBlock, sql, start, uploadStatus } from '../harness.ts';

const target = { table: 't', tablePartition: 'dt=1' };
let emulator: Emulator;
beforeEach(async () => {
  emulator = await start({
    tables: ['CREATE TABLE t (id BIGINT) PARTITIONED BY (dt STRING)', 'ALTER TABLE t ADD PARTITION (dt=1)'],
  });
});
afterEach(async () => {
  vi.useRealTimers();
  await emulator.stop();
});

const newUpload = async () => {
  const id = String((await createUpload(emulator, target)).json.UploadID);
  await putBlock(emulator, target, id, 0, encode([[1], [2]]));
  return id;
};
const set = async (id: string, state: string) => {
  const at = `${emulator.url}/_control/sessions/${id}`;
  const response = await fetch(at, { method: 'POST', body: JSON.stringify({ state }) });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
};
const seen = async (id: string) => {
  const { json } = await uploadStatus(emulator, target, id);
  return json.Status ?? json.Code;
};
const count = async () => (await sql(emulator, 'SELECT COUNT(*) FROM t WHERE dt=1;')).text.split('\n')[1];

describe('a session under control', () => {
  it('is listed with its table partition, its rows and what it is', async () => {
    const id = await newUpload();
    const shown = { kind: 'upload', id, table: 't', tablePartition: 'dt=1', status: 'normal', rows: 2 };
    expect(await (await fetch(`${emulator.url}/_control/sessions`)).json()).toEqual([shown]);
    expect(await (await fetch(`${emulator.url}/_control/sessions/${id}`)).json()).toEqual(shown);
    expect(emulator.sessions()).toEqual([shown]);
  });

  it.each([
    ['expired', 'expired'],
    ['canceled', 'canceled'],
    ['critical', 'critical'],
    ['gone', 'NoSuchUpload'],
  ])('that is made %s is seen as %s and can never be committed', async (state, word) => {
    const id = await newUpload();
    expect(await set(id, state)).toMatchObject({ status: 200, json: { id, status: state } });
    expect(await seen(id)).toBe(word);
    expect((await commitUpload(emulator, target, id)).status).toBeGreaterThanOrEqual(400);
    expect((await set(id, 'closed')).status).toBe(state === 'gone' ? 404 : 409);
    expect(await count()).toBe('0');
  });

  it('stays committing until it is told how that ends', async () => {
    const id = await newUpload();
    await set(id, 'committing');
    expect(await seen(id)).toBe('committing');
    expect((await commitUpload(emulator, target, id)).json.Code).toBe('StatusConflict');
    await set(id, 'closing');
    expect(await seen(id)).toBe('closing');
    expect(await count()).toBe('0');
    await set(id, 'closed');
    expect([await seen(id), await count()]).toEqual(['closed', '2']);
    const other = await newUpload();
    await emulator.setSession(other, 'committing');
    await emulator.setSession(other, 'expired');
    expect([await seen(other), await count()]).toEqual(['expired', '2']);
  });

  it('that is committed keeps its rows: it can only be forgotten, or fail', async () => {
    const [failed, forgotten] = [await newUpload(), await newUpload()];
    for (const id of [failed, forgotten]) await commitUpload(emulator, target, id);
    expect((await set(failed, 'expired')).status).toBe(409);
    expect((await set(failed, 'critical')).json.status).toBe('critical');
    await set(forgotten, 'gone');
    expect([await seen(failed), await seen(forgotten)]).toEqual(['critical', 'NoSuchUpload']);
    expect(await count()).toBe('4');
  });

  it('whose slow commit is under way can be ended otherwise', async () => {
    const [id, other] = [await newUpload(), await newUpload()];
    emulator.control('commit', { action: 'closing', ms: 30 }, { times: 2 });
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    for (const one of [id, other]) await commitUpload(emulator, target, one);
    await set(id, 'canceled');
    await vi.advanceTimersByTimeAsync(30);
    vi.useRealTimers();
    await expect.poll(() => seen(other)).toBe('closed');
    expect([await seen(id), await count()]).toEqual(['canceled', '2']);
  });

  it('that does not exist, a word that is none and a body that is no JSON are refused', async () => {
    expect((await set('nope', 'expired')).status).toBe(404);
    const id = await newUpload();
    expect(await set(id, 'tired')).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('tired') },
    });
    const bad = await fetch(`${emulator.url}/_control/sessions/${id}`, { method: 'POST', body: '{' });
    expect(bad.status).toBe(400);
    expect(await seen(id)).toBe('normal');
  });
});
