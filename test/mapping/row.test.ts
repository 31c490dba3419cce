import { describe, expect, it } from 'vitest';
import { createAvroDecoder } from '../../src/decode/avro/avro.ts';
import { createDecoder } from '../../src/decode/create-decoder.ts';
import { createRowMapper } from '../../src/mapping/row.ts';
import { chunkOf, type PlanInput, planOf, recorder, type TestRecord, type Written } from './support.ts';

const TOPIC_PARTITIONS = [
  { topic: 'orders', partition: 3 },
  { topic: 'büro', partition: 0 },
];

/** Rows as {column: value}, rejections as [stage, code, column]. */
function map(input: PlanInput, records: readonly TestRecord[]): (Record<string, Written> | unknown[])[] {
  const plan = planOf(input);
  const { value, key } = plan.decoders;
  const mapper = createRowMapper(plan, {
    value: value && createDecoder(value),
    key: key && createDecoder(key),
  });
  mapper.beginChunk(chunkOf(records), TOPIC_PARTITIONS, 1_795_252_147_123);
  return records.map((_, i) => {
    const out = recorder();
    const problem = mapper.open(i) ?? mapper.write(out);
    if (problem) return [problem.stage, problem.code, problem.column];
    return Object.fromEntries(
      [...out.row].map(([number, written]) => [Object.keys(input.columns)[number - 1]!, written]),
    );
  });
}

