import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import type { DecoderSpec } from '../../../src/decode/decoder.ts';
import { parsePath } from '../../../src/decode/path/path.ts';
import { REST, type UnmappedSpec } from '../../../src/decode/path/unmapped.ts';
import type { SchemaText } from '../../../src/decode/schema/schema.ts';
import { newColumns } from '../../../src/planner/add-columns.ts';
import { framed } from '../../support/framed.ts';
import { avroSchema, encode } from '../avro/samples.ts';
import { type Decoded, run } from '../cells.ts';
import {
  encode as encodeProtobuf,
  framed as framedProtobuf,
  protobufSchema,
  schemaText,
} from '../protobuf/samples.ts';

type Policy = UnmappedSpec['policy'];

const withRest = (paths: readonly string[], policy: Policy) => [
  ...paths.map(parsePath),
  ...(policy === 'rest' ? [[REST]] : []),
];

/** A decoder of the format with some paths, and the rest as the last cell where that is the policy. */
function decoderOf(policy: Policy, paths: readonly string[], more: Omit<DecoderSpec, 'paths'>) {
  const spec = { ...more, paths: withRest(paths, policy), unmapped: { policy, at: [[]] } };
  const decoder = createDecoder(spec);
  return {
    add: (id: number, schema: SchemaText) => decoder.schemas!.add(id, schema),
    fields: () => decoder.unmappedFields!(),
    decode: (bytes: Uint8Array): Decoded =>
      run(decoder, spec.paths, new Uint8Array([...bytes, 0]), 0, bytes.length),
  };
}

const record = (name: string, fields: Record<string, unknown>) => ({
  ...{ type: 'record', name },
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
});
const avroText = (schema: object) => avroSchema(JSON.stringify(schema));
const logical = (type: string, logicalType: string, more = {}) => ({ type, logicalType, ...more });

const unknown = (name: string, before = '') => ({
  dirty: 'unknown_field',
  message: `${before}the field "${name}" has no column`,
});

