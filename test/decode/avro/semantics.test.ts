import { describe, expect, it } from 'vitest';
import { createAvroDecoder } from '../../../src/decode/avro/avro.ts';
import { Cell } from '../../../src/decode/cell/cell.ts';
import { treeJson } from '../../../src/decode/cell/tree-json.ts';
import { type Path, parsePath } from '../../../src/decode/path/path.ts';
import { type Decoded, run } from '../cells.ts';
import { avroSchema, encode } from './samples.ts';

function record(...fields: [string, unknown][]): object {
  return { type: 'record', name: 'R', fields: fields.map(([name, type]) => ({ name, type })) };
}

/** Without a header: the schema is that of a file. */
function plainRun(schema: unknown, value: Uint8Array, paths: readonly Path[]): Decoded {
  const decoder = createAvroDecoder(paths, false, avroSchema(JSON.stringify(schema)));
  return run(decoder, paths, value, 0, value.length);
}

const through = (schema: unknown, value: unknown, ...paths: string[]): Decoded =>
  plainRun(
    schema,
    encode(schema, value),
    paths.map((path) => (path === '' ? [] : parsePath(path))),
  );

const named = (type: string, name: string, rest: object = {}) => ({ type, 'connect.name': name, ...rest });
const DAY_MS = 86_400_000;

describe('names of Kafka Connect and Debezium', () => {
  it.each<[unknown, unknown, unknown]>([
    [named('int', 'org.apache.kafka.connect.data.Date', { logicalType: 'date' }), 20_000, { day: 20_000 }],
    [
      named('int', 'org.apache.kafka.connect.data.Time', { logicalType: 'time-millis' }),
      1,
      { time: [0, 1e6] },
    ],
    [named('long', 'org.apache.kafka.connect.data.Timestamp'), -1n, { instant: [-1, 999_000_000] }],
    [named('int', 'io.debezium.time.Date'), -1, { day: -1 }],
    [named('int', 'io.debezium.time.Time'), DAY_MS - 1, { time: [86_399, 999_000_000] }],
    [named('long', 'io.debezium.time.MicroTime'), 1_000_001n, { time: [1, 1_000] }],
    [named('long', 'io.debezium.time.NanoTime'), 1n, { time: [0, 1] }],
    [named('long', 'io.debezium.time.Timestamp'), 1_500n, { local: [1, 500_000_000] }],
    [named('long', 'io.debezium.time.MicroTimestamp'), -1n, { local: [-1, 999_999_000] }],
    [
      named('long', 'io.debezium.time.NanoTimestamp'),
      2n ** 63n - 1n,
      { local: [9_223_372_036, 854_775_807] },
    ],
    [
      named('string', 'io.debezium.time.ZonedTimestamp'),
      '2026-11-20T00:00:00Z',
      { string: '2026-11-20T00:00:00Z' },
    ],
    [named('string', 'io.debezium.data.Json'), '{"a":1}', { string: '{"a":1}' }],
    [named('int', 'io.debezium.time.Year'), 2026, { integer: 2026n }],
    [named('string', 'io.debezium.time.Date'), 'does not fit', { string: 'does not fit' }],
  ])('%j', (type, value, cell) => {
    const wrapped = record(['a', ['null', type]]);
    const branch = (type as { type: string }).type;
    expect(through(wrapped, { a: { [branch]: value } }, 'a', '')).toEqual({
      cells: [cell, { members: [['a', cell]] }],
    });
  });

  it('tell the scale of a decimal', () => {
    const decimal = (scale: string, more: object = {}) =>
      named('bytes', 'org.apache.kafka.connect.data.Decimal', { 'connect.parameters': { scale }, ...more });
    const a = Buffer.from([0x04, 0xd2]);
    expect(through(record(['a', decimal('2')]), { a }, 'a')).toEqual({ cells: [{ number: '12.34' }] });
    expect(through(record(['a', decimal('-2')]), { a }, 'a')).toEqual({ cells: [{ number: '1234e2' }] });
    const both = decimal('2', { logicalType: 'decimal', precision: 64, scale: 2 });
    expect(through(record(['a', both]), { a }, 'a')).toEqual({ cells: [{ number: '12.34' }] });
    expect(through(record(['a', decimal('two')]), { a }, 'a')).toEqual({ cells: [{ bytes: '04d2' }] });
  });

  it('make a number of a decimal of any scale; its parts can be mapped too', () => {
    const fields = [
      { name: 'scale', type: 'int' },
      { name: 'value', type: 'bytes' },
    ];
    const type = (name: string, list: object[]) => ({
      ...named('record', 'io.debezium.data.VariableScaleDecimal', { name }),
      fields: list,
    });
    const schema = record(
      ['a', ['null', type('V', fields)]],
      ['b', type('W', fields.toReversed())],
      ['c', type('X', [{ name: 'scale', type: 'int' }])],
    );
    const value = {
      a: { V: { scale: 3, value: Buffer.of(0xff) } },
      b: { scale: -1, value: Buffer.of(7) },
      c: { scale: 5 },
    };
    expect(through(schema, value, 'a', 'b', 'c', 'a.scale', 'a.value')).toEqual({
      cells: [
        { number: '-0.001' },
        { number: '7e1' },
        { members: [['scale', { integer: 5n }]] },
        { integer: 3n },
        { bytes: 'ff' },
      ],
    });
  });
});

