import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTransform } from '../../src/encode/transform.ts';
import { createRowCollector } from '../../src/preview/row-collector.ts';
import { brokenJob, jobOf, planOf as ordersPlan, planWithHeader } from '../encode/records.ts';
import { planOf } from '../mapping/support.ts';

/** The value of a column of this type made from JSON text; a code when it is rejected. */
function shown(type: string, json: string): unknown {
  const plan = planOf({ columns: { before: 'STRING', v: type } });
  const collector = createRowCollector(plan);
  const { rejections, pieces } = createTransform(plan, undefined, collector).run(jobOf([`{"v": ${json}}`]));
  expect(pieces).toEqual([]);
  return rejections[0]?.code ?? collector.take()[0]!.values.get(2);
}

describe('values as a reader of the table sees them', () => {
  it.each([
    ['BOOLEAN', 'true', true],
    ['TINYINT', '-128', -128],
    ['SMALLINT', '32767', 32_767],
    ['INT', '-2147483648', -2_147_483_648],
    ['BIGINT', '7', '7'],
    ['BIGINT', '9007199254740993', '9007199254740993'],
    ['BIGINT', '-9223372036854775807', '-9223372036854775807'],
    ['DECIMAL(38,18)', '12345678901234567890.123456789012345678', '12345678901234567890.123456789012345678'],
    ['DECIMAL(10,2)', '1e3', '1000'],
    ['DOUBLE', '0.1', 0.1],
    ['DOUBLE', '1e300', 1e300],
    ['FLOAT', '0.1', 0.1],
    ['FLOAT', '16777217', 16_777_216],
    ['FLOAT', '3.4028234663852886e38', 3.4028235e38],
    ['STRING', '"杭州\\u0000"', '杭州\0'],
    ['STRING', '""', ''],
    ['STRING', '1.50', '1.50'],
    ['VARCHAR(3)', '"abc"', 'abc'],
    ['CHAR(3)', '"a"', 'a'],
    ['JSON', '{"a": [1.0]}', '{"a": [1.0]}'],
    ['BINARY', '"aé"', '61c3a9'],
    ['DATE', '"0001-01-01"', '0001-01-01'],
    ['DATE', '"1969-12-31T23:59:59"', '1969-12-31'],
    ['DATETIME', '"2026-11-20T08:00:00.123+08:00"', '2026-11-20T00:00:00.123Z'],
    ['DATETIME', '-1', '1969-12-31T23:59:59.999Z'],
    ['DATETIME', '0', '1970-01-01T00:00:00Z'],
    ['TIMESTAMP', '"1969-12-31T23:59:59.000000001Z"', '1969-12-31T23:59:59.000000001Z'],
    ['TIMESTAMP_NTZ', '"9999-12-31T23:59:59.999999999"', '9999-12-31T23:59:59.999999999'],
    ['INTERVAL_DAY_TIME', '"P1DT1.5S"', 'PT86401.5S'],
    ['INTERVAL_DAY_TIME', '"-PT0.5S"', 'PT-0.5S'],
    ['INTERVAL_DAY_TIME', '"-PT1.000000001S"', 'PT-1.000000001S'],
    ['INTERVAL_YEAR_MONTH', '-14', 'P-14M'],
    ['STRING', 'null', undefined],
    ['TINYINT', '128', 'out_of_range'],
  ])('%s %s', (type, json, expected) => expect(shown(type, json)).toBe(expected));

  it('of containers are JSON values, whatever their depth', () => {
    const type =
      'STRUCT<__proto__:INT,m:MAP<BIGINT,ARRAY<TIMESTAMP>>,b:BINARY,n:STRUCT<x:BIGINT>,e:ARRAY<INT>>';
    const json = '{"__proto__":1,"m":{"7":[0,null],"8":null},"b":"a","n":{},"e":[]}';
    const expected =
      '{"__proto__":1,"m":{"7":["1970-01-01T00:00:00Z",null],"8":null},"b":"61","n":{"x":null},"e":[]}';
    expect(JSON.stringify(shown(type, json))).toBe(expected);
    expect(shown('ARRAY<INT>', '[1,"x"]')).toBe('wrong_type');
    expect(shown('ARRAY<INT>', 'null')).toBe(undefined);
  });

  it('integers and decimals are exact', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }), (value) => {
        expect(shown('BIGINT', `${value}`)).toBe(`${value}`);
        expect(shown('DECIMAL(38,0)', `${value}`)).toBe(`${value}`);
      }),
    );
  });

  it('a FLOAT has the fewest digits that mean it', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const found = shown('FLOAT', JSON.stringify(value)) as number;
        expect(Math.fround(found)).toBe(value + 0); // -0 is 0 in JSON
        expect(String(found).length).toBeLessThanOrEqual(String(value).length);
      }),
    );
  });
});

describe('beside the writers of the service', () => {
  const text = fc.oneof(
    fc.json(),
    fc
      .record({ id: fc.jsonValue(), name: fc.jsonValue(), day: fc.jsonValue() })
      .map((v) => JSON.stringify(v)),
    fc.integer().map((id) => `{"id": ${id}, "name": "n", "day": "d${id % 3}"}`),
    fc.constant(null),
  );

  it('the same records become rows, the same are rejected for the same reason', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), fc.integer({ min: 5, max: 60 }), (values, rowBytes) => {
        const plan = ordersPlan();
        const collector = createRowCollector(plan);
        const real = createTransform(plan, rowBytes).run(jobOf(values, { maxTablePartitions: 100 }));
        const preview = createTransform(plan, rowBytes, collector).run(jobOf(values));
        expect(preview.rejections).toEqual(real.rejections);
        const collected = collector.take();
        expect(collected).toHaveLength(real.pieces.reduce((sum, { rows }) => sum + rows, 0));
        for (const { tablePartition, rows } of real.pieces)
          expect(collected.filter((row) => row.tablePartition === tablePartition)).toHaveLength(rows);
      }),
    );
  });

  it('nothing of a rejected record is left', () => {
    const plan = planOf({ columns: { a: 'STRING', b: 'INT' } });
    const collector = createRowCollector(plan);
    createTransform(plan, undefined, collector).run(jobOf(['{"a": "x", "b": "y"}', '{"b": 1}']));
    expect(collector.take()).toEqual([{ tablePartition: '', values: new Map([[2, 1]]) }]);
  });

  it('a fault of ours is told with its record', () => {
    const plan = planWithHeader();
    const transform = createTransform(plan, undefined, createRowCollector(plan));
    expect(() => transform.run(brokenJob())).toThrow(/^orders\[3\] offset 101/);
  });
});
