import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../src/decode/create-decoder.ts';
import { createRowMapper } from '../../src/mapping/row.ts';
import { parseSource, sourceText } from '../../src/mapping/source.ts';
import { canalMessage } from '../decode/envelope/canal-samples.ts';
import { mysqlEvent, orderRow, withSchema } from '../decode/envelope/debezium-samples.ts';
import {
  chunkOf,
  compile,
  type PlanInput,
  planOf,
  recorder,
  type TestRecord,
  type Written,
} from './support.ts';

/** Rows of each record as {column: value}, or [stage, code, column] of what is dirty. */
function map(input: PlanInput, records: readonly TestRecord[]): unknown[] {
  const plan = planOf(input);
  const { value, key } = plan.decoders;
  const decoders = { value: value && createDecoder(value), key: key && createDecoder(key) };
  const mapper = createRowMapper(plan, decoders);
  mapper.beginChunk(chunkOf(records), [{ topic: 'orders', partition: 3 }], 0);
  const written = (problem: ReturnType<typeof mapper.open>): Record<string, Written> | unknown[] => {
    const out = recorder();
    const dirty = problem ?? mapper.write(out);
    if (dirty) return [dirty.stage, dirty.code, dirty.column];
    const names = Object.keys(input.columns);
    return Object.fromEntries([...out.row].map(([number, one]) => [names[number - 1]!, one]));
  };
  return records.map((_, i) => {
    const first = written(mapper.open(i));
    if (Array.isArray(first) || mapper.rows === 1) return first;
    return Array.from({ length: mapper.rows }, (_, row) => (row === 0 ? first : written(mapper.select(row))));
  });
}

const from = (columns: Record<string, string>) => ({
  columns: Object.fromEntries(Object.entries(columns).map(([name, source]) => [name, { from: source }])),
});

describe('words of envelopes', () => {
  it('are sources', () => {
    for (const word of [
      '__op__',
      '__deleted__',
      '__source_time__',
      '__row__',
      '__before__',
      '__after__',
      '__source__',
    ])
      expect(parseSource(word)).toEqual({ kind: 'value', path: [word] });
    expect(parseSource('__before__.a.b')).toEqual({ kind: 'value', path: ['__before__', 'a', 'b'] });
    expect(parseSource('__source__.`a.b`')).toEqual({ kind: 'value', path: ['__source__', 'a.b'] });
    expect(parseSource('__after__[0]')).toEqual({ kind: 'value', path: ['__after__', 0] });
    for (const text of ['__op__', '__before__.a', '__source__.db', '__source__']) {
      const source = parseSource(text);
      expect('problem' in source ? source.problem : sourceText(source)).toBe(text);
    }
    expect(parseSource('__befor__')).toMatchObject({ problem: expect.stringContaining('__before__') });
  });

  it('are refused where no envelope has them', () => {
    const columns = { a: 'STRING' };
    const problems = (source: string, more: Partial<PlanInput> = {}) =>
      compile({ columns, table: from({ a: source }), ...more }).problems.join();
    const sentence = /^table\.columns\.a\.from: __op__ is in change events only: set decode\.value\.envelope/;
    expect(problems('__op__')).toMatch(sentence);
    expect(problems('__op__', { envelope: 'connect' })).toMatch(sentence);
    expect(problems('__before__.x', { value: 'text' })).toMatch(/__before__\.x is in change events only/);
    expect(problems('__deleted__')).toMatch(
      /no row is ever __deleted__ here: set decode\.value\.tombstone to row/,
    );
    expect(problems('__op__', { envelope: 'canal' })).toBe('');
    expect(problems('`__op__`')).toBe('');
  });

  it('are taken by columns of their name, or the field is', () => {
    const columns = { __op__: 'STRING', __deleted__: 'BOOLEAN', id: 'BIGINT' };
    const records = [{ value: JSON.stringify(mysqlEvent('d', orderRow(5), null)) }];
    const row = { __op__: 'delete', __deleted__: true, id: 5n };
    expect(map({ columns, envelope: 'debezium' }, records)).toEqual([row]);
    expect(map({ columns }, [{ value: '{"__op__":"x","ID":1}' }])).toEqual([{ __op__: 'x', id: 1n }]);
  });
});

