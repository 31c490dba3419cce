import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTransform, type Transformed } from '../../src/encode/transform.ts';
import type { DirtyRules } from '../../src/mapping/dirty.ts';
import type { Value } from '../../src/preview/nested-value.ts';
import { createRowCollector } from '../../src/preview/row-collector.ts';
import { planOf } from '../mapping/support.ts';
import { jobOf } from './records.ts';

type Classes = DirtyRules['classes'];

/** What becomes of values (JSON text; null: a tombstone) in a table with the columns `k STRING` and `v`. */
function run(type: string, values: readonly (string | null)[], rules: Partial<DirtyRules>, columns = {}) {
  const mapping = { k: { from: 'k' }, v: { from: 'v' }, ...columns };
  const plan = planOf({ columns: { k: 'STRING', v: type }, table: { columns: mapping } });
  const collector = createRowCollector(plan);
  const dirty = { default: 'dead_letter', classes: {}, ...rules } as const;
  const transform = createTransform({ ...plan, dirty }, undefined, collector);
  const result: Transformed = transform.run(jobOf(values));
  return { ...result, rows: collector.take().map((row) => row.values.get(2)) };
}

const value = (json: string) => `{"k": "k", "v": ${json}}`;

/** The value that one record gives, or the code of its dead letter. */
function one(type: string, json: string, classes: Classes, columns = {}): Value | undefined {
  const { rows, rejections, mended } = run(type, [value(json)], { classes }, columns);
  const total = (mended ?? []).reduce((sum, { values }) => sum + values, 0);
  expect([rows.length + rejections.length, total <= rows.length]).toEqual([1, true]);
  return rejections[0]?.code ?? rows[0];
}

describe('a field without a column', () => {
  const fates = (unknownFields: 'dead_letter' | 'stop', dirty?: Partial<DirtyRules>) => {
    const plan = planOf({
      columns: { k: 'STRING' },
      table: { columns: { k: { from: 'k' } }, unknownFields },
      ...(dirty && { dirty: { default: 'dead_letter', classes: {}, ...dirty } }),
    });
    const found = createTransform(plan).run(jobOf(['{"k": 1}', value('2'), '{"k": 3}']));
    return [found.upTo, found.rejections.length, found.skipped.unknown_field ?? 0, found.stopped?.record];
  };

  it('ends the service when table.unknownFields says so, whatever the default', () => {
    expect(fates('stop')).toEqual([1, 0, 0, 1]);
    expect(fates('stop', { default: 'skip' })).toEqual([1, 0, 0, 1]);
  });

  it('has the fate of its class, and is a dead letter without one', () => {
    expect(fates('dead_letter')).toEqual([3, 1, 0, undefined]);
    expect(fates('dead_letter', { default: 'stop' })).toEqual([3, 1, 0, undefined]);
    expect(fates('dead_letter', { classes: { unknown_field: 'skip' } })).toEqual([3, 0, 1, undefined]);
    expect(fates('dead_letter', { classes: { unknown_field: 'stop' } })).toEqual([1, 0, 0, 1]);
  });
});

describe('truncate', () => {
  const cut: Classes = { too_long: 'truncate', not_exact: 'truncate' };
  it.each([
    ['VARCHAR(5)', '"abcdefg"', 'abcde'],
    ['VARCHAR(3)', '"🛋🛋桌🛋"', '🛋🛋桌'],
    ['CHAR(2)', '123', '12'],
    ['STRING', `"${'x'.repeat(1001)}"`, 'x'.repeat(1000)],
    ['STRING', `"${'桌'.repeat(400)}"`, '桌'.repeat(333)],
    ['STRING', `"xx${'🛋'.repeat(300)}"`, `xx${'🛋'.repeat(249)}`],
    ['BINARY', `"${'x'.repeat(1001)}"`, '78'.repeat(1000)],
    ['JSON', `["${'x'.repeat(1001)}"]`, 'too_long'],
    ['INT', '1.99', 1],
    ['INT', '-1.99', -1],
    ['TINYINT', '127.999', 127],
    ['TINYINT', '300.5', 'out_of_range'],
    ['BIGINT', '-9223372036854775808.5', 'out_of_range'],
    ['BIGINT', '0.9', '0'],
    ['DECIMAL(5,2)', '-1.999', '-1.99'],
    ['DECIMAL(5,2)', '999.999', '999.99'],
    ['DECIMAL(5,2)', '1e-300', '0'],
    ['DATETIME', '"2026-11-20T00:00:00.9999Z"', '2026-11-20T00:00:00.999Z'],
    ['DATETIME', '"9999-12-31T23:59:59.9999Z"', '9999-12-31T23:59:59.999Z'],
    ['DATETIME', '"1969-12-31T23:59:59.9999Z"', '1969-12-31T23:59:59.999Z'],
    ['TIMESTAMP', '1.0000009', '1970-01-01T00:00:00.001Z'],
    ['INT', '"x"', 'wrong_type'],
  ])('%s of %s', (type, json, expected) => expect(one(type, json, cut)).toBe(expected));

  it('cuts what it was asked for and nothing else', () => {
    expect(one('VARCHAR(2)', '"abc"', { not_exact: 'truncate' })).toBe('too_long');
    expect(one('INT', '1.5', { too_long: 'truncate' })).toBe('not_exact');
  });

  it('gives the longest beginning that fits, by whole characters', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        (text, n) => {
          const expected = [...text].slice(0, n).join('');
          expect(one(`VARCHAR(${n})`, JSON.stringify(text), cut)).toBe(expected);
        },
      ),
    );
  });

  it('lets what is left have an action of its own', () => {
    expect(one('TINYINT', '300.5', { ...cut, out_of_range: 'set_null' })).toBeUndefined();
    const { mended } = run('TINYINT', [value('300.5')], { classes: { ...cut, out_of_range: 'set_null' } });
    expect(mended).toEqual([{ code: 'out_of_range', action: 'set_null', values: 1 }]);
  });
});

