import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitNote, readNote } from '../../src/source/note.ts';

const numbers = fc
  .uniqueArray(fc.nat({ max: 60 }), { maxLength: 40 })
  .map((list) => list.sort((a, b) => a - b));
const id = fc.option(fc.constantFrom('8RJrKVA5SRuzUnYRKnkswg', 'a+/b0000000000000000_w'));

describe('the note in the commit metadata', () => {
  it('reads back what was written, with or without a trailing NUL', () => {
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), numbers, id, fc.constantFrom('', '\0'), (...given) => {
        const [size, start, unstarted, topicId, end] = given;
        const text = commitNote({ size, unstarted, topicId }, start);
        expect(readNote(text + end)).toEqual({ size, start, unstarted, topicId });
      }),
    );
  });

  it('is short for neighbours', () => {
    const unstarted = [0, 2, 3, 4, 5, 9];
    const text = commitNote({ size: 10, unstarted, topicId: 'x' }, true);
    expect(text).toBe('maxsink1;tp=10;start;none=0,2-5,9;id=x;');
    expect(commitNote({ size: 4, unstarted: [], topicId: null }, false)).toBe('maxsink1;tp=4;');
  });

  it('leaves a list out that would not fit', () => {
    const unstarted = Array.from({ length: 2000 }, (_, i) => i * 2);
    expect(commitNote({ size: 4000, unstarted, topicId: null }, false)).toBe('maxsink1;tp=4000;');
  });

  it('takes foreign metadata for no note', () => {
    for (const text of [undefined, '', 'hello', 'maxsink2;tp=4;', 'maxsink1;tp=x;', 'maxsink1']) {
      expect(readNote(text)).toEqual({ size: null, start: false, unstarted: [], topicId: null });
    }
  });
});
