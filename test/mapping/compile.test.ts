import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../src/decode/create-decoder.ts';
import { createRowMapper } from '../../src/mapping/row.ts';
import { compile, planOf } from './support.ts';

const IGNORED = { policy: 'ignore', at: [[]] };

describe('table.rest and table.unknownFields', () => {
  const problemsOf = (value: 'csv' | 'integer' | 'avro', csv = {}) =>
    compile({
      ...{ columns: { x: 'STRING', others: 'STRING' }, value, csv },
      table: { columns: { x: { from: '__value__' } }, rest: 'others' },
    }).problems;

  it('need a format whose fields have names', () => {
    expect(problemsOf('integer')).toContain('table.rest: a value of format integer has no fields');
    expect(problemsOf('csv')).toEqual([
      'table.rest: the fields of csv have no names: give decode.value.csv.fields',
    ]);
    expect(problemsOf('csv', { fields: ['a', 'b'] })).toEqual([]);
    expect(problemsOf('avro')).toEqual([]);
  });

  it('find the field of a column that was added, whose name is in lower case', () => {
    const spec = (unknownFields: 'add_column' | 'ignore') =>
      compile({
        columns: { x: 'STRING', colour: 'STRING' },
        table: { columns: { x: { from: 'x' } }, unknownFields },
      }).plan?.decoders.value;
    expect(spec('add_column')).toMatchObject({ ignoreCase: true, paths: [['x'], ['colour']] });
    expect(spec('ignore')).not.toHaveProperty('ignoreCase');
  });
});

