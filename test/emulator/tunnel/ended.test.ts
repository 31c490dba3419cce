import { expect, it } from 'vitest';
import { newTable } from '../../../src/emulator/model/catalog.ts';
import type { Store } from '../../../src/emulator/store/store.ts';
import { createEnded } from '../../../src/emulator/tunnel/ended.ts';
import { createUploads } from '../../../src/emulator/tunnel/uploads.ts';

it('forgets the longest ended first, by what they hold, and never the last', () => {
  const sessions = new Map<string, { id: string; size: number }>();
  const ended = createEnded(sessions, ({ size }) => size, 10);
  const add = (id: string, size: number) => {
    sessions.set(id, { id, size });
    ended.add(sessions.get(id)!);
  };
  sessions.set('open', { id: 'open', size: 1000 });
  for (const id of ['a', 'b', 'c']) add(id, 3);
  ended.add(sessions.get('a')!);
  add('d', 3);
  expect([...sessions.keys()]).toEqual(['open', 'a', 'c', 'd']);
  ended.delete(sessions.get('a')!);
  add('e', 4);
  expect([...sessions.keys()]).toEqual(['open', 'a', 'c', 'd', 'e']);
  add('f', 11);
  expect([...sessions.keys()]).toEqual(['open', 'a', 'f']);
});

const definition = { columns: [], tablePartitionColumns: [], primaryKey: [], comment: '', lifecycle: -1 };
const table = newTable({ schema: 'default', name: 't' }, { ...definition, properties: {} }, 0, 'id');
const store = { commit: async () => {}, discard: async () => {} } as unknown as Store;
const plan = { table, values: [], overwrite: false, quotaName: 'default' };

it('remembers sessions with their block lists up to a bound, and all that are open', async () => {
  const uploads = createUploads(store, Date.now, 100);
  const first = uploads.create(plan);
  for (let i = 0; i < 300; i += 1) {
    const session = uploads.create(plan);
    for (let block = 0; block < 9; block += 1)
      await uploads.addBlock(session, block, { rows: 1, bytes: 1, handle: undefined }, 0);
    await uploads.commit(session);
    expect(uploads.find(session.id)).toBe(session);
  }
  expect(uploads.list()).toHaveLength(11);
  expect(uploads.open()).toEqual([first]);
});
