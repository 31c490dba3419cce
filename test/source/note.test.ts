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
        const text = commitNote({ size, unstarted, topicId, pipeline: 'a-b.c_1' }, start);
        expect(readNote(text + end)).toEqual({ size, start, unstarted, topicId, pipeline: 'a-b.c_1' });
      }),
    );
  });

  it('is short for neighbours', () => {
    const unstarted = [0, 2, 3, 4, 5, 9];
    const text = commitNote({ size: 10, unstarted, topicId: 'x', pipeline: 'p' }, true);
    expect(text).toBe('maxsink1;tp=10;start;none=0,2-5,9;id=x;by=p;');
    expect(commitNote({ size: 4, unstarted: [], topicId: null, pipeline: 'p' }, false)).toBe(
      'maxsink1;tp=4;by=p;',
    );
  });

  it('leaves a list out that would not fit', () => {
    const unstarted = Array.from({ length: 2000 }, (_, i) => i * 2);
    expect(commitNote({ size: 4000, unstarted, topicId: null, pipeline: 'p' }, false)).toBe(
      'maxsink1;tp=4000;by=p;',
    );
  });

  it('takes foreign metadata for no note', () => {
    for (const text of [undefined, '', 'hello', 'maxsink2;tp=4;', 'maxsink1;tp=x;', 'maxsink1']) {
      const nothing = { size: null, start: false, unstarted: [], topicId: null, pipeline: null };
      expect(readNote(text)).toEqual(nothing);
    }
  });
});
