import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseType } from '../../../src/emulator/model/types.ts';
import { readRows } from '../../../src/emulator/record/cells.ts';
import { CRC_START, crcBytes, crcValue } from '../../../src/emulator/record/crc32c.ts';
import { createRecordReader } from '../../../src/emulator/record/record-reader.ts';
import { createRecordWriter } from '../../../src/emulator/record/record-writer.ts';
import { rowsOf, typesOf, vectors } from './vectors.ts';

describe('record reader', () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))(
    'reads the official bytes of %s',
    (_, vector) => {
      const types = typesOf(vector);
      expect(readRows(types, Buffer.from(vector.hex, 'hex'))).toEqual(rowsOf(vector));
    },
  );

  it('reads the same rows however the stream is cut', () => {
    const chosen = fc.constantFrom(...vectors);
    fc.assert(
      fc.property(chosen, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (vector, sizes) => {
        const stream = Buffer.from(vector.hex, 'hex');
        const reader = createRecordReader(typesOf(vector));
        let at = 0;
        for (let turn = 0; at < stream.length; turn += 1) {
          const size = sizes[turn % sizes.length]!;
          reader.push(stream.subarray(at, at + size));
          at += size;
        }
        expect(reader.end()).toBe(vector.rows.length);
      }),
    );
  });

  it('refuses every stream with one changed bit', () => {
    const vector = vectors.find(({ name }) => name === 'mixed_with_nulls')!;
    const stream = Buffer.from(vector.hex, 'hex');
    const before = readRows(typesOf(vector), stream);
    for (let bit = 0; bit < stream.length * 8; bit += 1) {
      const damaged = Buffer.from(stream);
      damaged[bit >> 3] = damaged[bit >> 3]! ^ (1 << (bit & 7));
      // A bit that a decoder must ignore (unused bits of a last varint byte) may pass, but not change a row.
      const rows = attempt(() => readRows(typesOf(vector), damaged));
      if (rows) expect(rows).toEqual(before);
    }
  });

  it('refuses every truncated stream', () => {
    const vector = vectors.find(({ name }) => name === 'nested')!;
    const stream = Buffer.from(vector.hex, 'hex');
    for (let length = 0; length < stream.length; length += 1) {
      expect(() => readRows(typesOf(vector), stream.subarray(0, length))).toThrow(/without a footer/);
    }
  });

  it('takes checksums that are sign-extended to ten bytes', () => {
    const vector = vectors.find(({ name }) => name === 'type_tinyint')!;
    const plain = Buffer.from(vector.hex, 'hex');
    // Row 3 of the vector: checksum 3730741280, 5 bytes, bit 31 set.
    const at = vector.hex.indexOf('a0b0faf20d') / 2;
    const extended = Buffer.from('a0b0faf2fdffffffff01', 'hex');
    const stream = Buffer.concat([plain.subarray(0, at), extended, plain.subarray(at + 5)]);
    expect(readRows(typesOf(vector), stream)).toHaveLength(5);
  });

  it('refuses bytes after the footer, a wrong count, and too large a value', () => {
    const types = [parseType('bigint'), parseType('string')];
    const empty = Buffer.from('f0ffff7f00f8ffff7f00', 'hex');
    expect(() => readRows(types, Buffer.concat([empty, Buffer.of(0)]))).toThrow(/after the footer/);
    expect(() => readRows(types, Buffer.from('f0ffff7f02f8ffff7f00', 'hex'))).toThrow(/counts 1 rows/);
    expect(() => readRows(types, Buffer.from('12ffffff7f', 'hex'))).toThrow(/MaxFieldSize/);
  });

  it('takes a checksum of checksums that is sign-extended to ten bytes', () => {
    const vector = vectors.find(({ name }) => name === 'type_tinyint')!;
    // 3226052134 has bit 31 set.
    const stream = Buffer.from(vector.hex.replace(/a6cca6820c$/, 'a6cca682fcffffffff01'), 'hex');
    expect(readRows(typesOf(vector), stream)).toHaveLength(5);
  });

  it('refuses NULL flags that are neither 0 nor 1, though no checksum covers them', () => {
    const vector = vectors.find(({ name }) => name === 'array_bigint')!;
    const stream = Buffer.from(vector.hex.replace(/^0a0400/, '0a0402'), 'hex');
    expect(() => readRows(typesOf(vector), stream)).toThrow('row 0: column 1: a NULL flag is 0 or 1, not 2');
  });

  it('takes intervals whose nanoseconds have the sign of their seconds', () => {
    const types = [parseType('interval_day_time')];
    // -1 s and -500,000,000 ns, as the Java client may write them.
    const { stream } = oneRecord('0a01ff93ebdc03', '01000000ffffffffffffffff009b32e2');
    expect(readRows(types, stream)).toEqual([[-1_500_000_000n]]);
    expect(() => readRows([parseType('timestamp')], stream)).toThrow(/nanoseconds -500000000/);
  });

  it('refuses a list that never ends as soon as it is larger than a value may be', () => {
    const reader = createRecordReader([parseType('array<boolean>')]);
    reader.push(Buffer.from('0affffffff0f', 'hex'));
    const items = Buffer.alloc(1024 * 1024, Buffer.from('0001', 'hex'));
    const pushAll = () => {
      for (let megabyte = 0; megabyte < 32; megabyte += 1) reader.push(items);
    };
    expect(pushAll).toThrow(/larger than MaxFieldSize/);
  });

  it('reads a record of many megabytes that comes in small pieces', () => {
    const types = [parseType('array<string>'), parseType('bigint')];
    const writer = createRecordWriter(types);
    writer.add([Array(1_000_000).fill('abc'), 7n]);
    const stream = writer.end();
    const reader = createRecordReader(types);
    for (let at = 0; at < stream.length; at += 16_000) reader.push(stream.subarray(at, at + 16_000));
    expect(reader.end()).toBe(1);
  });

  it('refuses numbers outside their type, inside of lists too', () => {
    const writer = createRecordWriter([parseType('array<bigint>')]);
    writer.add([[1n, 128n]]);
    expect(() => readRows([parseType('array<tinyint>')], writer.end())).toThrow(
      'row 0: column 1: 128 is outside tinyint',
    );
    const [vector] = vectors.filter(({ name }) => name === 'type_smallint');
    expect(() => readRows([parseType('tinyint')], Buffer.from(vector!.hex, 'hex'))).toThrow(
      /outside tinyint/,
    );
  });
});

/** A stream of one record with these bytes, whose checksum covers `fed`. */
function oneRecord(hex: string, fed: string): { stream: Buffer } {
  const bytes = Buffer.from(fed, 'hex');
  const crc = crcValue(crcBytes(CRC_START, bytes, 0, bytes.length));
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc);
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
  const parts = [
    Buffer.from(`${hex}80c0ff7f`, 'hex'),
    Buffer.from(varint(crc)),
    Buffer.from('f0ffff7f02f8ffff7f', 'hex'),
  ];
  return { stream: Buffer.concat([...parts, Buffer.from(varint(crcValue(crcBytes(CRC_START, sum, 0, 4))))]) };
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
