import avsc from 'avsc';
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import type { DecoderSpec } from '../../../src/decode/decoder.ts';
import { parsePath } from '../../../src/decode/path/path.ts';
import { decodeOnce, type Plain, run } from '../cells.ts';
import { mysqlEvent, orderRow, postgresEvent, postgresMessage, withSchema } from './debezium-samples.ts';

const spec = (paths: readonly string[]): DecoderSpec => ({
  ...{ format: 'json', envelope: 'debezium', paths: paths.map(parsePath) },
});

function decode(value: object | string, ...paths: string[]): Plain[] | string {
  const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const decoded = decodeOnce(spec(paths), bytes);
  return 'dirty' in decoded ? `${decoded.dirty}: ${decoded.message}` : decoded.cells;
}

const NS = { instant: [1_732_181_571, 0] };
const insert = mysqlEvent('c', null, orderRow(1));
const update = mysqlEvent('u', orderRow(1), orderRow(1, { note: 'new', amount: 'DUg=' }));
const deletion = mysqlEvent('d', orderRow(1), null);

describe('a change event of Debezium', () => {
  it.each([
    ['c', insert, 'insert', false],
    ['r', mysqlEvent('r', null, orderRow(1)), 'read', false],
    ['u', mysqlEvent('u', null, orderRow(1)), 'update', false],
    ['d', deletion, 'delete', true],
  ])('with op %s says what happened, and has the fields of its row', (_, event, op, deleted) => {
    const paths = ['id', 'note', '__op__', '__deleted__', '__source_time__', '__source__.table'];
    const expected = [{ number: '1' }, { string: 'n1' }, { string: op }, deleted, NS, { string: 'orders' }];
    expect(decode(event, ...paths)).toEqual(expected);
    const typed = decode(withSchema(event), ...paths);
    expect(typed).toEqual(expected);
  });

  it('has both images of an update, and the one that is there of others', () => {
    const paths = ['note', '__before__.note', '__after__.note', '__after__.none'];
    const [before, now] = [{ string: 'n1' }, { string: 'new' }];
    expect(decode(update, ...paths)).toEqual([now, before, now, undefined]);
    expect(decode(insert, ...paths)).toEqual([before, undefined, before, undefined]);
    expect(decode(deletion, ...paths)).toEqual([before, before, undefined, undefined]);
  });

  it('has whole images and sources, and the whole event', () => {
    const paths = ['__before__', '__after__', '__source__'];
    const event = JSON.parse(JSON.stringify(update));
    const cells = decode(update, ...paths) as { json: string }[];
    expect(cells.map(({ json }) => JSON.parse(json))).toEqual([event.before, event.after, event.source]);
    expect(decode(insert, '__before__')).toEqual([null]);
    const whole = { format: 'json', envelope: 'debezium', paths: [[]] } as const;
    expect(decodeOnce(whole, Buffer.from(JSON.stringify(insert)))).toEqual({
      cells: [{ json: JSON.stringify(insert) }],
    });
  });

  it('with a schema has the types of the columns, without one plain numbers', () => {
    const paths = ['amount', 'created_at', 'day', '__before__.amount'];
    expect(decode(withSchema(update), ...paths)).toEqual([
      { number: '34.00' },
      { local: [1_732_177_971, 123_000_000] },
      { day: 20_048 },
      { number: '12.34' },
    ]);
    expect(decode(withSchema(deletion), ...paths)).toMatchObject([{ number: '12.34' }, {}, {}, {}]);
    expect(decode(update, ...paths)).toEqual([
      { string: 'DUg=' },
      { number: '1732177971123' },
      { number: '20048' },
      { string: 'BNI=' },
    ]);
  });

  it('tells the time of the source as finely as it is there', () => {
    const of = (source: object) => decode({ op: 'c', after: {}, source }, '__source_time__');
    const [ts_ms, ts_us, ts_ns] = [1_732_181_571_987, 1_732_181_571_987_654, '1732181571987654321'];
    expect(of({ ts_ms })).toEqual([{ instant: [1_732_181_571, 987_000_000] }]);
    expect(of({ ts_ms, ts_us })).toEqual([{ instant: [1_732_181_571, 987_654_000] }]);
    const finest = `{"op":"c","source":{"ts_ms":${ts_ms},"ts_us":${ts_us},"ts_ns":${ts_ns}}}`;
    expect(decode(finest, '__source_time__')).toEqual([{ instant: [1_732_181_571, 987_654_321] }]);
    expect(of({})).toEqual([undefined]);
    expect(of({ ts_ms: null })).toEqual([undefined]);
    expect(of({ ts_ms: -1 })).toEqual([{ instant: [-1, 999_000_000] }]);
    expect(of({ ts_ms: 1.5 })).toMatch(/^not_an_envelope: the time in source/);
    expect(of({ ts_ms: 'soon' })).toMatch(/^not_an_envelope: the time in source/);
  });

  it('of a deletion in Postgres has what the replica identity leaves', () => {
    const keyOnly = postgresEvent('d', { id: 7, email: null }, null);
    expect(decode(keyOnly, 'id', 'email', '__deleted__', '__source_time__')).toEqual([
      { number: '7' },
      null,
      true,
      { instant: [1_732_181_571, 987_000_000] },
    ]);
    expect(decode(postgresEvent('d', null, null), 'id', '__op__')).toEqual([undefined, { string: 'delete' }]);
  });

  it('without a row is dirty as such', () => {
    expect(decode(mysqlEvent('t', null, null), 'id')).toBe('no_row: op t: the table was truncated');
    expect(decode(postgresMessage(), 'id')).toMatch(/^no_row: op m/);
  });

  it('that is none is dirty', () => {
    expect(decode('{"id":1,"__op":"c"}', 'id')).toMatch(/^not_an_envelope: the value has no op/);
    expect(decode('{"op":"x"}', 'id')).toMatch(/^not_an_envelope: op is none of/);
    expect(decode('{"op":"cc"}', 'id')).toMatch(/^not_an_envelope/);
    expect(decode('{"op":1}', 'id')).toMatch(/^not_an_envelope/);
    expect(decode('{"op":null}', 'id')).toMatch(/^not_an_envelope/);
    expect(decode('[1]', 'id')).toMatch(/^not_an_object/);
    expect(decode('{"op":"c"', 'id')).toMatch(/^invalid_json/);
  });

  it.each(['c', 'r', 'u'])('of op %s has an object in after', (op) => {
    for (const after of [undefined, null, 'x', 1, [{ id: 1 }]])
      expect(decode({ op, before: null, after }, 'id')).toMatch(/^not_an_envelope: after is no object/);
    expect(decode({ op, before: null, after: {} }, 'id')).toEqual([undefined]);
    expect(decode(withSchema(mysqlEvent(op, null, null)), 'id')).toMatch(
      /^not_an_envelope: after is no object/,
    );
    expect(decode(withSchema(mysqlEvent(op, null, orderRow(1))), 'none')).toEqual([undefined]);
  });

  it('whose payload is null is a tombstone', () => {
    expect(decode('{"schema":null,"payload":null}', 'id')).toMatch(/^tombstone/);
  });

  it('leaves nothing of the event before', () => {
    const decoder = createDecoder(spec(['id', 'note', '__before__.note', '__source_time__', '__op__']));
    const one = (event: object) => {
      const bytes = new Uint8Array(Buffer.from(`${JSON.stringify(event)}\0`));
      return run(
        decoder,
        spec(['id', 'note', '__before__.note', '__source_time__', '__op__']).paths,
        bytes,
        0,
        bytes.length - 1,
      );
    };
    one(deletion);
    expect(one({ op: 'u', after: { id: 2 } })).toEqual({
      cells: [{ number: '2' }, undefined, undefined, undefined, { string: 'update' }],
    });
  });

  it('without columns has fields in any case', () => {
    const any = { ...spec(['ID', 'NOTE', '__op__']), ignoreCase: true };
    const decoded = decodeOnce(any, Buffer.from(JSON.stringify(insert)));
    expect(decoded).toEqual({ cells: [{ number: '1' }, { string: 'n1' }, { string: 'insert' }] });
  });
});

