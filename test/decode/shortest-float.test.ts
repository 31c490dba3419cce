import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cell, DOUBLE } from '../../src/decode/cell.ts';
import { textNumber } from '../../src/decode/shortest-float.ts';

const cellOf = (num: number, single: boolean) => Object.assign(new Cell(), { kind: DOUBLE, num, single });

describe('the text of a 32-bit float', () => {
  it.each([0.1, 1 / 3, 16_777_216.5, 1e-45, 3.4028234663852886e38, -0, Number.NaN, Number.NEGATIVE_INFINITY])(
    '%d means the same float',
    (value) => expect(Math.fround(textNumber(cellOf(Math.fround(value), true)))).toBe(Math.fround(value)),
  );

  it('is as short as it can be', () => {
    expect(textNumber(cellOf(Math.fround(0.1), true))).toBe(0.1);
    expect(textNumber(cellOf(Math.fround(0.1), false))).toBe(Math.fround(0.1));
    fc.assert(
      fc.property(fc.float(), (value) => {
        expect(Math.fround(textNumber(cellOf(value, true)))).toBe(value);
      }),
    );
  });
});
