import { describe, expect, it } from 'vitest';
import { parseSource, sourceText } from '../../src/mapping/source.ts';

describe('sources', () => {
  it('are paths, metadata, headers and constants', () => {
    expect(parseSource('tag.desc')).toEqual({ kind: 'value', path: ['tag', 'desc'] });
    expect(parseSource('items[0].sku')).toEqual({ kind: 'value', path: ['items', 0, 'sku'] });
    expect(parseSource('`a.b`.c')).toEqual({ kind: 'value', path: ['a.b', 'c'] });
    expect(parseSource('__key__')).toEqual({ kind: 'metadata', name: 'key' });
    expect(parseSource('__key__.id')).toEqual({ kind: 'key', path: ['id'] });
    expect(parseSource('__key__[1]')).toEqual({ kind: 'key', path: [1] });
    expect(parseSource('__value__.id')).toEqual({ kind: 'value', path: ['id'] });
    expect(parseSource('__ingest_time__')).toEqual({ kind: 'metadata', name: 'ingest_time' });
    expect(parseSource('__header.trace-id__')).toEqual({ kind: 'header', name: 'trace-id' });
    expect(parseSource('__header.a__b__')).toEqual({ kind: 'header', name: 'a__b' });
    expect(parseSource("'123'")).toEqual({ kind: 'constant', text: '123' });
    expect(parseSource("''")).toEqual({ kind: 'constant', text: '' });
    expect(parseSource("'it''s'")).toEqual({ kind: 'constant', text: "it's" });
  });

  it('say what is wrong with them', () => {
    for (const text of [
      '',
      'a..b',
      'a[',
      "'open",
      "'a'b'",
      '__offsets__',
      '__header.__',
      '__header.x',
      '__key__.',
    ]) {
      expect([text, parseSource(text)]).toMatchObject([text, { problem: expect.stringMatching(/./) }]);
    }
    expect(parseSource('__offsets__')).toEqual({ problem: expect.stringContaining('__offset__') });
  });

  it('read back their own text', () => {
    for (const text of [
      'tag.desc',
      'items[0].sku',
      '`a.b`.c',
      '__key__.id',
      '__key__',
      '__header.x__',
      "'it''s'",
      '__offset__',
    ]) {
      const source = parseSource(text);
      expect('problem' in source ? source.problem : sourceText(source)).toBe(text);
    }
  });
});
