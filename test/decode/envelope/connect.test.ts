import { describe, expect, it } from 'vitest';
import { Cell } from '../../../src/decode/cell/cell.ts';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import type { DecoderSpec } from '../../../src/decode/decoder.ts';
import { createConnectDecoder } from '../../../src/decode/envelope/connect.ts';
import { type Path, parsePath } from '../../../src/decode/path/path.ts';
import { type Decoded, run } from '../cells.ts';

const DATA = 'org.apache.kafka.connect.data';
const SCHEMA = {
  type: 'struct',
  optional: false,
  name: 'orders',
  fields: [
    { field: 'id', type: 'int64', optional: false },
    { field: 'price', type: 'bytes', name: `${DATA}.Decimal`, version: 1, parameters: { scale: '2' } },
    { field: 'day', type: 'int32', name: `${DATA}.Date`, version: 1 },
    { field: 'at', type: 'int64', name: `${DATA}.Timestamp`, version: 1 },
    { field: 'of_day', type: 'int32', name: `${DATA}.Time`, version: 1 },
    { field: 'local', type: 'int64', name: 'io.debezium.time.MicroTimestamp', version: 1 },
    { field: 'raw', type: 'bytes', optional: true },
    { field: 'ratio', type: 'double' },
    { field: 'state', type: 'string', default: 'new' },
    { field: 'big', type: 'int64', default: '<9223372036854775807>' },
    { field: 'born', type: 'int32', name: `${DATA}.Date`, default: -1 },
    { field: 'tags', type: 'array', items: { type: 'string' } },
    { field: 'days', type: 'array', items: { type: 'int32', name: `${DATA}.Date` } },
    { field: 'counts', type: 'map', keys: { type: 'string' }, values: { type: 'int32' } },
    { field: 'numbered', type: 'map', keys: { type: 'int32' }, values: { type: 'bytes' } },
    {
      field: 'item',
      type: 'struct',
      fields: [
        { field: 'cost', type: 'bytes', name: `${DATA}.Decimal`, parameters: { scale: '3' } },
        { field: 'note', type: 'string', default: 'none' },
      ],
    },
    { field: 'any', type: 'struct', name: 'io.debezium.data.VariableScaleDecimal', fields: [] },
  ],
};

/** `"<123>"` stands for a number of more digits than a JS number has. */
const json = (value: unknown): string => JSON.stringify(value).replace(/"<(\d+)>"/g, '$1');

const spec = (...paths: string[]): DecoderSpec => ({
  format: 'json',
  envelope: 'connect',
  paths: paths.map((path): Path => (path === '' ? [] : parsePath(path))),
});

function decode(paths: string[], value: string, decoder = createDecoder(spec(...paths))): Decoded {
  const bytes = new Uint8Array(Buffer.from(`${value}\0`));
  return run(decoder, spec(...paths).paths, bytes, 0, bytes.length - 1);
}

const wrapped = (payload: unknown, schema: unknown = SCHEMA): string => json({ schema, payload });
const base64 = (...bytes: number[]): string => Buffer.from(bytes).toString('base64');