describe('rows of change events', () => {
  it('come from the image that is there, with the words beside it', () => {
    const columns = {
      id: 'BIGINT',
      amount: 'DECIMAL(10,2)',
      created: 'DATETIME',
      at: 'TIMESTAMP',
      was: 'STRING',
    };
    const table = from({
      ...{ id: 'id', amount: 'amount', created: 'created_at', at: '__source_time__' },
      was: '__before__.note',
    });
    const event = mysqlEvent('u', orderRow(1, { note: 'old' }), orderRow(1));
    expect(map({ columns, table, envelope: 'debezium' }, [{ value: withSchema(event) }])).toEqual([
      { id: 1n, amount: '12.34', created: 1_732_177_971_123n, at: [1_732_181_571, 0], was: 'old' },
    ]);
  });

  it('of Canal are several', () => {
    const columns = { id: 'BIGINT', w: 'DOUBLE', n: 'BIGINT', t: 'DATETIME', o: 'BIGINT' };
    const table = from({ id: 'id', w: 'weight', n: '__row__', t: '__source_time__', o: '__offset__' });
    const data = [
      { id: '1', weight: '0.5' },
      { id: '2', weight: null },
      { id: 'x', weight: '1' },
    ];
    const t = 1_732_181_571_000n;
    const records = [
      { value: JSON.stringify(canalMessage('INSERT', data)), offset: 7 },
      { value: JSON.stringify(canalMessage('INSERT', data.slice(1, 2))), offset: 8 },
    ];
    expect(map({ columns, table, envelope: 'canal' }, records)).toEqual([
      [{ id: 1n, w: 0.5, n: 0n, t, o: 7n }, { id: 2n, n: 1n, t, o: 7n }, ['type', 'wrong_type', 'id']],
      { id: 2n, n: 0n, t, o: 8n },
    ]);
  });

  it('say which row is dirty', () => {
    const plan = planOf({ columns: { id: 'BIGINT' }, envelope: 'canal' });
    const mapper = createRowMapper(plan, { value: createDecoder(plan.decoders.value!), key: null });
    const message = canalMessage('INSERT', [{ id: '1' }, { id: 'x' }]);
    mapper.beginChunk(chunkOf([{ value: JSON.stringify(message) }]), [{ topic: 't', partition: 0 }], 0);
    expect(mapper.open(0)).toBeNull();
    expect(mapper.select(1)).toBeNull();
    expect(mapper.write(recorder())).toMatchObject({ message: expect.stringMatching(/^row 1 of 2: /) });
  });
});

