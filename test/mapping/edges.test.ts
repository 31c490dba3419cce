import { describe, expect, it } from 'vitest';
import { BYTES, type Cell, DAY, INSTANT, JSON_TEXT, LOCAL, STRING } from '../../src/decode/cell/cell.ts';
import { LIMITS } from '../../src/limits.ts';
import { bytes, integer, items, members, number, ofKind, string, text } from '../decode/trees.ts';
import { type StoreOptions, stored } from './stored.ts';

const SECOND = 1_000_000_000n;
const instantOf = (iso: string): bigint => BigInt(Date.parse(iso)) * 1_000_000n;
const zoned = (zone: string): StoreOptions => ({ time: { format: null, zone } });
const code = (name: string) => expect.objectContaining({ code: name });

type Edge = [type: string, cell: Cell, expected: unknown, options?: StoreOptions];

/** The type, the source, what is stored. */
const EDGES: Edge[] = [
  ['BIGINT', integer(2n ** 63n - 1n), 2n ** 63n - 1n],
  ['BIGINT', number('-9223372036854775807'), -(2n ** 63n) + 1n],
  ['BIGINT', integer(-(2n ** 63n)), code('out_of_range')],
  ['BIGINT', integer(-(2n ** 63n)), -(2n ** 63n) + 1n, { round: true }],
  ['BIGINT', string('9223372036854775808'), code('out_of_range')],
  ['INT', number('-2147483648'), -2_147_483_648],
  ['INT', number('2147483648'), code('out_of_range')],
  ['DECIMAL(38,0)', number('9'.repeat(38)), '9'.repeat(38)],
  ['DECIMAL(38,0)', number(`-1${'0'.repeat(38)}`), code('out_of_range')],
  ['DECIMAL(38,18)', string(`${'9'.repeat(20)}.${'9'.repeat(18)}`), `${'9'.repeat(20)}.${'9'.repeat(18)}`],
  ['DECIMAL(38,18)', string(`0.${'0'.repeat(17)}1`), `0.${'0'.repeat(17)}1`],
  ['DECIMAL(38,18)', string(`0.${'0'.repeat(18)}1`), code('not_exact')],
  ['DOUBLE', number('1.7976931348623157e308'), Number.MAX_VALUE],
  ['DOUBLE', number('5e-324'), 5e-324],
  ['DOUBLE', number('1e309'), code('out_of_range')],
  ['DATE', string('0001-01-01'), -719_162],
  ['DATE', string('9999-12-31'), 2_932_896],
  ['DATE', string('10000-01-01'), code('bad_time')],
  ['DATE', string('0000-12-31'), code('bad_time')],
  ['DATE', ofKind(DAY, -719_163), code('out_of_range')],
  ['DATE', string('2100-02-29'), code('bad_time')],
  ['DATE', string('2000-02-29'), 11_016],
  ['DATETIME', string('0001-01-01T00:00:00.000Z'), -62_135_596_800_000n],
  ['DATETIME', string('9999-12-31T23:59:59.999Z'), 253_402_300_799_999n],
  ['DATETIME', string('9999-12-31T23:59:59.999-00:01'), code('out_of_range')],
  ['DATETIME', string('1969-12-31T23:59:59.999Z'), -1n],
  ['TIMESTAMP', string('0001-01-01T00:00:00.000000001Z'), -62_135_596_800n * SECOND + 1n],
  ['TIMESTAMP', string('9999-12-31T23:59:59.999999999Z'), 253_402_300_800n * SECOND - 1n],
  ['TIMESTAMP', ofKind(INSTANT, 253_402_300_800), code('out_of_range')],
  ['TIMESTAMP', ofKind(INSTANT, -1, 999_999_999), -1n],
  ['TIMESTAMP_NTZ', ofKind(LOCAL, -62_135_596_800), -62_135_596_800n * SECOND],
  // New York, 2026: clocks leave out 02:00 to 03:00 on 8 March and repeat 01:00 to 02:00 on 1 November.
  ['TIMESTAMP', string('2026-03-08 01:59:59'), instantOf('2026-03-08T06:59:59Z'), zoned('America/New_York')],
  ['TIMESTAMP', string('2026-03-08 02:00:00'), instantOf('2026-03-08T07:00:00Z'), zoned('America/New_York')],
  ['TIMESTAMP', string('2026-03-08 02:30:00'), instantOf('2026-03-08T07:30:00Z'), zoned('America/New_York')],
  ['TIMESTAMP', string('2026-03-08 03:00:00'), instantOf('2026-03-08T07:00:00Z'), zoned('America/New_York')],
  ['TIMESTAMP', string('2026-11-01 01:30:00'), instantOf('2026-11-01T05:30:00Z'), zoned('America/New_York')],
  [
    'TIMESTAMP',
    string('2026-11-01 01:30:00-05:00'),
    instantOf('2026-11-01T06:30:00Z'),
    zoned('America/New_York'),
  ],
  ['TIMESTAMP', string('2026-11-01 02:00:00'), instantOf('2026-11-01T07:00:00Z'), zoned('America/New_York')],
  [
    'TIMESTAMP_NTZ',
    string('2026-03-08 02:30:00'),
    instantOf('2026-03-08T02:30:00Z'),
    zoned('America/New_York'),
  ],
  [
    'TIMESTAMP_NTZ',
    string('2026-11-01T06:30:00Z'),
    instantOf('2026-11-01T01:30:00Z'),
    zoned('America/New_York'),
  ],
  ['DATE', string('2026-11-01T03:59:59Z'), 20_757, zoned('America/New_York')],
  [
    'DATETIME',
    ofKind(LOCAL, Date.UTC(1988, 6, 1) / 1000),
    BigInt(Date.UTC(1988, 5, 30, 15)),
    zoned('Asia/Shanghai'),
  ],
  ['STRING', string(''), ''],
  ['STRING', string('\0'), '\0'],
  ['STRING', string('\u{10ffff}𠮷\u{1f469}\u200d\u{1f4bb}'), '\u{10ffff}𠮷\u{1f469}\u200d\u{1f4bb}'],
  ['STRING', bytes(0xf0, 0x9f, 0x98), code('invalid_utf8')],
  ['STRING', bytes(0xed, 0xa0, 0x80), code('invalid_utf8')],
  ['STRING', bytes(0xc0, 0x80), code('invalid_utf8')],
  ['CHAR(1)', string('\u{10ffff}'), '\u{10ffff}'],
  ['CHAR(1)', string('e\u0301'), code('too_long')],
  ['BINARY', bytes(), new Uint8Array(0)],
  ['BINARY', bytes(0xff, 0, 0xc0), Uint8Array.of(0xff, 0, 0xc0)],
  ['JSON', text(JSON_TEXT, '{}'), '{}'],
  ['JSON', string(''), '""'],
];

