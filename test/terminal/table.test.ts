import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { table } from '../../src/terminal/table.ts';
import { displayWidth } from '../../src/terminal/text.ts';

describe('columns whose cells wrap', () => {
  it('aligns a table and lets the widest column give way', () => {
    expect(
      table(
        ['a', 'text'],
        [
          ['1', 'one two three'],
          ['22', 'x'],
        ],
        12,
      ),
    ).toEqual(['a   text', '--  --------', '1   one two', '    three', '22  x']);
  });

  it('keeps tables within the width', () => {
    const cells = fc.array(fc.tuple(fc.string(), fc.string(), fc.string()), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(cells, fc.integer({ min: 40, max: 120 }), (rows, width) => {
        const clean = rows.map((row) => row.map((cell) => cell.replaceAll(/\s/g, ' ')));
        expect(table(['a', 'b', 'c'], clean, width).every((line) => displayWidth(line) <= width)).toBe(true);
      }),
    );
  });
});