describe('set_null and default_value', () => {
  const nulls: Classes = { wrong_type: 'set_null', bad_time: 'default_value' };
  const withDefault = { v: { from: 'v', default: '2000-01-01' } };

  it('put NULL, or the default of the column, in the place of the value', () => {
    expect(one('INT', '"x"', nulls)).toBeUndefined();
    expect(one('DATE', '"x"', nulls, withDefault)).toBe('2000-01-01');
    expect(one('STRING', '"x"', nulls)).toBe('x');
  });

  it('leave a dead letter where there is no default, or no NULL', () => {
    expect(one('DATE', '"x"', nulls)).toBe('bad_time');
    expect(one('INT NOT NULL', '"x"', nulls)).toBe('wrong_type');
  });

  it('are counted by reason, but only in rows', () => {
    const values = [value('"x"'), value('1'), value('[]'), '{"k": 1'];
    const { mended, rows, rejections } = run('INT', values, { classes: nulls });
    expect(mended).toEqual([{ code: 'wrong_type', action: 'set_null', values: 2 }]);
    expect([rows, rejections.map(({ code }) => code)]).toEqual([[undefined, 1, undefined], ['invalid_json']]);
    // The first column is mended, the second one makes the record a dead letter.
    const plan = planOf({ columns: { a: 'INT', b: 'DATE' } });
    const dirty: DirtyRules = { default: 'dead_letter', classes: { wrong_type: 'set_null' } };
    const result = createTransform({ ...plan, dirty }).run(jobOf(['{"a": "x", "b": "x"}']));
    expect([result.mended, result.rejections.length]).toEqual([[], 1]);
  });
});

describe('skip', () => {
  it('leaves the record out and counts it by reason', () => {
    const values = ['{"k', value('1'), null, value('"x"'), '[]'];
    const classes: Classes = { invalid_json: 'skip', wrong_type: 'skip', tombstone: 'skip' };
    const { rows, skipped, rejections, lastSkipped } = run('INT', values, { classes });
    expect(rows).toEqual([1]);
    expect(skipped).toEqual({ invalid_json: 1, tombstone: 1, wrong_type: 1 });
    expect(rejections.map(({ record, code }) => [record, code])).toEqual([[4, 'not_an_object']]);
    expect(lastSkipped).toMatchObject({ record: 3, column: 'v' });
  });
});

describe('stop', () => {
  it('ends the job before the record, whatever stage finds it at', () => {
    const before = [value('1'), value('2')];
    for (const [stop, code] of [
      [value('"x"'), 'wrong_type'],
      ['{', 'invalid_json'],
    ] as const) {
      const { upTo, stopped, rows } = run('INT', [...before, stop, value('3')], {
        classes: { [code]: 'stop' },
      });
      expect({ upTo, rows }).toEqual({ upTo: 2, rows: [1, 2] });
      expect(stopped).toMatchObject({ record: 2, code });
    }
  });
});

describe('the default', () => {
  it('applies where it can; elsewhere the record is a dead letter', () => {
    const values = [value('"x"'), '{', value('"y"'), null];
    const { rows, rejections } = run('INT', values, { default: 'set_null', classes: { tombstone: 'skip' } });
    expect(rows).toEqual([undefined, undefined]);
    expect(rejections.map(({ code }) => code)).toEqual(['invalid_json']);
    expect(run('INT', values, { default: 'skip' }).skipped).toEqual({
      wrong_type: 2,
      invalid_json: 1,
      tombstone: 1,
    });
  });
});

describe('whatever the rules', () => {
  const json = fc.oneof(fc.json(), fc.constantFrom('1', '1.5', '300', '"abc"', '"7"', 'null', '{', ''));
  const action = fc.constantFrom('dead_letter', 'set_null', 'default_value', 'truncate', 'skip');

  it('each record is one row, one dead letter or one skipped record', () => {
    fc.assert(
      fc.property(
        fc.array(json.map(value)),
        action,
        fc.constantFrom('INT', 'VARCHAR(2)', 'DATE'),
        (list, all, type) => {
          const { rows, rejections, skipped, upTo } = run(type, list, { default: all });
          const left = Object.values(skipped).reduce((sum, n) => sum + n, 0);
          expect([upTo, rows.length + rejections.length + left]).toEqual([list.length, list.length]);
        },
      ),
    );
  });
});
