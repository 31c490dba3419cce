import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import { CSV_DEFAULTS, type CsvOptions } from '../../../src/decode/csv/options.ts';
import type { Path } from '../../../src/decode/path/path.ts';
import { type Decoded, decodeOnce } from '../cells.ts';

const NUMBERS: readonly Path[] = [[0], [1], [2]];

function decode(value: string | Uint8Array, options: Partial<CsvOptions> = {}, paths = NUMBERS): Decoded {
  const csv = { ...CSV_DEFAULTS, ...options };
  return decodeOnce({ format: 'csv', csv, paths }, Buffer.from(value as string));
}

/** Texts of the cells; null is NULL, undefined MISSING. */
function texts(value: string, options: Partial<CsvOptions> = {}, paths = NUMBERS): unknown[] {
  const decoded = decode(value, options, paths);
  if ('dirty' in decoded) throw new Error(decoded.message);
  return decoded.cells.map((cell) =>
    typeof cell === 'object' && cell !== null && 'string' in cell ? cell.string : cell,
  );
}

const message = (value: string | Uint8Array, options: Partial<CsvOptions> = {}): string => {
  const decoded = decode(value, options);
  return 'dirty' in decoded ? `${decoded.dirty}: ${decoded.message}` : 'clean';
};

describe('delimited text', () => {
  it.each<[string, Partial<CsvOptions>, unknown[]]>([
    ['a,b,c', {}, ['a', 'b', 'c']],
    ['a,,', {}, ['a', '', '']],
    ['', {}, ['', undefined, undefined]],
    ['a', {}, ['a', undefined, undefined]],
    ['"a,b","c\nd",e', {}, ['a,b', 'c\nd', 'e']],
    ['"a""b","","""', { quote: null }, ['"a""b"', '""', '"""']],
    ['"a""b","",""""', {}, ['a"b', '', '"']],
    [' "a" ,b"c",d', {}, [' "a" ', 'b"c"', 'd']],
    ['"a\\"b\\\\","\\n",c\\', { escape: '\\' }, ['a"b\\', 'n', 'c\\']],
    ["'a''b';c;d", { delimiter: ';', quote: "'" }, ["a'b", 'c', 'd']],
    ['a\tb\tc', { delimiter: '\t' }, ['a', 'b', 'c']],
    ['a\u0001b\u0001', { delimiter: '\u0001' }, ['a', 'b', '']],
    ['王，"x，y"，\u{1F600}', { delimiter: '，' }, ['王', 'x，y', '\u{1F600}']],
    ['a\u{1F600}\u{1F601}\u{1F600}b', { delimiter: '\u{1F600}' }, ['a', '\u{1F601}', 'b']],
    ['a,b,c\n', {}, ['a', 'b', 'c']],
    ['a,b,c\r\n', {}, ['a', 'b', 'c']],
    ['a,b,"c"\r', {}, ['a', 'b', 'c']],
    ['\\N,"\\N",x', { nullText: '\\N' }, [null, '\\N', 'x']],
    [',"",x', { nullText: '' }, [null, '', 'x']],
    ['', { nullText: '' }, [null, undefined, undefined]],
  ])('%j with %j', (value, options, expected) => expect(texts(value, options)).toEqual(expected));

  it('has fields by name and by number, several columns from one', () => {
    const fields = ['id', 'a.b', 'name'];
    const paths: Path[] = [['name'], ['id'], [1], ['a.b']];
    expect(texts('1,2,3', { fields }, paths)).toEqual(['3', '1', '2', '2']);
    const csv = { ...CSV_DEFAULTS, fields: ['Id', 'NAME'] };
    const spec = { format: 'csv', csv, paths: [['name'], ['id']], ignoreCase: true } as const;
    expect(decodeOnce(spec, Buffer.from('1,x'))).toEqual({ cells: [{ string: 'x' }, { string: '1' }] });
  });

  it('is dirty where it is no single line of the named fields', () => {
    expect(message('a,b,"c')).toBe('invalid_csv: field [2]: the quote is not closed at byte 5 of 6');
    expect(message('a,"b', { fields: ['x', 'y', 'z'] })).toBe(
      'invalid_csv: field [1] (y): the quote is not closed at byte 3 of 4',
    );
    expect(message('a,"b"c,d')).toBe('invalid_csv: field [1]: text follows the closing quote at byte 6 of 8');
    expect(message('"a" ,b')).toMatch(/^invalid_csv: field \[0\]: text follows/);
    expect(message('"a""b"', { escape: '\\' })).toMatch(/text follows/);
    expect(message('a\nb,c')).toBe('invalid_csv: field [0]: a second line begins at byte 2 of 5');
    expect(message('a,b\n\n')).toMatch(/a second line begins at byte 4/);
    expect(message('a,b,c,d', { fields: ['x', 'y', 'z'] })).toBe(
      'invalid_csv: field [3] at byte 7 is one more than csv.fields names',
    );
    expect(message(Buffer.from([0x61, 0x2c, 0xff]))).toMatch(/^invalid_utf8/);
  });

  it('refuses paths that no field has', () => {
    const create = (path: Path, fields: string[] | null) => () =>
      createDecoder({ format: 'csv', paths: [path], csv: { ...CSV_DEFAULTS, fields } });
    expect(create(['a'], null)).toThrow('csv.fields is not given');
    expect(create(['a'], ['b', 'c'])).toThrow('it has b, c');
    expect(create([2], ['b', 'c'])).toThrow('names 2 fields');
    expect(create(['b', 'x'], ['b'])).toThrow('fields inside of fields');
  });

  it('does not hang on a quote without end', () => {
    const long = Buffer.alloc(5_000_000, '"');
    expect(message(long.subarray(1))).toMatch(/invalid_csv/);
  });
});

