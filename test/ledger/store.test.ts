import { expect, it } from 'vitest';
import { encodePointer } from '../../src/ledger/pointer.ts';
import { ledgerStore } from '../../src/ledger/store.ts';
import type { OffsetCommit } from '../../src/source/source.ts';
import { typicalPointer } from './pointers.ts';

const pointer = typicalPointer(2, 3);
const own = { topic: 'orders', partition: 0, offset: 7 };
const other = { topic: 'orders', partition: 1, offset: 9 };

/** Offsets as a source keeps them: text. */
function memory(kept: readonly OffsetCommit[] = []) {
  const state = { kept };
  const store = ledgerStore({
    read: async (list) =>
      state.kept.filter((one) => list.some(({ partition }) => partition === one.partition)),
    commit: async (commits) => {
      state.kept = commits;
    },
  });
  return { state, store };
}

it('pointers are kept as text beside the offsets, and come back', async () => {
  const { state, store } = memory();
  const entries = [
    { ...own, pointer },
    { ...other, pointer: null },
  ];
  await store.commit(entries);
  expect(state.kept).toEqual([
    { ...own, intent: encodePointer(pointer) },
    { ...other, intent: null },
  ]);
  expect(await store.read([own, other])).toEqual(entries);
  expect(await store.read([other])).toEqual([entries[1]]);
});

it('an intent that cannot be read is refused with its topic partition', async () => {
  const { store } = memory([{ ...other, intent: '7future' }]);
  await expect(store.read([other])).rejects.toMatchObject({
    code: 'ledger_unreadable',
    message: 'orders-1 at offset 9: the intent cannot be read: its version is "7", known are "1" and "2"',
  });
});

it('a refused commit is refused', async () => {
  const store = ledgerStore({ read: async () => [], commit: async () => Promise.reject(new Error('25')) });
  await expect(store.commit([{ ...own, pointer }])).rejects.toThrow('25');
});
