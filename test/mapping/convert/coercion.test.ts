import { describe, expect, it } from 'vitest';
import {
  BOOLEAN,
  type Cell,
  DAY,
  DOUBLE,
  INSTANT,
  JSON_TEXT,
  LOCAL,
  TIME,
} from '../../../src/decode/cell/cell.ts';
import { bytes, integer, items, members, number, ofKind, string, text } from '../../decode/trees.ts';
import { type StoreOptions, stored } from '../stored.ts';

/** Whether a strict column takes the cell; every cell here is one that a lenient column takes. */
function takes(type: string, cell: Cell, options: StoreOptions = {}): boolean {
  const result = stored(type, cell, { ...options, coercion: 'strict' }) as {
    code?: string;
    message?: string;
  };
  expect(stored(type, cell, options), `${type}, lenient`).not.toHaveProperty('code');
  return result === null || typeof result !== 'object' || result.code === undefined;
}

const when = { time: { format: 'iso', zone: 'UTC' } };

describe('coercion: strict', () => {
  it.each<[string, Cell, boolean, StoreOptions?]>([
    ['BIGINT', integer(5), true],
    ['BIGINT', number('5.0'), true],
    ['BIGINT', ofKind(DOUBLE, 5), true],
    ['BIGINT', string('5'), false],
    ['BIGINT', ofKind(BOOLEAN, 1), false],
    ['BIGINT', ofKind(INSTANT, 1), false],
    ['BIGINT', ofKind(TIME, 1), false],
    ['DECIMAL(10,2)', number('0.25'), true],
    ['DECIMAL(10,2)', string('0.25'), false],
    ['DOUBLE', number('0.1'), true],
    ['DOUBLE', integer(2 ** 53), true],
    ['DOUBLE', integer(9007199254740993n), false],
    ['DOUBLE', integer(9007199254740993n), true, { round: true }],
    ['DOUBLE', number('9007199254740993'), false],
    ['DOUBLE', ofKind(DOUBLE, Number.NaN), true],
    ['FLOAT', ofKind(DOUBLE, 0.5), true],
    ['FLOAT', ofKind(DOUBLE, 0.1), false],
    ['FLOAT', ofKind(DOUBLE, Number.POSITIVE_INFINITY), true],
    ['FLOAT', number('0.1'), true],
    ['FLOAT', integer(16_777_217), false],
    ['BOOLEAN', ofKind(BOOLEAN, 1), true],
    ['BOOLEAN', integer(1), false],
    ['BOOLEAN', string('true'), false],
    ['STRING', string('a'), true],
    ['VARCHAR(3)', string('a'), true],
    ['STRING', number('1'), false],
    ['STRING', ofKind(BOOLEAN, 1), false],
    ['STRING', ofKind(DAY, 1), false],
    ['STRING', ofKind(TIME, 1), false],
    ['STRING', bytes(97), false],
    ['STRING', text(JSON_TEXT, '{}'), false],
    ['STRING', items(), false],
    ['BINARY', bytes(1), true],
    ['BINARY', string('a'), false],
    ['DATE', ofKind(DAY, 1), true],
    ['TIMESTAMP', ofKind(INSTANT, 1), true],
    ['TIMESTAMP_NTZ', ofKind(LOCAL, 1), true],
    ['TIMESTAMP', string('2026-11-21'), false],
    ['TIMESTAMP', string('2026-11-21'), true, when],
    ['TIMESTAMP', integer(5), false],
    ['TIMESTAMP', integer(5), true, { time: { format: 'epoch_s', zone: 'UTC' } }],
    ['JSON', text(JSON_TEXT, '{}'), true],
    ['JSON', members(), true],
    ['JSON', string('a'), true],
    ['JSON', number('1'), true],
    ['JSON', ofKind(INSTANT, 1), false],
    ['INTERVAL_DAY_TIME', string('PT1S'), true],
    ['INTERVAL_YEAR_MONTH', integer(1), false],
    ['ARRAY<INT>', items(integer(1)), true],
    ['ARRAY<INT>', text(JSON_TEXT, '[1]'), true],
    ['ARRAY<INT>', string('[1]'), false],
    ['ARRAY<INT>', text(JSON_TEXT, '["1"]'), false],
    ['STRUCT<a:STRING>', members(['a', integer(1)]), false],
    ['MAP<STRING,STRING>', members(['a', integer(1)]), false],
    ['MAP<INT,INT>', members(['1', integer(1)]), true],
    ['MAP<STRING,INT>', items(items(integer(1), integer(2))), true],
  ])('%s #%# %o', (type, cell, expected, options) => expect(takes(type, cell, options)).toBe(expected));

  it('says what it refuses, and where', () => {
    expect(stored('STRING', number('12'), { coercion: 'strict' })).toEqual({
      code: 'wrong_type',
      message: 'a number: 12 is not converted to STRING: coercion is strict',
    });
    expect(stored('ARRAY<INT>', text(JSON_TEXT, '[1,"2"]'), { coercion: 'strict' })).toEqual({
      code: 'wrong_type',
      message: 'c[1]: a text: "2" is not converted to INT: coercion is strict',
    });
    expect(stored('FLOAT', number('1e999'), { coercion: 'strict' })).toMatchObject({ code: 'out_of_range' });
  });
});
