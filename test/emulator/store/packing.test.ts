import { afterEach, expect, it } from 'vitest';
import { createDuckDbStore } from '../../../src/emulator/store/duckdb-store.ts';
import type { Store } from '../../../src/emulator/store/store.ts';
import { all, column, create, OPTIONS, write } from './support.ts';

let store: Store | undefined;
afterEach(() => store?.close());

/** Each column of so many tables and results holds 32 KB until it is packed: more than the 512 MB that there are. */
const WIDTH = 400;
const COUNT = 21;

it('packs small tables and results before they fill the memory', { timeout: 120_000 }, async () => {
  store = await createDuckDbStore(null);
  await store.restore();
  const columns = Array.from({ length: WIDTH }, (_none, at) => column(`c${at}`, 'DECIMAL(38,18)'));
  const row = columns.map((_column, at) => `${at}.000000000000000000`);
  const kept = [];
  for (let count = 0; count < COUNT; count += 1) {
    await write(store, await create(store, `t${count}`, { columns }), [row]);
    kept.push(await store.query(`SELECT * FROM t${count}`, { ...OPTIONS, resultColumns: columns }));
  }
  for (const rows of kept) expect(await all(rows)).toEqual([row]);
});