describe('a change event of Debezium in Avro', () => {
  const value = {
    ...{ type: 'record', name: 'Value', namespace: 'mysql1.inventory.orders' },
    fields: [
      { name: 'id', type: 'int' },
      { name: 'note', type: ['null', 'string'], default: null },
    ],
  };
  const source = {
    ...{ type: 'record', name: 'Source', namespace: 'io.debezium.connector.mysql' },
    fields: [
      { name: 'ts_ms', type: 'long' },
      { name: 'ts_ns', type: ['null', 'long'], default: null },
      { name: 'table', type: ['null', 'string'], default: null },
    ],
  };
  const schema = {
    ...{ type: 'record', name: 'Envelope', namespace: 'mysql1.inventory.orders' },
    fields: [
      { name: 'before', type: ['null', value], default: null },
      { name: 'after', type: ['null', 'Value'], default: null },
      { name: 'source', type: source },
      { name: 'op', type: 'string' },
    ],
  };
  const type = avsc.Type.forSchema(schema as avsc.Schema);
  const paths = ['id', 'note', '__before__.note', '__op__', '__source_time__', '__source__.table'].map(
    parsePath,
  );

  it('is read like the one in JSON', () => {
    const decoder = createDecoder({ format: 'avro', envelope: 'debezium', paths });
    decoder.schemas!.add(7, { type: 'AVRO', text: JSON.stringify(schema), references: [] });
    const one = (event: object) => {
      const bytes = new Uint8Array(Buffer.concat([Buffer.of(0, 0, 0, 0, 7), type.toBuffer(event)]));
      expect(decoder.schemas!.unknown(bytes, 0, bytes.length)).toBeNull();
      return run(decoder, paths, bytes, 0, bytes.length);
    };
    const [before, after] = [
      { id: 1, note: 'x' },
      { id: 1, note: null },
    ];
    const from = { ts_ms: 1_732_181_571_987, ts_ns: null, table: 'orders' };
    const time = { instant: [1_732_181_571, 987_000_000] };
    const table = { string: 'orders' };
    expect(one({ before, after, source: from, op: 'u' })).toEqual({
      cells: [{ integer: 1n }, null, { string: 'x' }, { string: 'update' }, time, table],
    });
    expect(one({ before, after: null, source: from, op: 'd' })).toEqual({
      cells: [{ integer: 1n }, { string: 'x' }, { string: 'x' }, { string: 'delete' }, time, table],
    });
    expect(one({ before: null, after: null, source: from, op: 't' })).toMatchObject({ dirty: 'no_row' });
  });
});