describe('fields of an Avro schema that no path takes', () => {
  const ORDER = record('Order', {
    id: 'int',
    note: ['null', 'string'],
    tags: { type: 'array', items: 'int' },
  });

  it('are told with their kinds when the schema is compiled, before any record', () => {
    const { add, fields } = decoderOf('ignore', ['id', 'at.x'], { format: 'avro' });
    const schema = record('R', {
      ...{ id: 'int', at: record('At', { x: 'int', y: 'int' }), l: ['null', 'long'], d: 'double' },
      ...{ b: 'boolean', e: { type: 'enum', name: 'E', symbols: ['A'] }, bytes: 'bytes', n: 'null' },
      ...{ dec: logical('bytes', 'decimal', { precision: 10, scale: 2 }), several: ['int', 'string'] },
      ...{ day: logical('int', 'date'), ts: logical('long', 'timestamp-micros') },
      ...{ local: logical('long', 'local-timestamp-micros'), time: logical('int', 'time-millis') },
      ...{ map: { type: 'map', values: 'int' }, sub: record('Sub', { z: 'int' }) },
    });
    add(1, avroText(schema));
    const found = fields();
    expect(found.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      ...['l integer', 'd number', 'b boolean', 'e text', 'bytes bytes', 'n null', 'dec decimal'],
      ...['several text', 'day day', 'ts instant', 'local local', 'time text', 'map nested', 'sub nested'],
    ]);
    const columns = Object.fromEntries(newColumns(found, { columns: [], partitionKeys: [] }));
    expect(columns).toMatchObject({
      ...{ l: 'BIGINT', dec: 'DECIMAL(38,2)', day: 'DATE', ts: 'TIMESTAMP', local: 'TIMESTAMP_NTZ' },
      ...{ time: 'STRING', several: 'STRING', sub: 'STRING' },
    });
    add(2, avroText(record('R', { id: 'int', d: 'double', more: 'int' })));
    expect(fields()).toEqual([{ name: 'more', kind: 'integer' }]);
  });

  it('make up the rest, by the schema of each record', () => {
    const { add, decode, fields } = decoderOf('rest', ['id'], { format: 'avro' });
    const next = record('Order', { tags: 'string', id: 'int', extra: record('X', { y: 'double' }) });
    add(1, avroText(ORDER));
    const first = framed(1, encode(ORDER, { id: 1, note: { string: 'n' }, tags: [1, 2] }));
    const rest = {
      members: [
        ['note', { string: 'n' }],
        ['tags', { items: [1n, 2n].map((integer) => ({ integer })) }],
      ],
    };
    expect(decode(first)).toEqual({ cells: [{ integer: 1n }, rest] });
    add(2, avroText(next));
    expect(decode(framed(2, encode(next, { tags: 't', id: 2, extra: { y: 0.5 } })))).toEqual({
      cells: [
        { integer: 2n },
        {
          members: [
            ['tags', { string: 't' }],
            ['extra', { members: [['y', { double: 0.5 }]] }],
          ],
        },
      ],
    });
    expect(decode(first)).toEqual({ cells: [{ integer: 1n }, rest] });
    const bare = record('Order', { id: 'int' });
    add(3, avroText(bare));
    expect(decode(framed(3, encode(bare, { id: 3 })))).toEqual({ cells: [{ integer: 3n }, undefined] });
    expect(fields()).toEqual([]);
  });

  it('leave room for a schema whose root is a map', () => {
    const { add, decode } = decoderOf('rest', ['id'], { format: 'avro' });
    add(1, avroText(ORDER));
    const map = { type: 'map', values: 'int' };
    add(2, avroText(map));
    expect(decode(framed(2, encode(map, { id: 4, note: 5, other: 6 })))).toMatchObject({
      cells: [{ integer: 4n }, { members: [['note', { integer: 5n }]] }],
    });
  });

  it('make each record of their schema dirty when that is asked for', () => {
    const { add, decode } = decoderOf('reject', ['id'], { format: 'avro' });
    const bare = record('Order', { id: 'int' });
    add(1, avroText(ORDER));
    add(2, avroText(bare));
    const value = framed(1, encode(ORDER, { id: 1, note: null, tags: [] }));
    expect(decode(value)).toEqual(unknown('note', 'schema id 1: '));
    expect(decode(framed(2, encode(bare, { id: 3 })))).toEqual({ cells: [{ integer: 3n }] });
  });

  it('come from the schema of a file as well', () => {
    const schema = avroText(ORDER);
    expect(decoderOf('add_column', ['id'], { format: 'avro', schema }).fields()).toEqual([
      { name: 'note', kind: 'text' },
      { name: 'tags', kind: 'nested' },
    ]);
    const { decode } = decoderOf('reject', ['id'], { format: 'avro', schema });
    expect(decode(encode(ORDER, { id: 1, note: null, tags: [] }))).toEqual(unknown('note'));
  });

  it('stand in the row of a change: after it, or before it when it is deleted', () => {
    const value = record('Value', { id: 'int', name: 'string', ssn: 'string' });
    const event = record('Envelope', {
      ...{
        before: ['null', value],
        after: ['null', 'Value'],
        op: 'string',
        source: record('S', { db: 'string' }),
      },
    });
    const spec = { format: 'avro', envelope: 'debezium', paths: withRest(['id'], 'rest') } as const;
    const unmapped = { policy: 'rest', at: [[]], except: ['ssn'] } as const;
    const decoder = createDecoder({ ...spec, unmapped });
    decoder.schemas!.add(1, avroText(event));
    const row = (id: number, name: string) => ({ Value: { id, name, ssn: '1' } });
    const decode = (op: string, before: object | null, after: object | null) => {
      const bytes = framed(1, encode(event, { before, after, op, source: { db: 'd' } }));
      return run(decoder, spec.paths, bytes, 0, bytes.length);
    };
    const found = (id: bigint, name: string) => ({
      cells: [{ integer: id }, { members: [['name', { string: name }]] }],
    });
    expect(decode('u', row(1, 'old'), row(2, 'new'))).toEqual(found(2n, 'new'));
    expect(decode('d', row(3, 'gone'), null)).toEqual(found(3n, 'gone'));
  });
});