describe('a null value', () => {
  const columns = { id: 'BIGINT', k: 'STRING', o: 'BIGINT', d: 'BOOLEAN', n: 'BIGINT' };
  const table = {
    columns: {
      ...{ id: { from: 'id' }, k: { from: '__key__' }, o: { from: '__offset__' } },
      ...{ d: { from: '__deleted__' }, n: { from: '__row__' } },
    },
  };
  const records = [
    { value: '{"id":1}', key: 'a', offset: 5 },
    { value: null, key: 'b', offset: 6 },
    { value: '{"id":2}', key: 'c', offset: 7 },
  ];

  it('becomes a row without fields when it is to', () => {
    expect(map({ columns, table, tombstone: 'row' }, records)).toEqual([
      { id: 1n, k: 'a', o: 5n, d: false, n: 0n },
      { k: 'b', o: 6n, d: true, n: 0n },
      { id: 2n, k: 'c', o: 7n, d: false, n: 0n },
    ]);
    const defaults = { columns: { ...table.columns, id: { from: 'id', default: -1 } } };
    expect(map({ columns, table: defaults, tombstone: 'row' }, records)[1]).toMatchObject({
      id: -1n,
      k: 'b',
    });
    const strict = { ...columns, id: 'BIGINT NOT NULL' };
    expect(map({ columns: strict, table, tombstone: 'row' }, records)[1]).toEqual([
      'type',
      'null_not_allowed',
      'id',
    ]);
  });

  it('is told by the envelope, too', () => {
    const changed = {
      ...from({ id: 'id', o: '__offset__', d: '__deleted__' }).columns,
      k: { from: '__op__' },
    };
    const event = { value: JSON.stringify(mysqlEvent('c', null, orderRow(1))), offset: 1 };
    const [, ...rest] = records;
    const none = { value: '{"schema":null,"payload":null}', offset: 3 };
    const input: PlanInput = { columns, table: { columns: changed }, envelope: 'debezium', tombstone: 'row' };
    expect(map(input, [event, rest[0]!, none, event])).toEqual([
      { id: 1n, k: 'insert', o: 1n, d: false },
      { k: 'delete', o: 6n, d: true },
      { k: 'delete', o: 3n, d: true },
      { id: 1n, k: 'insert', o: 1n, d: false },
    ]);
    const connect = from({ id: 'id', o: '__offset__', d: '__deleted__' });
    const row = { value: '{"schema":null,"payload":{"id":4}}', offset: 4 };
    expect(map({ columns, table: connect, envelope: 'connect', tombstone: 'row' }, [none, row])).toEqual([
      { o: 3n, d: true },
      { id: 4n, o: 4n, d: false },
    ]);
  });

  it('is dirty without a rule, with Debezium and when it is skipped', () => {
    const plain = from({ id: 'id' });
    const tombstone = ['decode', 'tombstone', undefined];
    expect(map({ columns: { id: 'BIGINT' }, table: plain }, records)[1]).toEqual(tombstone);
    expect(map({ columns: { id: 'BIGINT' }, table: plain, tombstone: 'skip' }, records)[1]).toEqual(
      tombstone,
    );
    const metadata = from({ o: '__offset__' });
    expect(map({ columns: { o: 'BIGINT' }, table: metadata }, records)[1]).toEqual({ o: 6n });
    expect(map({ columns: { o: 'BIGINT' }, table: metadata, tombstone: 'skip' }, records)[1]).toEqual(
      tombstone,
    );
    const rule = (input: Partial<PlanInput>) => planOf({ columns: { id: 'BIGINT' }, ...input }).tombstone;
    expect([rule({}), rule({ envelope: 'canal' }), rule({ tombstone: 'row' })]).toEqual([
      undefined,
      undefined,
      'row',
    ]);
    expect(rule({ envelope: 'debezium' })).toBe('skip');
    expect(rule({ envelope: 'debezium', tombstone: 'reject' })).toBeUndefined();
  });

  it('needs an event time all the same', () => {
    const partitions = (time: string) => ({
      dt: {
        kind: 'time',
        time,
        timeFormat: null,
        timeZone: null,
        format: 'yyyyMMdd',
        zone: 'UTC',
        floor: null,
      } as const,
    });
    const input = (time: string): PlanInput => ({
      ...{ columns: { id: 'BIGINT' }, partitionKeys: { dt: 'STRING' }, tombstone: 'row' },
      table: { ...from({ id: 'id' }), partitions: partitions(time) },
    });
    const gone = [{ value: null, timestamp: Date.UTC(2026, 10, 20) }];
    expect(map(input('at'), gone)).toEqual([['partition', 'no_event_time', 'dt']]);
    expect(map(input('__timestamp__'), gone)).toEqual([{}]);
  });
});

describe('delimited text', () => {
  const csv = { fields: ['ID', 'full name', 'born'] };

  it('is mapped by name, by number, and by the names of columns', () => {
    const columns = { id: 'BIGINT', name: 'STRING', d: 'DATE', raw: 'STRING', o: 'BIGINT' };
    const table = from({ id: 'ID', name: 'full name', d: '[2]', raw: '__value__', o: '__offset__' });
    const value = '7,"Wang, Li",2001-02-03\r\n';
    expect(map({ columns, table, value: 'csv', csv }, [{ value, offset: 4 }])).toEqual([
      { id: 7n, name: 'Wang, Li', d: 11356n, raw: value, o: 4n },
    ]);
    const found = compile({ columns: { id: 'BIGINT', born: 'DATE', extra: 'STRING' }, value: 'csv', csv });
    expect(found.problems).toEqual([]);
    expect(found.warnings.join()).toContain('column extra: no source, it stays NULL');
    expect(map({ columns: { id: 'BIGINT', born: 'DATE' }, value: 'csv', csv }, [{ value }])).toEqual([
      { id: 7n, born: 11356n },
    ]);
  });

  it('has no other fields', () => {
    const columns = { a: 'STRING' };
    const problems = (source: string, options: PlanInput['csv']) =>
      compile({ columns, table: from({ a: source }), value: 'csv', ...(options && { csv: options }) })
        .problems;
    expect(problems('id', csv)).toEqual([
      'table.columns.a.from: decode.value: csv.fields has no such name; it has ID, full name, born',
    ]);
    expect(problems('[3]', csv).join()).toMatch(/names 3 fields, from \[0\] on/);
    expect(problems('ID.x', csv).join()).toMatch(/no fields inside of fields/);
    expect(problems('name', undefined).join()).toMatch(/csv\.fields is not given/);
    expect(problems('[9]', undefined)).toEqual([]);
  });
});
