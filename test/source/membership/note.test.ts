import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/limits.ts';
import { assertFits, type Census, commitNote, readNote } from '../../../src/source/membership/note.ts';

const at = (metadata: string | undefined) => ({
  ...{ topic: 'orders', partition: 3, offset: 20 },
  ...(metadata === undefined ? {} : { metadata }),
});
const read = (metadata: string | undefined) => readNote(at(metadata));
const NOTHING = {
  ...{ size: null, start: false, unstarted: [], topicId: null, pipeline: null, table: null, intent: null },
};

const census = fc
  .record({
    size: fc.integer({ min: 61, max: 5000 }),
    unstarted: fc
      .uniqueArray(fc.nat({ max: 60 }), { maxLength: 40 })
      .map((list) => list.sort((a, b) => a - b)),
    topicId: fc.option(fc.constantFrom('8RJrKVA5SRuzUnYRKnkswg', 'a+/b0000000000000000_w')),
    pipeline: fc.stringMatching(/^[A-Za-z0-9._-]{1,100}$/),
    table: fc.stringMatching(/^[a-z0-9_]{1,128}(\.[a-z0-9_]{1,128}){1,2}$/),
  })
  .map((one): Census => one);
const intent = fc.option(fc.stringMatching(/^[A-Za-z0-9_.-]{1,3000}$/));
const small: Census = { size: 4, unstarted: [], topicId: null, pipeline: 'p', table: 'demo.t' };

describe('the note in the commit metadata', () => {
  it('reads back what was written, whatever a client does to its end', () => {
    fc.assert(
      fc.property(census, fc.boolean(), intent, fc.constantFrom('', '\0', '\0\0'), (given, start, i, end) => {
        const text = commitNote(given, start, i);
        expect(read(text + end)).toEqual({ ...given, start, intent: i });
        expect(read(text.slice(0, -1) + end)).toEqual({ ...given, start, intent: i });
      }),
    );
  });

  it('is never longer than brokers take, whatever stands in it', () => {
    fc.assert(
      fc.property(census, fc.boolean(), (given, start) => {
        const unstarted = Array.from({ length: 300 }, (_, i) => i * 2);
        const longest = 'x'.repeat(LIMITS.intentChars);
        const text = commitNote({ ...given, size: 5000, unstarted }, start, longest);
        expect(() => assertFits([at(text)])).not.toThrow();
        expect(read(text).intent).toBe(longest);
      }),
    );
  });

  it('is short for neighbours', () => {
    const given = { ...small, size: 10, unstarted: [0, 2, 3, 4, 5, 9], topicId: 'x' };
    expect(commitNote(given, true)).toMatch(
      /^maxsink2;tp=10;start;none=0,2-5,9;id=x;by=p;to=demo\.t;sum=[0-9a-f]{8};$/,
    );
    expect(commitNote(small, false, 'abc')).toMatch(/^maxsink2;tp=4;by=p;to=demo\.t;i=abc;sum=[0-9a-f]{8};$/);
  });

  it('leaves a list out that would not fit', () => {
    const unstarted = Array.from({ length: 2000 }, (_, i) => i * 2);
    expect(commitNote({ ...small, size: 4000, unstarted }, false)).not.toContain('none=');
  });

  it('that was changed anywhere is unreadable, and says where it stands', () => {
    const text = commitNote({ ...small, unstarted: [1, 2], topicId: 'x' }, true, 'abc.def');
    fc.assert(
      fc.property(
        fc.integer({ min: 7, max: text.length - 2 }),
        fc.constantFrom('~', ';', '1', ''),
        (i, put) => {
          const broken = text.slice(0, i) + put + text.slice(i + 1);
          if (broken === text || /^maxsink1?;/.test(broken)) return;
          expect(() => read(broken)).toThrow(/^orders-3: the metadata of the committed offset 20 is /);
        },
      ),
    );
  });

  it('of a newer version is unreadable', () => {
    const newer = expect.objectContaining({
      code: 'ledger_unreadable',
      message: expect.stringContaining('newer'),
    });
    expect(() => read('maxsink3;anything;')).toThrow(newer);
    expect(() => read('maxsink12')).toThrow(newer);
    for (const text of ['maxsink2;tp=4;', 'maxsink', 'maxsinkx;', 'maxsink2']) {
      expect(() => read(text)).toThrow(expect.objectContaining({ code: 'ledger_unreadable' }));
    }
  });

  it('shows what it found, cut and without control characters', () => {
    expect(() => read(`maxsink3;\u001b[31m${'x'.repeat(500)}`)).toThrow(
      /"maxsink3;\\u001b\[31mx{66}\.\.\."$/,
    );
  });

  it('of the first version is understood', () => {
    expect(read('maxsink1;tp=10;start;none=0,2-5,9;id=x;by=p;\0')).toEqual({
      ...{ size: 10, start: true, unstarted: [0, 2, 3, 4, 5, 9], topicId: 'x', pipeline: 'p' },
      ...{ table: null, intent: null },
    });
  });

  it('takes foreign metadata for no note', () => {
    for (const text of [undefined, '', '\0', 'hello', 'maxsin', 'maxsink1;tp=x;', 'maxsink1']) {
      expect(read(text)).toEqual(NOTHING);
    }
  });

  it('does not believe a list of topic partitions that cannot be', () => {
    for (const list of ['0-99999999999', '4', '2-1', '1,1', '1,,2', 'x', '0-999999999', '-1']) {
      expect(read(`maxsink1;tp=4;none=${list};by=p;`).unstarted).toEqual([]);
    }
    expect(read('maxsink1;tp=999999999999;none=0-999999998;by=p;').unstarted).toEqual([]);
  });

  it('is refused before it is sent when it is too long', () => {
    const long = commitNote(small, false, 'x'.repeat(LIMITS.metadataChars));
    const named = {
      code: 'metadata_too_long',
      message: expect.stringMatching(/^orders-3: .* 4\d\d\d characters/),
    };
    expect(() => assertFits([at(''), at(long)])).toThrow(expect.objectContaining(named));
  });
});
