import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal, type ReplayIntent, readJournal } from '../../src/replay/journal.ts';
import { parseLetterId } from '../../src/replay/letter-ids.ts';
import { startChild, type TempDir, tempDir } from '../support/process.ts';

const BATCH = '6fa459ea-ee8a-4ca4-894e-db77e160355e';
const INTENT: ReplayIntent = {
  ...{ batch: BATCH, at: 1, to: { project: 'demo', schema: null, table: 'orders' } },
  sessions: [{ tablePartition: 'dt=1', id: 's1', blocks: 1, rows: 2 }],
};
const letter = (id: string) => parseLetterId(id)!;

describe('the journal of replays', () => {
  let temp: TempDir;
  let folder: string;
  beforeEach(() => {
    temp = tempDir();
    folder = path.join(temp.path, 'replayed');
  });
  afterEach(() => temp.remove());

  it('knows letters from before their sessions are committed on', async () => {
    expect((await readJournal(folder)).replayed.size).toBe(0);
    const journal = await openJournal(folder, 0);
    await journal.intend(INTENT, ['a-b-1-2', 'orders-0-17']);
    const { replayed, pending } = await readJournal(folder);
    expect(pending).toEqual([INTENT]);
    expect(replayed.has(letter('a-b-1-2')) && replayed.has(letter('orders-0-17'))).toBe(true);
    expect(replayed.has(letter('orders-0-1'))).toBe(false);
    await journal.done(BATCH);
    await journal.close();
    expect(readdirSync(folder)).toEqual([`${BATCH}.jsonl`]);
    expect(readFileSync(path.join(folder, `${BATCH}.jsonl`), 'utf8')).toContain('"version":1');
    expect(await readJournal(folder)).toMatchObject({ pending: [], unclear: [], replayed: { size: 2 } });
  });

  it('forgets the letters of a batch that never can appear, and keeps those of one that may have', async () => {
    const journal = await openJournal(folder, 0);
    await journal.intend(INTENT, ['orders-0-1']);
    await journal.drop(BATCH);
    expect((await readJournal(folder)).replayed.size).toBe(0);
    await journal.intend(INTENT, ['orders-0-1']);
    await journal.unknown(BATCH);
    expect(await readJournal(folder)).toMatchObject({
      pending: [],
      unclear: [INTENT],
      replayed: { size: 1 },
    });
    await journal.close();
  });

  it('belongs to one process at a time, and outlives those that die', async () => {
    const journal = await openJournal(folder, 0);
    await journal.close();
    const other = startChild('sleep', ['60']);
    const lock = path.join(folder, 'other.lock');
    writeFileSync(lock, JSON.stringify({ host: hostname(), pid: other.pid }));
    await expect(openJournal(folder, 0)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(`remove ${lock}`),
    });
    other.kill('SIGKILL');
    await other.exited;
    await (await openJournal(folder, 0)).close();
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(lock, JSON.stringify({ host: 'elsewhere', pid: 1 }));
    await expect(openJournal(folder, 0)).rejects.toMatchObject({ code: 'usage' });
  });

  it('is not guessed at: what it does not understand is refused', async () => {
    await (await openJournal(folder, 0)).close();
    writeFileSync(path.join(folder, `${BATCH}.jsonl`), '{"version":2}\n');
    await expect(readJournal(folder)).rejects.toThrow(/of version 2, known is 1/);
    writeFileSync(path.join(folder, `${BATCH}.jsonl`), '{"version":1}\n"orders"\n');
    await expect(readJournal(folder)).rejects.toThrow(/names no letter: "orders"/);
  });
});
