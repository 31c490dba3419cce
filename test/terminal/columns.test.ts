import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOut } from '../../src/terminal/columns.ts';
import { displayWidth } from '../../src/terminal/text.ts';

describe('columns cut to the room', () => {
  const anything = fc.string({ unit: 'grapheme', maxLength: 40 });

  it('lines fit into the room as long as the first columns do', () => {
    const cells = fc.array(
      anything.map((text) => ({ text })),
      { minLength: 4, maxLength: 4 },
    );
    fc.assert(
      fc.property(
        fc.array(cells, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 45, max: 200 }),
        (rows, room) => {
          const { lines, hidden } = layOut(rows, room, 1);
          for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(Math.max(room, 80));
          expect(hidden).toBeGreaterThanOrEqual(0);
          if (room >= 40 + 3 * 8) expect(hidden).toBe(0);
        },
      ),
    );
  });
});