describe('fields of a Protobuf message that no path takes', () => {
  const TEXT = schemaText(`message M {
    int64 id = 1; string note = 2; uint64 big_one = 3; repeated int32 list = 4; optional bool flag = 5;
    google.protobuf.Timestamp at = 6; google.protobuf.Int64Value boxed = 7; google.protobuf.Duration d = 8;
    oneof choice { string left = 9; M right = 10; } map<string, int32> entries = 11; float f = 12;
  }`);
  const id = { low: 5, high: 0, unsigned: false };
  const value = (more: object) => framedProtobuf(1, encodeProtobuf(TEXT, 'test.M', { id, ...more }));
  const decoder = (policy: Policy, paths = ['id']) => {
    const made = decoderOf(policy, paths, { format: 'protobuf' });
    made.add(1, protobufSchema(TEXT));
    return made;
  };

  it('are told with their kinds when the first record needs the message', () => {
    const { decode, fields } = decoder('ignore', ['id', 'bigOne']);
    decode(value({}));
    expect(fields().map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      ...['note text', 'list nested', 'flag boolean', 'at instant', 'boxed integer', 'd text', 'left text'],
      ...['right nested', 'entries nested', 'f number'],
    ]);
    expect(fields()).toEqual([]);
    const { decode: again, fields: all } = decoder('add_column');
    again(value({}));
    expect(all().find(({ name }) => name === 'big_one')).toEqual({
      name: 'big_one',
      kind: 'decimal',
      scale: 0,
    });
  });

  it('make up the rest, as a column would have them', () => {
    const { decode } = decoder('rest', ['id', 'at', 'f', 'entries', 'bigOne', 'boxed']);
    const found = decode(value({ note: 'n', list: [1, 2], right: { left: 'l' }, d: { seconds: 2 } }));
    expect('cells' in found && found.cells.at(-1)).toEqual({
      members: [
        ['note', { string: 'n' }],
        ['list', { items: [{ integer: 1n }, { integer: 2n }] }],
        ['d', { string: 'PT2S' }],
        ['right', { members: expect.arrayContaining([['left', { string: 'l' }]]) }],
      ],
    });
  });

  it('make a record dirty that has them', () => {
    const { decode } = decoder('reject', ['id', 'note']);
    expect(decode(value({ note: 'n' }))).toEqual({ cells: [{ integer: 5n }, { string: 'n' }] });
    expect(decode(value({ list: [7] }))).toEqual(unknown('list', 'schema id 1: '));
    expect(decode(value({ f: 1 }))).toEqual(unknown('f', 'schema id 1: '));
    expect(decode(value({ left: 'x' }))).toEqual(unknown('left', 'schema id 1: '));
    expect(decode(value({}))).toEqual({ cells: [{ integer: 5n }, { string: '' }] });
  });
});

describe('fields of delimited text that no path takes', () => {
  const csv = { fields: ['id', 'name', 'city'], delimiter: ',', quote: '"', escape: null, nullText: 'NULL' };
  const text = (line: string) => new Uint8Array(Buffer.from(line));

  it('are told when they have names', () => {
    const { fields } = decoderOf('ignore', ['id'], { format: 'csv', csv });
    expect(fields()).toEqual(['name', 'city'].map((name) => ({ name, kind: 'text' })));
    expect(fields()).toEqual([]);
    expect(decoderOf('ignore', ['[0]'], { format: 'csv', csv: { ...csv, fields: null } }).fields()).toEqual(
      [],
    );
  });

  it('make up the rest, or a dirty record', () => {
    const { decode } = decoderOf('rest', ['[0]'], { format: 'csv', csv });
    const rest = {
      members: [
        ['name', { string: 'a"b' }],
        ['city', null],
      ],
    };
    expect(decode(text('1,"a""b",NULL'))).toEqual({ cells: [{ string: '1' }, rest] });
    expect(decode(text('1'))).toEqual({ cells: [{ string: '1' }, undefined] });
    const reject = decoderOf('reject', ['id'], { format: 'csv', csv });
    expect(reject.decode(text('1,x'))).toEqual(unknown('name'));
    expect(reject.decode(text('1'))).toEqual({ cells: [{ string: '1' }] });
  });
});

it('fields of JSON with a schema are those of the JSON behind the header', () => {
  const { add, decode, fields } = decoderOf('ignore', ['id'], { format: 'jsonschema' });
  add(1, { type: 'JSON', text: '{"type":"object"}', references: [] });
  const body = (json: string) => framed(1, Buffer.from(json));
  decode(body('{"id": 1, "big": 9223372036854775807, "huge": 9223372036854775808, "f": 1e3}'));
  expect(fields()).toEqual([
    { name: 'big', kind: 'integer' },
    { name: 'huge', kind: 'decimal', scale: 0 },
    { name: 'f', kind: 'number' },
  ]);
  const rest = decoderOf('rest', ['id'], { format: 'jsonschema' });
  rest.add(1, { type: 'JSON', text: '{"type":"object"}', references: [] });
  expect(rest.decode(body('{"id": 1, "a": [2]}'))).toEqual({
    cells: [{ number: '1' }, { json: '{"a": [2]}' }],
  });
});
