import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createPace } from '../../src/demo/pace.ts';

it('closes a topic partition that is too far ahead, and only that one, until its offset moves', () => {
  const pace = createPace(2, 100);
  for (const bytes of [60, 60, 10]) pace.add(0, bytes);
  expect([pace.open(0), pace.open(1)]).toEqual([false, true]);
  pace.acknowledge(0, 1);
  expect(pace.open(0)).toBe(true);
});

it('counts exactly the bytes from the acknowledged offset on, whatever the order of the answers', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(sizes, fc.array(fc.nat(40)), (bytes, offsets) => {
      const acknowledged = offsets.filter((offset) => offset <= bytes.length);
      const left = bytes.slice(Math.max(0, ...acknowledged)).reduce((sum, size) => sum + size, 0);
      for (const limit of [left, left + 1]) {
        const pace = createPace(1, limit);
        for (const size of bytes) pace.add(0, size);
        for (const offset of acknowledged) pace.acknowledge(0, offset);
        expect(pace.open(0)).toBe(left < limit);
      }
    }),
  );
});
