import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cell, DAY, INSTANT, LOCAL, TIME } from '../../../src/decode/cell/cell.ts';
import { semanticOf } from '../../../src/decode/cell/semantic.ts';
import { decimalText, setTemporal, type Temporal } from '../../../src/decode/cell/semantic-cell.ts';

const filled = (semantic: Temporal, value: number | bigint) => {
  const cell = new Cell();
  return setTemporal(cell, semantic, value) ? [cell.kind, cell.num, cell.nanos] : false;
};

describe('a semantic name', () => {
  it.each([
    ['org.apache.kafka.connect.data.Date', -1, [DAY, -1, 0]],
    ['org.apache.kafka.connect.data.Time', 1_001, [TIME, 1, 1_000_000]],
    ['org.apache.kafka.connect.data.Timestamp', -1n, [INSTANT, -1, 999_000_000]],
    ['io.debezium.time.Date', 20_000, [DAY, 20_000, 0]],
    ['io.debezium.time.Time', 86_399_999, [TIME, 86_399, 999_000_000]],
    ['io.debezium.time.MicroTime', 86_399_999_999n, [TIME, 86_399, 999_999_000]],
    ['io.debezium.time.NanoTime', 1n, [TIME, 0, 1]],
    ['io.debezium.time.Timestamp', 1_500, [LOCAL, 1, 500_000_000]],
    ['io.debezium.time.MicroTimestamp', -1, [LOCAL, -1, 999_999_000]],
    ['io.debezium.time.NanoTimestamp', -(2n ** 63n), [LOCAL, -9_223_372_037, 145_224_192]],
  ])('%s says what an integer means', (name, value, cell) => {
    expect(filled(semanticOf(name, null) as Temporal, value)).toEqual(cell);
  });

  it('tells the scale of a decimal, as text or number', () => {
    const decimal = 'org.apache.kafka.connect.data.Decimal';
    expect(semanticOf(decimal, { scale: '2' })).toEqual({ kind: 'decimal', scale: 2 });
    expect(semanticOf(decimal, { scale: -3 })).toEqual({ kind: 'decimal', scale: -3 });
    for (const parameters of [null, undefined, {}, { scale: 'two' }, { scale: 0.5 }])
      expect(semanticOf(decimal, parameters)).toBe(null);
  });

  it('that is text or unknown means nothing more', () => {
    for (const name of ['io.debezium.time.ZonedTimestamp', 'io.debezium.time.Year', 'constructor', ''])
      expect(semanticOf(name, {})).toBe(null);
  });
});

describe('a time', () => {
  it('of day lies within a day', () => {
    const time = { kind: 'time', perSecond: 1e3 } as const;
    expect([filled(time, -1), filled(time, 86_400_000), filled(time, 2n ** 63n)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('is the same for a number and a bigint', () => {
    const semantics = ([1e3, 1e6, 1e9] as const).map(
      (perSecond) => ({ kind: 'instant', perSecond }) as const,
    );
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.constantFrom(...semantics), (value, semantic) => {
        expect(filled(semantic, value)).toEqual(filled(semantic, BigInt(value)));
      }),
    );
  });
});

describe('a decimal', () => {
  it.each([
    ['04d2', 2, '12.34'],
    ['ff', 2, '-0.01'],
    ['80', 0, '-128'],
    ['00000000000001', 3, '0.001'],
    ['0c', -3, '12e3'],
    ['0c', 401, '12e-401'],
    ['', 0, null],
    ['00'.repeat(129), 0, null],
  ])('of bytes %s and scale %i is %s', (hex, scale, text) => {
    expect(decimalText(Buffer.from(hex, 'hex'), scale)).toBe(text);
  });
});