describe('logical types', () => {
  const time = { type: 'int', logicalType: 'time-millis' };

  it.each([-1, DAY_MS])('time of day %i is outside a day: dirty where it is mapped', (a) => {
    const schema = record(['a', time], ['b', 'int']);
    expect(through(schema, { a, b: 1 }, 'a')).toMatchObject({ dirty: 'out_of_range' });
    expect(through(schema, { a, b: 1 }, 'b')).toEqual({ cells: [{ integer: 1n }] });
  });

  it('duration is ISO 8601 text', () => {
    const schema = { type: 'fixed', name: 'P', size: 12, logicalType: 'duration' };
    const of = (...parts: number[]) => {
      const value = Buffer.alloc(12);
      for (const [i, part] of parts.entries()) value.writeUInt32LE(part, 4 * i);
      return plainRun(schema, value, [[]]);
    };
    expect(of(1, 2, 3_004)).toEqual({ cells: [{ string: 'P1M2DT3.004S' }] });
    expect(of(0, 0, 0)).toEqual({ cells: [{ string: 'PT0S' }] });
    expect(of(0, 7, 0)).toEqual({ cells: [{ string: 'P7D' }] });
    expect(of(2 ** 32 - 1, 0, 2 ** 32 - 1)).toEqual({ cells: [{ string: 'P4294967295MT4294967.295S' }] });
  });

  it('reach JSON text as numbers and ISO 8601, with all digits', () => {
    const long = (logicalType: string) => ({ type: 'long', logicalType });
    const schema = record(
      ['decimal', { type: 'bytes', logicalType: 'decimal', precision: 40, scale: 2 }],
      ['day', { type: 'int', logicalType: 'date' }],
      ['time', long('time-micros')],
      ['instant', long('timestamp-millis')],
      ['local', long('local-timestamp-nanos')],
      ['float', 'float'],
      ['nan', 'double'],
      ['bytes', 'bytes'],
      ['union', ['null', 'int', 'string']],
      ['map', { type: 'map', values: 'long' }],
    );
    const value = {
      ...{ decimal: Buffer.from('0123456789abcdef01', 'hex'), day: -1, time: 1n, instant: -1n, local: 1n },
      ...{ float: 0.1, nan: Number.NaN, bytes: Buffer.of(255, 0), union: { string: '"\n' } },
      map: { large: 2n ** 63n - 1n },
    };
    const decoder = createAvroDecoder([[]], false, avroSchema(JSON.stringify(schema)));
    const bytes = encode(schema, value);
    const cell = new Cell();
    expect(decoder.decode(bytes, 0, bytes.length, [cell])).toBe(null);
    expect(treeJson(cell.tree!)).toBe(
      '{"decimal":209882954794206451.21,"day":"1969-12-31","time":"00:00:00.000001","instant":"1969-12-31T23:59:59.999Z",' +
        '"local":"1970-01-01T00:00:00.000000001","float":0.1,"nan":"NaN","bytes":"/wA=","union":"\\"\\n",' +
        '"map":{"large":9223372036854775807}}',
    );
  });
});