/** A second reading, character by character: fields, or null for a dirty record. */
function reference(
  text: string,
  { delimiter, quote, escape: escaping, nullText, fields }: CsvOptions,
): (string | null)[] | null {
  const line = text.replace(/\r?\n?$/, '');
  const chars = [...line];
  const found: (string | null)[] = [];
  let state: 'start' | 'plain' | 'quoted' | 'closed' = 'start';
  let field = '';
  const end = () => {
    found.push(state !== 'closed' && field === nullText ? null : field);
    field = '';
    state = 'start';
  };
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!;
    if (state === 'quoted') {
      const doubles = escaping === null || escaping === quote;
      if (doubles && char === quote && chars[i + 1] === quote) field += chars[++i];
      else if (!doubles && char === escaping && i + 1 < chars.length) field += chars[++i];
      else if (char === quote) state = 'closed';
      else field += char;
    } else if (char === delimiter) end();
    else if (char === '\n' || char === '\r' || state === 'closed') return null;
    else if (state === 'start' && char === quote) state = 'quoted';
    else {
      field += char;
      state = 'plain';
    }
  }
  if (state === 'quoted') return null;
  end();
  return fields !== null && found.length > fields.length ? null : found;
}

describe('any delimited text', () => {
  const dialect = fc.record({
    fields: fc.constantFrom(null, ['x', 'y'], ['a', 'b', 'c', 'd', 'e', 'f']),
    delimiter: fc.constantFrom(',', '\t', '，', '\u{1F600}', '|'),
    quote: fc.constantFrom('"', "'", null),
    escape: fc.constantFrom(null, '\\', '"'),
    nullText: fc.constantFrom(null, '', '\\N', 'a'),
  });
  const piece = fc.constantFrom(
    'a',
    'b',
    'N',
    '"',
    "'",
    ',',
    '\t',
    '|',
    '，',
    '\u{1F600}',
    '\\',
    '\n',
    '\r',
    '王',
    ' ',
  );

  it('is read as a plain reading does, whatever dialect', () => {
    fc.assert(
      fc.property(dialect, fc.array(piece, { maxLength: 14 }), (given, pieces) => {
        const options = given.quote === null ? { ...given, escape: null } : given;
        const text = pieces.join('');
        const expected = reference(text, options);
        const paths: Path[] = (options.fields ?? Array(20).fill(0)).map((_: unknown, i: number) => [i]);
        const decoded = decode(text, options, paths);
        if (expected === null) {
          expect(decoded).toMatchObject({ dirty: 'invalid_csv' });
          return;
        }
        const cells = paths.map((_, i) => (i < expected.length ? wanted(expected[i]!) : undefined));
        expect(decoded).toEqual({ cells });
      }),
      { numRuns: 5_000 },
    );
  });

  it('gives back what was written', () => {
    const options = { ...CSV_DEFAULTS, delimiter: '\t' };
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 8 }), (fields) => {
        const text = fields.map((field) => `"${field.replaceAll('"', '""')}"`).join('\t');
        const paths: Path[] = fields.map((_, i) => [i]);
        expect(texts(text, options, paths)).toEqual(fields);
      }),
      { numRuns: 500 },
    );
  });
});

const wanted = (text: string | null) => (text === null ? null : { string: text });
