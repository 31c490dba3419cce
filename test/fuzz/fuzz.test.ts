import { describe, expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';
import { targets } from './target.ts';

/** A small part of `make fuzz`. */
const RECORDS = 1_500;

describe('mutated records', () => {
  it.each(targets().map((target) => [target.name, target] as const))(
    '%s: none crashes, hangs or gets lost',
    (_, target) => {
      const { rows, rejected } = fuzz(target, { records: RECORDS, seed: 20_261_121, longestMs: 5_000 });
      expect(rows).toBeGreaterThan(0);
      expect(Object.keys(rejected).length).toBeGreaterThan(0);
    },
  );
});