describe('values of a schema file', () => {
  const schema = record(['a', 'long'], ['b', 'string']);

  it('have no header', () => {
    const decoder = createAvroDecoder([['a']], false, avroSchema(JSON.stringify(schema)));
    expect(decoder.schemas).toBe(undefined);
    expect(through(schema, { a: 7n, b: 'x' }, 'a', 'b')).toEqual({
      cells: [{ integer: 7n }, { string: 'x' }],
    });
  });

  it('with a header are not guessed, but told', () => {
    const headed = Buffer.concat([Buffer.of(0, 0, 0, 0, 7), encode(schema, { a: 7n, b: 'x' })]);
    expect(plainRun(schema, headed, [['a']])).toEqual({
      dirty: 'invalid_avro',
      message:
        '6 bytes are left over (it begins like one with the schema id 7, but schemaFile is for values without)',
    });
  });

  it('may be described by several schemas, of which the last is theirs', () => {
    const item = { type: 'record', name: 'Item', fields: [{ name: 'sku', type: 'string' }] };
    const references = [{ name: 'Item', text: JSON.stringify(item) }];
    const paths = [[0, 'sku']];
    const list = { ...avroSchema('{"type":"array","items":"Item"}'), references };
    const value = Buffer.of(2, 2, 0x78, 0);
    expect(run(createAvroDecoder(paths, false, list), paths, value, 0, 4)).toEqual({
      cells: [{ string: 'x' }],
    });
  });

  it('need a schema that can be used', () => {
    const broken = () => createAvroDecoder([], false, avroSchema('{"type":"array"}'));
    expect(broken).toThrow('nothing is no type');
    const other = () => createAvroDecoder([], false, { ...avroSchema('""'), type: 'JSON' });
    expect(other).toThrow('it is a schema of type JSON, not AVRO');
  });
});

describe('names in schemas', () => {
  const decoded = (schema: unknown, ...body: number[]) => plainRun(schema, Buffer.from(body), [['a', 'b']]);
  const inner = (more: object) => ({ type: 'record', fields: [{ name: 'b', type: 'int' }], ...more });

  it.each<[string, object, [object, unknown]]>([
    ['in the namespace around', { namespace: 'n' }, [inner({ name: 'I' }), 'I']],
    ['with their own namespace', { namespace: 'n' }, [inner({ name: 'I', namespace: 'm' }), 'm.I']],
    ['with a full name', { namespace: 'n' }, [inner({ name: 'm.I' }), 'm.I']],
    ['by their full name', { namespace: 'n' }, [inner({ name: 'I' }), 'n.I']],
    ['without a namespace', {}, [inner({ name: 'I' }), 'I']],
    ['out of the namespace around', { namespace: 'n' }, [inner({ name: 'I', namespace: '' }), 'I']],
    ['as an object', {}, [inner({ name: 'I' }), { type: 'I' }]],
    ['that are no JavaScript names', {}, [inner({ name: '__proto__' }), '__proto__']],
  ])('are found %s', (_, more, [first, again]) => {
    const fields = [
      { name: 'x', type: first },
      { name: 'a', type: again },
    ];
    expect(decoded({ type: 'record', name: 'R', fields, ...more }, 2, 4)).toEqual({
      cells: [{ integer: 2n }],
    });
  });

  it.each<[unknown, string]>([
    ['toString', 'type "toString" is not defined'],
    [{ type: 'record', name: 'R' }, 'record "R" has no fields'],
    [{ type: 'record', fields: [] }, 'has no name'],
    [{ type: 'record', name: 'R', fields: [{ name: 'a' }] }, 'field without name or type: {"name":"a"}'],
    [{ type: 'enum', name: 'E', symbols: [1] }, 'enum "E" has no symbols'],
    [{ type: 'fixed', name: 'F', size: -1 }, 'fixed "F" has no size'],
    [['null', ['int']], 'a union stands directly in a union'],
    [7, '7 is no type'],
  ])('or types that are wrong are told: %j', (schema, message) => {
    expect(() => decoded(schema)).toThrow(message);
  });
});
