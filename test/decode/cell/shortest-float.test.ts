import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cell, DOUBLE } from '../../../src/decode/cell/cell.ts';
import { textNumber } from '../../../src/decode/cell/shortest-float.ts';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import type { DecoderSpec } from '../../../src/decode/decoder.ts';
import { avroSchema, encode as encodeAvro } from '../avro/samples.ts';
import { protobufSchema } from '../protobuf/samples.ts';

const cellOf = (num: number, single: boolean) => Object.assign(new Cell(), { kind: DOUBLE, num, single });

const FIELD = [{ name: 'x', type: 'float' }];
const ROW = { type: 'record', name: 'Row', fields: FIELD };
const CHANGE = {
  ...{ type: 'record', name: 'Change' },
  fields: [
    { name: 'before', type: ['null', ROW] },
    { name: 'op', type: 'string' },
  ],
};
const DELETED = { before: { Row: { x: 0.1 } }, op: 'd' };
const avro = (of: object): Partial<DecoderSpec> => ({ schema: avroSchema(JSON.stringify(of)) });
const protobuf = (text: string): Partial<DecoderSpec> => ({ schema: protobufSchema(text) });
const FLOAT = Buffer.from('cdcccc3d', 'hex');
const REVERSED = Buffer.from('3dcccccd', 'hex');

it.each<[string, Partial<DecoderSpec>, Buffer]>([
  ['avro', avro(ROW), FLOAT],
  ['avro', { ...avro(CHANGE), envelope: 'debezium' }, encodeAvro(CHANGE, DELETED)],
  ['protobuf', protobuf('syntax = "proto3"; message M { float x = 1; }'), Buffer.of(0x0d, ...FLOAT)],
  [
    'protobuf',
    protobuf('syntax = "proto2"; message M { optional float x = 1 [default = 0.1]; }'),
    Buffer.of(),
  ],
  ['float', { paths: [[], []] }, REVERSED],
])('a float of %s %o is 0.1, not 0.10000000149011612, in each of its cells', (format, more, value) => {
  const spec = { format, paths: [['x'], ['x']], ...more } as DecoderSpec;
  const cells = [new Cell(), new Cell()];
  expect(createDecoder(spec).decode(value, 0, value.length, cells)).toBeNull();
  expect(cells.map(textNumber)).toEqual([0.1, 0.1]);
});

describe('the text of a 32-bit float', () => {
  it.each([0.1, 1 / 3, 16_777_216.5, 1e-45, 3.4028234663852886e38, -0, Number.NaN, Number.NEGATIVE_INFINITY])(
    '%d means the same float',
    (value) => expect(Math.fround(textNumber(cellOf(Math.fround(value), true)))).toBe(Math.fround(value)),
  );

  it('is as short as it can be', () => {
    expect(textNumber(cellOf(Math.fround(0.1), true))).toBe(0.1);
    expect(textNumber(cellOf(Math.fround(0.1), false))).toBe(Math.fround(0.1));
    fc.assert(
      fc.property(fc.float(), (value) => {
        expect(Math.fround(textNumber(cellOf(value, true)))).toBe(value);
      }),
    );
  });
});
