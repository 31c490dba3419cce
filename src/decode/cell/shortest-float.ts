import type { Cell } from './cell.ts';

/**
 * The number whose text is that of a DOUBLE cell: of a 32-bit float the shortest that means this float, 0.1 and not
 * 0.10000000149011612, which is its exact value.
 */
export function textNumber({ num, single }: Cell): number {
  if (!single || Number.isInteger(num)) return num;
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(num.toPrecision(digits));
    if (Math.fround(rounded) === num) return rounded;
  }
  return Number(num.toPrecision(9));
}