describe('rows', () => {
  it('have NULL for a missing field, never the value of the record before', () => {
    const rows = map({ columns: { a: 'BIGINT', b: 'STRING', c: 'BIGINT' } }, [
      { value: '{"a":1,"b":"x","c":3}' },
      { value: '{"c":4}' },
      { value: '{"a":null,"b":null}' },
      { value: '{"a":2}' },
    ]);
    expect(rows).toEqual([{ a: 1n, b: 'x', c: 3n }, { c: 4n }, {}, { a: 2n }]);
  });

  it('take the fields of the same name in any case when there is no mapping', () => {
    const columns = { orderid: 'BIGINT', Note: 'STRING' };
    expect(
      map({ columns }, [{ value: '{"orderId":1,"NOTE":"x"}' }, { value: '{"ORDERID":2,"orderid":3}' }]),
    ).toEqual([{ orderid: 1n, Note: 'x' }, { orderid: 3n }]);
    expect(
      map({ columns, table: { columns: { orderid: { from: 'orderId' } } } }, [
        { value: '{"orderid":1,"orderId":2}' },
      ]),
    ).toEqual([{ orderid: 2n }]);
    const plan = planOf({ columns, value: 'avro' });
    const decoder = createAvroDecoder(plan.decoders.value!.paths, plan.decoders.value!.ignoreCase);
    const field = (name: string, type: string) => ({ name, type });
    const schema = {
      type: 'record',
      name: 'Order',
      fields: [field('OrderId', 'long'), field('other', 'long'), field('note', 'string')],
    };
    decoder.schemas!.add(1, { type: 'AVRO', text: JSON.stringify(schema), references: [] });
    const mapper = createRowMapper(plan, { value: decoder, key: null });
    mapper.beginChunk(chunkOf([{ value: Buffer.of(0, 0, 0, 0, 1, 14, 2, 2, 120) }]), TOPIC_PARTITIONS, 0);
    const out = recorder();
    expect(mapper.open(0) ?? mapper.write(out)).toBeNull();
    expect([...out.row]).toEqual([
      [1, 7n],
      [2, 'x'],
    ]);
  });

  it('take the default for missing and for null, and constants', () => {
    const rows = map(
      {
        columns: { a: 'BIGINT NOT NULL', b: 'STRING', c: 'DECIMAL(5,2)', d: 'BOOLEAN' },
        table: {
          columns: {
            a: { from: 'a', default: 7 },
            b: { from: "'it''s'" },
            c: { from: 'c', default: '1.50' },
            d: { from: 'd', default: false },
          },
        },
      },
      [{ value: '{}' }, { value: '{"a":null,"c":2,"d":true}' }],
    );
    expect(rows).toEqual([
      { a: 7n, b: "it's", c: '1.5', d: false },
      { a: 7n, b: "it's", c: '2', d: true },
    ]);
  });

  it('take defaults of any notation also where the column is strict', () => {
    const rows = map(
      {
        columns: { a: 'BIGINT', b: 'STRING' },
        table: {
          columns: {
            a: { from: 'a', default: '7', coercion: 'strict' },
            b: { from: 'b', default: 5, coercion: 'strict' },
          },
        },
      },
      [{ value: '{}' }, { value: '{"a":1,"b":"x"}' }],
    );
    expect(rows).toEqual([
      { a: 7n, b: '5' },
      { a: 1n, b: 'x' },
    ]);
  });

  it('are rejected with stage, code and column', () => {
    const input: PlanInput = { columns: { a: 'BIGINT NOT NULL', b: 'TINYINT' } };
    const rows = map(input, [
      { value: '{"a":1' },
      { value: null },
      { value: '[1]' },
      { value: '{"a":null}' },
      { value: '{"a":1,"b":128}' },
      { value: '{"a":1,"b":"x"}' },
      { value: '{"a":1,"b":-128}' },
    ]);
    expect(rows).toEqual([
      ['decode', 'invalid_json', undefined],
      ['decode', 'tombstone', undefined],
      ['decode', 'not_an_object', undefined],
      ['type', 'null_not_allowed', 'a'],
      ['type', 'out_of_range', 'b'],
      ['type', 'wrong_type', 'b'],
      { a: 1n, b: -128n },
    ]);
  });

  it('take metadata without looking at the value', () => {
    const columns = {
      t: 'STRING',
      p: 'BIGINT',
      o: 'BIGINT',
      ts: 'DATETIME',
      i: 'TIMESTAMP',
      k: 'STRING',
      v: 'BINARY',
      h: 'STRING',
      all: 'JSON',
    };
    const from = {
      t: '__topic__',
      p: '__partition__',
      o: '__offset__',
      ts: '__timestamp__',
      i: '__ingest_time__',
      k: '__key__',
      v: '__value__',
      h: '__header.trace__',
      all: '__headers__',
    };
    const rows = map(
      {
        columns,
        table: {
          columns: Object.fromEntries(Object.entries(from).map(([name, text]) => [name, { from: text }])),
        },
      },
      [
        {
          value: 'not json',
          key: 'k-1',
          offset: 2 ** 53 - 1,
          timestamp: 1000,
          topicPartition: 0,
          headers: [
            ['trace', 'a'],
            ['raw', Buffer.of(0xff)],
            ['none', null],
            ['trace', 'b'],
          ],
        },
        { value: null, key: null, timestamp: -1, topicPartition: 1, headers: [['trace', null]] },
        { value: '', key: '', offset: 9 },
        { value: 'x', key: Buffer.of(0xff) },
      ],
    );
    const ingested = [1_795_252_147, 123_000_000];
    expect(rows).toEqual([
      {
        t: 'orders',
        p: 3n,
        o: 2n ** 53n - 1n,
        ts: 1000n,
        i: ingested,
        k: 'k-1',
        v: 'not json',
        h: 'b',
        all: '[["trace","a"],["raw",{"base64":"/w=="}],["none",null],["trace","b"]]',
      },
      { t: Buffer.from('büro').toString('latin1'), p: 0n, o: 1n, i: ingested, all: '[["trace",null]]' },
      { t: 'orders', p: 3n, o: 9n, i: ingested, k: '', v: '', all: '[]' },
      ['type', 'invalid_utf8', 'k'],
    ]);
  });

  it('take fields of the key, NULL for a null key, and say when the key is broken', () => {
    const input: PlanInput = {
      columns: { id: 'BIGINT', whole: 'JSON', v: 'STRING' },
      key: 'json',
      table: {
        columns: { id: { from: '__key__.id' }, whole: { from: '__key__' }, v: { from: '__value__' } },
      },
    };
    const rows = map(input, [
      { key: '{"id": 5}', value: 'x' },
      { key: null, value: 'y' },
      { key: '{', value: 'z' },
      { key: '{"id":6}', value: null },
    ]);
    expect(rows).toEqual([
      { id: 5n, whole: '{"id": 5}', v: 'x' },
      { v: 'y' },
      ['decode', 'invalid_json', undefined],
      { id: 6n, whole: '{"id":6}' },
    ]);
  });

  it('trim texts when told', () => {
    const rows = map(
      {
        columns: { a: 'STRING', b: 'STRING', c: 'BIGINT' },
        table: { columns: { a: { from: 'x', trim: true }, b: { from: 'x' }, c: { from: 'y', trim: true } } },
      },
      [{ value: '{"x":" v\\t","y":" 12 "}' }],
    );
    expect(rows).toEqual([{ a: 'v', b: ' v\t', c: 12n }]);
  });
});