describe('a payload beside its schema', () => {
  it.each([
    ['id', '<9007199254740993>', { number: '9007199254740993' }],
    ['price', base64(0x04, 0xd2), { number: '12.34' }],
    ['price', base64(0xff), { number: '-0.01' }],
    ['price', 12.5, { number: '12.5' }],
    ['day', 20_000, { day: 20_000 }],
    ['at', 1_763_700_000_123, { instant: [1_763_700_000, 123_000_000] }],
    ['at', -1, { instant: [-1, 999_000_000] }],
    ['of_day', 86_399_999, { time: [86_399, 999_000_000] }],
    ['local', 1_763_700_000_123_456, { local: [1_763_700_000, 123_456_000] }],
    ['raw', base64(0, 255, 16), { bytes: '00ff10' }],
    ['raw', '', { bytes: '' }],
    ['raw', null, null],
    ['ratio', 0.1, { number: '0.1' }],
    ['ratio', 'NaN', { double: Number.NaN }],
    ['ratio', '-Infinity', { double: Number.NEGATIVE_INFINITY }],
    ['state', 'née', { string: 'née' }],
    ['tags', ['a', 'b'], { json: '["a","b"]' }],
    ['tags[1]', undefined, undefined],
    ['days', [1, null, -1], { items: [{ day: 1 }, null, { day: -1 }] }],
    ['counts', { a: 1 }, { json: '{"a":1}' }],
    [
      'numbered',
      [
        [7, base64(1)],
        [8, null],
      ],
      {
        members: [
          ['7', { bytes: '01' }],
          ['8', null],
        ],
      },
    ],
    [
      'item',
      { cost: base64(0x7b), note: 'x', more: [1] },
      {
        members: [
          ['cost', { number: '0.123' }],
          ['note', { string: 'x' }],
          ['more', { items: [{ number: '1' }] }],
        ],
      },
    ],
    ['any', { scale: 1, value: base64(0x7b) }, { number: '12.3' }],
    ['any', { scale: -2, value: base64(0x7b) }, { number: '123e2' }],
  ])('%s of %j', (field, value, expected) => {
    const name = field.replace(/\[.*/, '');
    expect(decode([field], wrapped({ [name]: value }))).toEqual({ cells: [expected] });
  });

  it('has its items typed one by one', () => {
    const payload = { days: [1, 2], item: { cost: base64(0x7b) } };
    expect(decode(['days[1]', 'item.cost', 'item.note', 'no.such'], wrapped(payload))).toEqual({
      cells: [{ day: 2 }, { number: '0.123' }, { string: 'none' }, undefined],
    });
  });

  it('means the default where a field is left out, and null where it is null', () => {
    expect(decode(['state', 'big', 'born', 'item.note'], wrapped({}))).toEqual({
      cells: [{ string: 'new' }, { number: '9223372036854775807' }, { day: -1 }, undefined],
    });
    expect(decode(['state', 'item.note'], wrapped({ state: null, item: null }))).toEqual({
      cells: [null, undefined],
    });
  });

  it('is the whole value', () => {
    expect(decode([''], wrapped({ a: 1 }, { type: 'struct', fields: [] }))).toEqual({
      cells: [{ json: '{"a":1}' }],
    });
    expect(decode([''], wrapped(base64(5), { type: 'bytes' }))).toEqual({ cells: [{ bytes: '05' }] });
    expect(decode([''], wrapped({ day: 3 }))).toEqual({ cells: [{ members: [['day', { day: 3 }]] }] });
  });

  it('is as it stands where the schema is null', () =>
    expect(decode(['day'], wrapped({ day: 3 }, null))).toEqual({ cells: [{ number: '3' }] }));

  it('finds names in any case when asked to', () => {
    const decoder = createDecoder({ ...spec('DAY'), ignoreCase: true });
    expect(decode(['DAY'], wrapped({ Day: 3 }), decoder)).toEqual({ cells: [{ day: 3 }] });
  });

  it('follows the schema from record to record, also beyond what is remembered', () => {
    const decoder = createDecoder(spec('a'));
    const as = (type: object) => ({ type: 'struct', fields: [{ field: 'a', ...type }] });
    for (let round = 0; round < 200; round++) {
      const schema = as({ type: 'int32', name: `${DATA}.Date`, doc: round % 70 });
      expect(decode(['a'], wrapped({ a: round }, schema), decoder)).toEqual({ cells: [{ day: round }] });
      expect(decode(['a'], wrapped({ a: round }, as({ type: 'int32' })), decoder)).toEqual({
        cells: [{ number: String(round) }],
      });
    }
  });
});

describe('a record that does not fit', () => {
  it.each([
    ['no object', '[1]', 'not_an_envelope'],
    ['no members', '{"id":1}', 'not_an_envelope'],
    ['no schema', '{"payload":{}}', 'not_an_envelope'],
    ['no payload', '{"schema":null}', 'not_an_envelope'],
    ['text for a schema', '{"schema":"int32","payload":{}}', 'not_an_envelope'],
    ['no JSON', '{"schema":', 'invalid_json'],
    ['a null payload', '{"schema":null,"payload":null}', 'tombstone'],
    ['no object inside', '{"schema":null,"payload":[1]}', 'not_an_object'],
    ['no type', wrapped({}, { fields: [] }), 'invalid_envelope'],
    ['an unknown type', wrapped({}, { type: 'int128' }), 'invalid_envelope'],
    ['fields that are none', wrapped({}, { type: 'struct', fields: {} }), 'invalid_envelope'],
    ['half a surrogate', wrapped({}).replace('orders', '\\ud800'), 'invalid_envelope'],
    ['text for a day', wrapped({ day: 'monday' }), 'invalid_envelope'],
    ['a fraction for a day', wrapped({ day: 1.5 }), 'invalid_envelope'],
    ['an object for a day', wrapped({ day: {} }), 'invalid_envelope'],
  ])('%s', (_, value, code) => expect(decode(['day'], value)).toMatchObject({ dirty: code }));

  it.each([
    ['raw', 'a', /field raw does not fit its schema: it is not base64 text/],
    ['raw', '####', /base64/],
    ['raw', 'AAA=AAAA', /base64/],
    ['price', '', /its bytes are no decimal/],
    ['of_day', 86_400_000, /86400000 is no time/],
    ['ratio', 'abc', /it is text, not a number/],
    ['days', {}, /it is no array/],
    ['days', 5, /it is no array/],
    ['days', [true], /it is no integer/],
    ['item', [], /it is no object/],
    ['numbered', [[1]], /no key with a value/],
    ['any', { scale: 1 }, /no scale and value/],
  ])('%s of %j', (field, value, message) =>
    expect(decode([field], wrapped({ [field]: value }))).toMatchObject({
      dirty: 'invalid_envelope',
      message: expect.stringMatching(message),
    }),
  );
});

describe('a hostile envelope', () => {
  it('has no names that mean more than others', () => {
    const text =
      '{"schema":{"type":"struct","fields":[{"field":"__proto__","type":"int32","name":"org.apache.kafka.connect.data.Date","parameters":{"__proto__":"1"}}]},"payload":{"__proto__":5,"constructor":{"a":1}}}';
    expect(decode(['__proto__', 'constructor', 'toString'], text)).toEqual({
      cells: [{ day: 5 }, { json: '{"a":1}' }, undefined],
    });
  });

  it('is refused when it is nested too deep, in schema or payload', () => {
    const deep = `${'{"items":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
    expect(decode(['a'], `{"schema":${deep},"payload":{}}`)).toMatchObject({ dirty: 'too_deep' });
    expect(decode(['a'], `{"schema":null,"payload":${deep}}`)).toMatchObject({ dirty: 'too_deep' });
  });

  it('may be large', () => {
    const raw = 'A'.repeat(40_000_000);
    const decoded = createDecoder(spec('raw'));
    const bytes = new Uint8Array(Buffer.from(`${wrapped({ raw })}\0`));
    const cell = new Cell();
    expect(decoded.decode(bytes, 0, bytes.length - 1, [cell])).toBe(null);
    expect(cell.end - cell.start).toBe(30_000_000);
  });
});

describe('an envelope that may be missing', () => {
  it('is found record by record', () => {
    const decoder = createConnectDecoder(spec('day', 'state'), (inner) => createDecoder(inner), {
      optional: true,
    });
    const cells = (value: string) => decode(['day', 'state'], value, decoder);
    for (let round = 0; round < 2; round++) {
      expect(cells(wrapped({ day: 1 }))).toEqual({ cells: [{ day: 1 }, { string: 'new' }] });
      expect(cells('{"day":1}')).toEqual({ cells: [{ number: '1' }, undefined] });
      expect(cells('{"day":1,"payload":{}}')).toEqual({ cells: [{ number: '1' }, undefined] });
      expect(cells('{"schema":null,"payload":{"day":2}}')).toEqual({ cells: [{ number: '2' }, undefined] });
      expect(cells('[]')).toMatchObject({ dirty: 'not_an_object' });
      expect(cells(wrapped(null))).toMatchObject({ dirty: 'tombstone' });
    }
  });
});
