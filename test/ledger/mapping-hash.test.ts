import { expect, it } from 'vitest';
import { MAPPING_HASH_CHARS, mappingHash } from '../../src/ledger/mapping-hash.ts';

it('equal plans have one hash, whatever the order of their keys; others have another', () => {
  const hash = mappingHash({ columns: [{ name: 'a', slot: 0 }], partitions: [], rules: { late: null } });
  expect(hash).toMatch(/^[\w-]+$/);
  expect(hash).toHaveLength(MAPPING_HASH_CHARS);
  expect(mappingHash({ rules: { late: null }, partitions: [], columns: [{ slot: 0, name: 'a' }] })).toBe(
    hash,
  );
  expect(mappingHash({ rules: { late: 1 }, partitions: [], columns: [{ slot: 0, name: 'a' }] })).not.toBe(
    hash,
  );
  expect(mappingHash([1, 2])).not.toBe(mappingHash([2, 1]));
});
