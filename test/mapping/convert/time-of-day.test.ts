import { describe, expect, it } from 'vitest';
import { TIME } from '../../../src/decode/cell/cell.ts';
import { ofKind } from '../../decode/trees.ts';
import { stored } from '../stored.ts';

const time = ofKind(TIME, 30_600, 123_456_789);
const noon = ofKind(TIME, 43_200);
const code = (name: string) => expect.objectContaining({ code: name });
const unit = (format: string) => ({ time: { format, zone: 'Asia/Shanghai' } });

describe('a time of day', () => {
  it('is ISO 8601 in texts and JSON, with the digits that it has', () => {
    expect(stored('STRING', time)).toBe('08:30:00.123456789');
    expect(stored('STRING', noon)).toBe('12:00:00');
    expect(stored('VARCHAR(7)', noon)).toEqual(code('too_long'));
    expect(stored('JSON', noon)).toBe('"12:00:00"');
  });

  it('is a number since midnight in the unit of timeFormat, default milliseconds', () => {
    expect(stored('INT', noon)).toBe(43_200_000);
    expect(stored('BIGINT', time)).toEqual(code('not_exact'));
    expect(stored('BIGINT', time, { round: true })).toBe(30_600_123n);
    expect(stored('BIGINT', time, unit('epoch_ns'))).toBe(30_600_123_456_789n);
    expect(stored('SMALLINT', noon, unit('epoch_s'))).toEqual(code('out_of_range'));
    expect(stored('INT', ofKind(TIME, 86_399, 999_999_999), { ...unit('epoch_s'), round: true })).toBe(
      86_400,
    );
  });

  it('is nothing else', () => {
    for (const type of [
      'DOUBLE',
      'DECIMAL',
      'BOOLEAN',
      'DATE',
      'DATETIME',
      'TIMESTAMP',
      'TIMESTAMP_NTZ',
      'BINARY',
      'ARRAY<INT>',
    ])
      expect(stored(type, noon), type).toEqual(code('wrong_type'));
    expect(stored('DATE', noon)).toMatchObject({
      message: 'time of day 12:00:00 cannot be converted to a point in time',
    });
  });
});
