import { describe, expect, it } from 'vitest';
import { createPace } from '../../../src/emulator/store/pace.ts';

const MB = 1024 * 1024;

/** What is asked for while all rows have this size. */
function asked(rowBytes: number): (number | undefined)[] {
  const pace = createPace();
  return [0, 1, 2, 3, 4].map(() => {
    const rows = pace.next();
    if (rows !== undefined) pace.took({ rows, bytes: rows * rowBytes });
    return rows;
  });
}

describe('the pace of a reading', () => {
  it('is whole vectors as soon as rows are known as small', () => {
    expect(asked(100)).toEqual([2, 32, 512, undefined, undefined]);
    expect(asked(0)).toEqual(asked(100));
  });

  it('is as many large rows as a client takes at once', () => {
    expect(asked(20 * 1024)).toEqual([2, 32, 102, 102, 102]);
    expect(asked(MB)).toEqual([2, 2, 2, 2, 2]);
    expect(asked(8 * MB)).toEqual([2, 1, 1, 1, 1]);
  });

  it('gives up vectors for good when one is too large', () => {
    const pace = createPace();
    for (let turn = 0; turn < 3; turn += 1) pace.took({ rows: 1, bytes: 10 });
    expect(pace.next()).toBeUndefined();
    expect(pace.isTooLarge({ rows: 2000, bytes: MB }, 2048)).toBe(false);
    expect(pace.isTooLarge({ rows: 1, bytes: MB }, 4)).toBe(false);
    expect(pace.next()).toBeUndefined();
    expect(pace.isTooLarge({ rows: 1, bytes: MB }, 2048)).toBe(true);
    expect(pace.next()).toBe(2);
    for (let turn = 0; turn < 5; turn += 1) pace.took({ rows: 1, bytes: 10 });
    expect(pace.next()).toBe(1024);
  });

  it('is less once when memory ends', () => {
    const pace = createPace();
    for (let turn = 0; turn < 3; turn += 1) pace.took({ rows: 1, bytes: 10 });
    expect(pace.less()).toBe(true);
    expect(pace.next()).toBe(64);
    expect(pace.less()).toBe(false);
    const large = createPace();
    expect(large.less()).toBe(true);
    expect(large.next()).toBe(1);
  });
});
