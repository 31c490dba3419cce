import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { probeBlock } from '../../src/check/probe-block.ts';
import { parseType } from '../../src/emulator/model/types.ts';
import { readRows } from '../../src/emulator/record/cells.ts';

const TYPES = [
  ...['BOOLEAN', 'TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'FLOAT', 'DOUBLE', 'DECIMAL(1,1)', 'DECIMAL(38,18)'],
  ...['STRING', 'VARCHAR(5)', 'CHAR(1)', 'BINARY', 'JSON', 'DATE', 'DATETIME', 'TIMESTAMP', 'TIMESTAMP_NTZ'],
];
const column = (type: string, nullable = true) => ({ name: 'c', type: type.toLowerCase(), nullable });
const rowsOf = (types: readonly string[], stream: Uint8Array) => readRows(types.map(parseType), stream);

describe('the block that proves the right to insert', () => {
  const columns = TYPES.map((type) => column(type));
  const expected = (() => {
    const seconds = BigInt(Date.UTC(2026, 0, 1) / 1000);
    const bytes = new Uint8Array(Buffer.from('maxsink check'));
    const texts = ['maxsink check', 'maxsi', 'm', bytes, '{}'];
    const times = [Number(seconds) / 86_400, seconds * 1000n, seconds * 10n ** 9n, seconds * 10n ** 9n];
    return [true, 1, 1, 1, 1n, 0.5, 0.5, '0', '0', ...texts, ...times];
  })();

  it('has a value of every type, a row of NULLs, and values again', () => {
    const { body, encoding, rows } = probeBlock(columns, 'none')!;
    expect({ encoding, rows }).toEqual({ encoding: null, rows: 3 });
    expect(rowsOf(TYPES, Buffer.concat(body))).toEqual([expected, TYPES.map(() => null), expected]);
  });

  it('is two joined pieces of one compressed stream', () => {
    const { body, encoding, bytes } = probeBlock(columns, 'deflate')!;
    const joined = Buffer.concat(body);
    expect({ encoding, bytes }).toEqual({ encoding: 'deflate', bytes: joined.length });
    // header, two pieces, end
    expect(body).toHaveLength(4);
    expect(rowsOf(TYPES, inflateSync(joined))).toHaveLength(3);
  });

  it('fills what is NOT NULL also in the row of NULLs', () => {
    const strict = [column('bigint', false), column('string')];
    const { body } = probeBlock(strict, 'none')!;
    expect(rowsOf(['BIGINT', 'STRING'], Buffer.concat(body))[1]).toEqual([1n, null]);
  });

  it('leaves types that maxsink does not know NULL, and gives up when they are NOT NULL', () => {
    const lists = [column('array<point>'), column('bigint')];
    const { body } = probeBlock(lists, 'none')!;
    expect(rowsOf(['BINARY', 'BIGINT'], Buffer.concat(body))[0]).toEqual([null, 1n]);
    expect(probeBlock([column('array<point>', false)], 'none')).toBeNull();
  });

  it('has a value in every part of a nested type', () => {
    const type = 'array<struct<a:map<string,interval_year_month>,b:array<interval_day_time>>>';
    const { body } = probeBlock([column(type, false)], 'none')!;
    const item = [[['maxsink check', 1]], [1_767_225_600_000_000_000n]];
    expect(rowsOf([type], Buffer.concat(body))[1]).toEqual([[item]]);
  });
});