describe('values at the edges', () => {
  it.each<Edge>(EDGES)('%s %#', (type, cell, expected, options) => {
    expect(stored(type, cell, options)).toEqual(expected);
    const isDirty = expected !== null && typeof expected === 'object' && 'asymmetricMatch' in expected;
    const inside = (wrapped: unknown) => (isDirty ? expected : wrapped);
    expect(stored(`ARRAY<${type}>`, items(cell, cell), options)).toEqual(inside([expected, expected]));
    expect(stored(`MAP<STRING,${type}>`, members(['k', cell]), options)).toEqual(inside([['k', expected]]));
    expect(stored(`STRUCT<a:INT,x:ARRAY<${type}>>`, members(['X', items(cell)]), options)).toEqual(
      inside([null, [expected]]),
    );
  });
});

describe('large values', () => {
  const LIMIT = LIMITS.maxFieldBytes;
  const large = (length: number, kind: number): Cell => text(kind, Buffer.alloc(length, 'a'));
  const lengthOf = (value: unknown) => (value as { length?: number }).length ?? value;

  it.each([
    ['STRING', STRING],
    ['BINARY', BYTES],
    ['BINARY', STRING],
    ['STRING', BYTES],
  ])('%s takes 1 MB and 8 MiB, and not one byte more (kind %i)', (type, kind) => {
    for (const length of [1_000_000, LIMIT]) {
      expect(lengthOf(stored(type, large(length, kind)))).toBe(length);
      expect((stored(`ARRAY<${type}>`, items(large(length, kind))) as unknown[]).map(lengthOf)).toEqual([
        length,
      ]);
    }
    expect(stored(type, large(LIMIT + 1, kind))).toEqual(code('too_long'));
    expect(stored(`STRUCT<a:${type}>`, members(['a', large(LIMIT + 1, kind)]))).toEqual(code('too_long'));
  });

  it('VARCHAR counts characters up to 65,535, whatever their bytes', () => {
    const characters = (count: number) => string('\u{1f600}'.repeat(count));
    expect(lengthOf(stored('VARCHAR(65535)', characters(65_535)))).toBe(2 * 65_535);
    expect(stored('VARCHAR(65535)', characters(65_536))).toEqual(code('too_long'));
  });

  it('JSON counts the quotes of a text, and the text of a tree', () => {
    expect(lengthOf(stored('JSON', large(LIMIT - 2, STRING)))).toBe(LIMIT);
    expect(stored('JSON', large(LIMIT - 1, STRING))).toEqual(code('too_long'));
    for (const type of ['JSON', 'STRING']) {
      expect(lengthOf(stored(type, items(large(LIMIT - 4, STRING))))).toBe(LIMIT);
      expect(stored(type, items(large(LIMIT - 3, STRING)))).toEqual(code('too_long'));
      expect(stored(type, items(string('\u00e9'.repeat(LIMIT / 2 - 1))))).toEqual(code('too_long'));
    }
  });

  it('containers take as many items as a record holds', () => {
    const count = 200_000;
    const source = text(JSON_TEXT, `[${Array.from({ length: count }, (_, i) => i).join()}]`);
    const found = stored('ARRAY<INT>', source) as number[];
    expect([found.length, found[0], found.at(-1)]).toEqual([count, 0, count - 1]);
    const map = text(JSON_TEXT, `{${Array.from({ length: count }, (_, i) => `"k${i % 1000}":${i}`).join()}}`);
    expect((stored('MAP<STRING,INT>', map) as unknown[]).slice(0, 2)).toEqual([
      ['k0', count - 1000],
      ['k1', count - 999],
    ]);
  });
});
