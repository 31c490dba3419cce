import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTransform } from '../../../src/encode/transform.ts';
import { mappingHash } from '../../../src/ledger/mapping-hash.ts';
import type { ColumnConfig, TableConfig } from '../../../src/mapping/compile.ts';
import { jobOf } from '../../encode/records.ts';
import { mapRecords } from '../expr/rows.ts';
import { compile, type PlanInput, planOf } from '../support.ts';

const phone = { kind: 'named', name: 'phone' } as const;
const table = (columns: Record<string, ColumnConfig>, more: Partial<TableConfig> = {}) => ({
  columns,
  ...more,
});
const SECRET = '13800138000';

describe('a masked column', () => {
  const input = (config: Partial<ColumnConfig>, type = 'STRING'): PlanInput => ({
    columns: { x: type },
    table: table({ x: { from: 'a', ...config } }),
  });
  const rows = (config: Partial<ColumnConfig>, values: unknown[]) =>
    mapRecords(
      input(config),
      values.map((a) => ({ value: JSON.stringify({ a }) })),
    );

  it('has the masked text, of whatever has a text; NULL stays NULL', () => {
    expect(rows({ mask: phone }, [SECRET, 13800138000, null, 'x', '', true, { a: 1 }])).toEqual([
      { x: '138****8000' },
      { x: '138****8000' },
      {},
      { x: '******' },
      { x: '' },
      { x: '******' },
      { x: '******' },
    ]);
    expect(rows({ mask: phone, trim: true }, [` ${SECRET} `])).toEqual([{ x: '138****8000' }]);
    expect(rows({ mask: phone, default: '未知' }, [null])).toEqual([{ x: '******' }]);
  });

  it('takes an expression or metadata', () => {
    expect(
      mapRecords(input({ from: '', expr: 'a.b + "8000"', mask: phone }), [
        { value: '{"a":{"b":"1380013"}}' },
      ]),
    ).toEqual([{ x: '138****8000' }]);
    expect(mapRecords(input({ from: '__key__', mask: phone }), [{ value: '{}', key: SECRET }])).toEqual([
      { x: '138****8000' },
    ]);
  });

  it('has a hash, the same for a number and its text, as long as the type allows', () => {
    const hash = { algorithm: 'sha256' } as const;
    const [a, b] = rows({ hash }, [SECRET, 13800138000]);
    expect(a).toEqual(b);
    expect(a).toEqual({ x: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(compile(input({ hash }, 'VARCHAR(63)')).problems).toEqual([
      'table.columns.x.hash: it gives 64 characters, too many for VARCHAR(63)',
    ]);
    expect(compile(input({ hash }, 'VARCHAR(64)')).problems).toEqual([]);
  });

  it('is a column of text', () => {
    expect(compile(input({ mask: phone }, 'BIGINT')).problems).toEqual([
      'table.columns.x.mask: it gives text, which needs STRING, VARCHAR or CHAR, and the column is BIGINT',
    ]);
  });

  it('is described as such, without its salt', () => {
    const secret = { reveal: () => 'pepper' };
    const { describe: lines } = compile({
      columns: { x: 'STRING', y: 'STRING' },
      table: table({ x: { from: 'a', mask: phone }, y: { from: 'b', hash: { algorithm: 'sm3', secret } } }),
    });
    expect(lines.map(({ conversion }) => conversion)).toEqual([
      'masked as phone, text, or the source text of anything else',
      'hashed by salted or keyed sm3, text, or the source text of anything else',
    ]);
  });

  it('does not show its salt in the name of the mapping', () => {
    const withSalt = (salt: string) =>
      planOf(input({ hash: { algorithm: 'sha256', secret: { reveal: () => salt } } }));
    expect(withSalt('a').columns[0]!.hash).toEqual({ algorithm: 'sha256', secret: 'a' });
    expect(mappingHash(withSalt('a'))).toBe(mappingHash(withSalt('b')));
  });
});

const HIDDEN = /\(hidden: a column is masked or hashed\)$/;

describe('what is said of a record', () => {
  const columns: Record<string, ColumnConfig> = { x: { from: 'user.phone', mask: phone } };
  const types = { x: 'VARCHAR(5)' };

  it.each([
    ['the column itself', {}, {}],
    ['the same field', { y: { from: 'user.phone' } }, { y: 'BIGINT' }],
    ['something around it', { y: { from: 'user' } }, { y: 'BIGINT' }],
    ['something in it', { y: { from: 'user.phone.a' } }, { y: 'BIGINT' }],
    ['the whole value', { y: { from: '__value__' } }, { y: 'BIGINT' }],
    ['an expression with it', { y: { from: '', expr: 'int(user.phone + "x")' } }, { y: 'BIGINT' }],
  ] as const)('holds no value of %s', (_, more, moreTypes) => {
    for (const value of [{ phone: `${SECRET}9` }, { phone: { a: SECRET } }]) {
      const [row] = mapRecords(
        { columns: { ...moreTypes, ...types }, table: table({ ...more, ...columns }) },
        [{ value: JSON.stringify({ user: value }) }],
      );
      if (row && 'message' in row) expect(row.message).not.toContain('138');
    }
    const [bad] = mapRecords({ columns: { ...moreTypes, ...types }, table: table({ ...more, ...columns }) }, [
      { value: JSON.stringify({ user: { phone: '13800138abc' } }) },
    ]);
    expect(bad).toMatchObject({ message: expect.stringMatching(HIDDEN) });
  });

  it('holds the value of a column that reads something else', () => {
    const [row] = mapRecords(
      { columns: { y: 'BIGINT', ...types }, table: table({ y: { from: 'user.age' }, ...columns }) },
      [{ value: '{"user":{"age":"old"}}' }],
    );
    expect(row).toMatchObject({ message: expect.stringContaining('"old"') });
  });

  it('holds none of a table partition, an event time or a filter with it', () => {
    const time = {
      kind: 'time',
      time: 'user.phone',
      timeFormat: null,
      timeZone: null,
      format: 'yyyyMMdd',
      zone: 'UTC',
      floor: null,
    } as const;
    const messages = [
      { partitions: { dt: { kind: 'source', from: 'user.phone' } } },
      { partitions: { dt: time } },
      { filter: 'int(user.phone) > 1' },
    ].map((more) => {
      const partitionKeys = 'partitions' in more ? { dt: 'STRING' } : {};
      const input = {
        columns: { x: 'STRING' },
        partitionKeys,
        table: table(columns, more as Partial<TableConfig>),
      };
      const [row] = mapRecords(input, [{ value: '{"user":{"phone":"138 0013/8000"}}' }]);
      return row && 'message' in row ? row.message : row;
    });
    for (const message of messages) expect(message).toMatch(HIDDEN);
  });

  it('holds nothing of a value that cannot be decoded', () => {
    const [row] = mapRecords({ columns: types, table: table(columns) }, [
      { value: `{"user":{"phone":${SECRET}x` },
    ]);
    expect(row).toMatchObject({ code: 'invalid_json', message: expect.stringMatching(HIDDEN) });
  });

  it('tells a key from a value all the same', () => {
    const mapped = table({ k: { from: '__key__.id' }, ...columns });
    const [row] = mapRecords({ columns: { k: 'BIGINT', ...types }, table: mapped, key: 'json' }, [
      { key: '{', value: '{}' },
    ]);
    expect(row).toMatchObject({ message: expect.stringMatching(/^in the key: the value is not valid JSON/) });
  });

  it('warns of a column that holds the same openly', () => {
    const { warnings } = compile({
      columns: { x: 'STRING', y: 'STRING', z: 'STRING' },
      table: table({ ...columns, y: { from: '__value__' }, z: { from: 'other' } }),
    });
    expect(warnings).toEqual(['column y: it holds openly what another column masks or hashes']);
    const placed = compile({
      columns: { x: 'STRING' },
      partitionKeys: { dt: 'STRING' },
      table: table(columns, { partitions: { dt: { kind: 'source', from: 'user.phone' } } }),
    });
    expect(placed.warnings).toEqual([
      'table partition column dt: it holds openly what a column masks or hashes',
    ]);
  });
});

describe('the rest', () => {
  const rest = (
    envelope: 'none' | 'debezium' | 'canal',
    columns: Record<string, ColumnConfig>,
    value: object,
  ) =>
    mapRecords(
      { columns: { x: 'STRING', others: 'STRING' }, table: table(columns, { rest: 'others' }), envelope },
      [{ value: JSON.stringify(value) }],
    );

  it('has nothing of a field of which a part is masked, itself or in an expression', () => {
    const value = { user: { phone: SECRET, backup: SECRET }, a: 1 };
    for (const x of [{ from: 'user.phone' }, { from: '', expr: 'user.phone + ""' }])
      expect(rest('none', { x: { ...x, mask: phone } }, value)).toEqual([
        { x: '138****8000', others: '{"a":1}' },
      ]);
  });

  it('has nothing of it from the other image of a change either', () => {
    const event = { op: 'u', before: { phone: SECRET }, after: { phone: SECRET, a: 1 } };
    const row = { x: '138****8000', others: '{"a":1}' };
    expect(rest('debezium', { x: { from: '__before__.phone', mask: phone } }, event)).toEqual([row]);
    const change = { type: 'UPDATE', data: [event.after], old: [event.before] };
    expect(rest('canal', { x: { from: '__before__.phone', mask: phone } }, change)).toEqual([row]);
  });
});

describe('whatever the record is', () => {
  it('no digit run of a concealed field is in a message', () => {
    const config = table({
      x: { from: 'a', mask: phone },
      n: { from: 'a' },
      t: { from: 'a', timeFormat: 'yyyyMMdd' },
      e: { from: '', expr: 'int(a) / 0' },
    });
    const plan = planOf({
      columns: { t: 'DATETIME', n: 'TINYINT', e: 'BIGINT', x: 'VARCHAR(3)' },
      table: config,
    });
    const transform = createTransform(plan);
    const value = fc.stringMatching(/^[1-9][0-9]{6,14}[a-z]?$/);
    fc.assert(
      fc.property(value, fc.constantFrom('"', ''), (text, quote) => {
        const { rejections } = transform.run(jobOf([`{"a":${quote}${text}${quote}}`]));
        expect(rejections).toHaveLength(1);
        expect(rejections[0]!.message).not.toContain(text.slice(0, 4));
      }),
      { numRuns: 200 },
    );
  });
});

describe('the transform', () => {
  it('counts what the filter leaves out', () => {
    const plan = planOf({
      columns: { x: 'STRING' },
      table: table({ x: { from: 'a' } }, { filter: 'n > 1' }),
    });
    const { filtered, rejections, upTo, pieces } = createTransform(plan).run(
      jobOf(['{"n":1}', '{"n":2}', '{"n":', '{}', '{"n":3,"a":"x"}']),
    );
    expect({ filtered, upTo, rows: pieces[0]?.rows }).toEqual({ filtered: 2, upTo: 5, rows: 2 });
    expect(rejections).toMatchObject([{ record: 2, code: 'invalid_json' }]);
  });
});
