import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseType } from '../../../src/emulator/model/types.ts';
import { readRows } from '../../../src/emulator/record/cells.ts';
import { createRecordReader } from '../../../src/emulator/record/record-reader.ts';
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

  it('refuses numbers outside their type', () => {
    const [vector] = vectors.filter(({ name }) => name === 'type_smallint');
    expect(() => readRows([parseType('tinyint')], Buffer.from(vector!.hex, 'hex'))).toThrow(
      /outside tinyint/,
    );
  });
});

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