describe('the plan', () => {
  it('lists every mismatch at once, each under its key', () => {
    const { plan, problems } = compile({
      columns: {
        id: 'BIGINT NOT NULL',
        tags: 'ARRAY<POINT>',
        amount: 'DECIMAL(10,2)',
        created: 'DATETIME',
        flag: 'BOOLEAN',
        small: 'TINYINT',
        path: 'STRING',
      },
      partitionKeys: { dt: 'STRING', hr: 'STRING', region: 'STRING', odd: 'DOUBLE', kind: 'STRING' },
      table: {
        columns: {
          ammount: { from: 'amount' },
          tags: { from: 'tags' },
          created: { from: 'created', timeFormat: 'yyyy-mm-DD', timeZone: 'Asia/Atlantis' },
          flag: { from: "'maybe'" },
          small: { from: 'small', default: 300 },
          path: { from: 'a..b' },
          dt: { from: 'dt' },
          FLAG: { from: 'flag' },
        },
        partitions: {
          dt: {
            kind: 'time',
            time: '__header.at',
            timeFormat: 'epoch_min',
            timeZone: null,
            format: 'yyyy/MM/dd',
            zone: 'Mars',
            floor: null,
          },
          hr: {
            kind: 'time',
            time: 'at',
            timeFormat: null,
            timeZone: null,
            format: 'HHX',
            zone: 'UTC',
            floor: 7 * 60_000,
          },
          odd: { kind: 'source', from: "'1'" },
          kind: { kind: 'source', from: "'a b'" },
          city: { kind: 'source', from: 'city' },
        },
        late: { after: 1, to: { partition: { dt: 'a=b', town: 'x' } } },
      },
    });
    expect(plan).toBeNull();
    const expected = [
      /^table\.columns\.ammount: the table has no such column; it has id, tags/,
      /^column tags: the type ARRAY<POINT> is not supported/,
      /^table\.columns\.created\.timeFormat: "yyyy-mm-DD": "DD" is not one of/,
      /^table\.columns\.created\.timeZone: "Asia\/Atlantis"/,
      /^table\.columns\.flag\.from: "maybe" cannot be converted to BOOLEAN/,
      /^table\.columns\.small\.default: 300 is outside the range of TINYINT/,
      /^table\.columns\.path\.from: bad path/,
      /^table\.columns\.dt: it is a table partition column/,
      /^table\.columns\.FLAG: the column is given twice/,
      /^column id: it is NOT NULL and has no source/,
      /^table\.partitions\.dt\.time: write a header as __header\.NAME__/,
      /^table\.partitions\.dt\.timeFormat: "epoch_min": known are epoch_s/,
      /^table\.partitions\.dt\.format: "yyyy\/MM\/dd": it gives "2026\/11\/21" is not/,
      /^table\.partitions\.dt\.zone: "Mars"/,
      /^table\.partitions\.hr\.format: "HHX": X and XXX/,
      /^table\.partitions\.hr\.floor: 420000 ms does not divide a day/,
      /^table\.partitions\.region: the table partition column region STRING has no rule/,
      /^table partition column odd: the type DOUBLE is not supported/,
      /^table\.partitions\.kind: "a b" is not/,
      /^table\.partitions\.city: the table has no such table partition column/,
      /^table\.late\.to\.partition\.dt: "a=b" is not/,
      /^table\.late\.to\.partition\.town: the table has no such table partition column/,
    ];
    for (const pattern of expected) expect(problems).toContainEqual(expect.stringMatching(pattern));
    expect(problems).toHaveLength(expected.length);
  });

  it('refuses rules for an unpartitioned table, and fields of a value that has none', () => {
    const { problems } = compile({
      columns: { a: 'STRING', b: 'STRING', c: 'STRING' },
      table: {
        columns: { a: { from: 'x' }, b: { from: '__key__.id' }, c: { from: '__value__' } },
        partitions: { dt: { kind: 'source', from: "'1'" } },
      },
      value: 'text',
    });
    expect(problems).toEqual([
      expect.stringMatching(/^table\.columns\.a\.from: decode\.value\.format is text, which has no field x/),
      expect.stringMatching(/^table\.columns\.b\.from: decode\.key\.format is text/),
      'table.partitions.dt: the table is not partitioned',
    ]);
  });

  it('warns of columns that stay NULL and of losses, and describes every column', () => {
    const { plan, problems, warnings, describe } = compile({
      columns: { id: 'BIGINT NOT NULL', amount: 'DECIMAL(10,2)', at: 'DATETIME', note: 'STRING' },
      partitionKeys: { dt: 'STRING' },
      table: {
        columns: {
          id: { from: '__offset__', timeZone: 'UTC' },
          amount: { from: 'a.b', round: true, type: 'DOUBLE' },
          at: { from: 'at', timeFormat: 'epoch_s' },
        },
        partitions: {
          dt: {
            kind: 'time',
            time: 'at',
            timeFormat: 'epoch_s',
            timeZone: null,
            format: 'yyyyMMdd',
            zone: 'Asia/Shanghai',
            floor: null,
          },
        },
      },
    });
    expect(problems).toEqual([]);
    expect(plan).not.toBeNull();
    expect(warnings).toEqual([
      'table.columns.id.timeZone: it has no effect on BIGINT',
      'table.columns.amount.type: it says DOUBLE, the table says DECIMAL(10,2)',
      'column at DATETIME from at: digits below a millisecond are dirty unless round',
      'column note: no source, it stays NULL',
    ]);
    expect(describe.map(({ column, type, source }) => [column, type, source])).toEqual([
      ['id', 'BIGINT NOT NULL', '__offset__'],
      ['amount', 'DECIMAL(10,2)', 'a.b'],
      ['at', 'DATETIME', 'at'],
      ['note', 'STRING', null],
      ['dt', 'STRING (table partition)', 'at'],
    ]);
  });

  it('describes nested columns by their leaves', () => {
    const { describe, warnings, problems } = compile({
      columns: { list: 'array<struct<at:datetime,n:map<string,decimal(5,1)>>>', tags: 'ARRAY<STRING>' },
      table: {
        columns: {
          list: { from: 'l', timeFormat: 'iso' },
          tags: { from: 't', timeFormat: 'iso', coercion: 'strict' },
        },
      },
    });
    expect(problems).toEqual([]);
    expect(describe.map(({ type, conversion }) => [type, conversion])).toEqual([
      ['ARRAY<STRUCT<at:DATETIME,n:MAP<STRING,DECIMAL(5,1)>>>', 'array'],
      ['ARRAY<STRING>', 'array; strict'],
    ]);
    expect(warnings).toEqual([
      'column list ARRAY<STRUCT<at:DATETIME,n:MAP<STRING,DECIMAL(5,1)>>> from l: digits below a millisecond are dirty unless round; digits beyond 1 behind the point are dirty unless round',
      'table.columns.tags.timeFormat: it has no effect on ARRAY<STRING>',
    ]);
  });

  it('knows the coercion of each column: its own, else that of the table, for what the decoders give', () => {
    const columns = { a: 'INT', b: 'INT', c: 'INT', d: 'STRING', e: 'STRING' };
    const { plan } = compile({
      columns,
      table: {
        coercion: 'strict',
        columns: {
          a: { from: 'x', default: '7' },
          b: { from: 'x', coercion: 'lenient' },
          c: { from: '__offset__' },
          d: { from: '__offset__' },
          e: { from: "'text'" },
        },
      },
    });
    expect(plan?.columns.map(({ coercion }) => coercion)).toEqual([
      'strict',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    const strict = compile({ columns, table: { columns: { a: { from: 'x', coercion: 'strict' } } } }).plan;
    expect(strict?.columns[0]?.coercion).toBe('strict');
  });

  it('reads each source and each event time once', () => {
    const time = {
      kind: 'time',
      time: 'at',
      timeFormat: null,
      timeZone: null,
      zone: 'UTC',
      floor: null,
    } as const;
    const plan = planOf({
      columns: { a: 'STRING', b: 'BIGINT' },
      partitionKeys: { dt: 'STRING', hr: 'STRING' },
      table: {
        columns: { a: { from: 'at' }, b: { from: 'at' } },
        partitions: { dt: { ...time, format: 'yyyyMMdd' }, hr: { ...time, format: 'HH' } },
      },
    });
    expect(plan.slots).toHaveLength(1);
    expect(plan.times).toHaveLength(1);
    expect(plan.decoders).toEqual({
      value: { format: 'json', paths: [['at']], unmapped: IGNORED },
      key: null,
    });
  });

  it('maps the fields of the same name without columns, and metadata words', () => {
    const plan = planOf({ columns: { ID: 'BIGINT', note: 'STRING', __offset__: 'BIGINT' } });
    expect(plan.decoders.value).toEqual({
      ...{ format: 'json', paths: [['id'], ['note']], ignoreCase: true, unmapped: IGNORED },
    });
    expect(plan.slots).toContainEqual({ from: 'metadata', name: 'offset' });
  });

  it('survives the way to a worker', () => {
    const plan = planOf({
      columns: { a: 'DECIMAL(10,2)' },
      table: { columns: { a: { from: 'x', default: '1.5' } } },
    });
    const copy = structuredClone(plan);
    expect(copy).toEqual(plan);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    const mapper = createRowMapper(copy, { value: createDecoder(copy.decoders.value!), key: null });
    expect(mapper.tablePartition).toBe('');
  });
});
