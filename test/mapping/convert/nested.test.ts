import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BOOLEAN,
  type Cell,
  DAY,
  DOUBLE,
  INSTANT,
  JSON_TEXT,
  MISSING,
  NULL,
  TIME,
} from '../../../src/decode/cell/cell.ts';
import { jsonTree } from '../../../src/decode/json/tree.ts';
import { typeText } from '../../../src/mapping/types.ts';
import { bytes, integer, items, members, number, ofKind, string, text } from '../../decode/trees.ts';
import { anyType } from '../any-type.ts';
import { type StoreOptions, stored } from '../stored.ts';

const json = (type: string, source: string, options?: StoreOptions) =>
  stored(type, text(JSON_TEXT, source), options);
const dirty = (code: string, message: string | RegExp) => ({
  code,
  message: typeof message === 'string' ? message : expect.stringMatching(message),
});

describe('ARRAY columns', () => {
  it('take arrays, with NULL items and none', () => {
    expect(json('ARRAY<BIGINT>', '[1, "-2", null, 3.0]')).toEqual([1n, -2n, null, 3n]);
    expect(json('ARRAY<STRING>', '[]')).toEqual([]);
    expect(json('ARRAY<ARRAY<INT>>', '[[],null,[1,[]]]')).toEqual(
      dirty('wrong_type', 'c[2][1]: [] cannot be converted to INT'),
    );
    expect(stored('ARRAY<BINARY>', items(bytes(1, 255), ofKind(NULL), ofKind(MISSING)))).toEqual([
      Uint8Array.of(1, 255),
      null,
      null,
    ]);
  });

  it('refuse everything else', () => {
    expect(json('ARRAY<INT>', '{"a":1}')).toEqual(
      dirty('wrong_type', '{"a":1} cannot be converted to ARRAY<INT>'),
    );
    expect(stored('ARRAY<INT>', members(['a', integer(1)]))).toEqual(
      dirty('wrong_type', '{"a":1} cannot be converted to ARRAY<INT>'),
    );
    for (const cell of [
      integer(1),
      ofKind(BOOLEAN, 1),
      bytes(91, 93),
      ofKind(DAY, 1),
      string('x'),
      string('1'),
    ])
      expect(stored('ARRAY<INT>', cell)).toEqual(dirty('wrong_type', /cannot be converted to ARRAY<INT>$/));
  });

  it('say where a value is dirty', () => {
    expect(json('ARRAY<STRUCT<price:DECIMAL(4,1)>>', '[{"price":1},{"price":1.25}]')).toEqual(
      dirty('not_exact', 'c[1].price: 1.25 does not fit DECIMAL(4,1) without losing digits'),
    );
    expect(json('MAP<STRING,ARRAY<TINYINT>>', '{"a b":[0,128]}')).toEqual(
      dirty('out_of_range', 'c["a b"][1]: 128 is outside the range of TINYINT'),
    );
  });
});

describe('MAP columns', () => {
  it('take objects, whose names become keys of any type', () => {
    expect(json('MAP<STRING,DOUBLE>', '{"b":1,"a":null,"":0.5}')).toEqual([
      ['b', 1],
      ['a', null],
      ['', 0.5],
    ]);
    expect(json('MAP<BIGINT,STRING>', '{"9223372036854775807":"x"}')).toEqual([[9223372036854775807n, 'x']]);
    expect(json('MAP<DATE,BOOLEAN>', '{"1970-01-02":true}')).toEqual([[1, true]]);
    expect(json('MAP<INT,INT>', '{}')).toEqual([]);
    expect(json('MAP<INT,INT>', '{"1.5":1}')).toEqual(
      dirty('not_exact', /^c\["1\.5"\]: "1\.5" does not fit INT/),
    );
    expect(json('MAP<STRING,INT>', '{"__proto__":1,"constructor":2}')).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ]);
  });

  it('take arrays of entries, as objects or pairs', () => {
    expect(json('MAP<INT,STRING>', '[{"key":1,"value":"a"},{"value":"b","key":2},{"key":3}]')).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, null],
    ]);
    expect(json('MAP<INT,STRING>', '[[1,"a"],[2,null]]')).toEqual([
      [1, 'a'],
      [2, null],
    ]);
    expect(stored('MAP<TIMESTAMP,INT>', items(items(ofKind(INSTANT, 1, 5), integer(2))))).toEqual([
      [1_000_000_005n, 2],
    ]);
    expect(json('MAP<INT,INT>', '[]')).toEqual([]);
    for (const source of ['[1]', '[[1]]', '[[1,2,3]]', '[{"k":1}]', '[[]]', '[{}]', '[null]'])
      expect(json('MAP<INT,INT>', source)).toEqual(
        dirty('wrong_type', `${source} cannot be converted to MAP<INT,INT>`),
      );
  });

  it('keep the last of equal keys, whatever their notation, in the place of the first', () => {
    expect(json('MAP<STRING,INT>', '{"a":1,"b":2,"a":3}')).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
    expect(json('MAP<INT,STRING>', '{"1":"a","2":"b","01":"c","1e0":"d"}')).toEqual([
      [1, 'd'],
      [2, 'b'],
    ]);
    expect(json('MAP<TIMESTAMP,INT>', '{"1970-01-01T00:00:00Z":1,"1970-01-01T08:00:00+08:00":2}')).toEqual([
      [0n, 2],
    ]);
    expect(json('MAP<BINARY,INT>', '{"é":1,"\\u00e9":2}')).toEqual([[new Uint8Array(Buffer.from('é')), 2]]);
    expect(json('MAP<BOOLEAN,INT>', '{"true":1,"TRUE":2}')).toEqual([[true, 2]]);
    expect(
      stored(
        'MAP<DOUBLE,INT>',
        items(items(ofKind(DOUBLE, Number.NaN), integer(1)), items(ofKind(DOUBLE, Number.NaN), integer(2))),
      ),
    ).toEqual([[Number.NaN, 2]]);
    expect(
      json('MAP<BIGINT,INT>', '{"9007199254740993":1,"9007199254740993.0":2,"9007199254740992":3}'),
    ).toEqual([
      [9007199254740993n, 2],
      [9007199254740992n, 3],
    ]);
  });

  it('have no NULL keys', () => {
    expect(json('MAP<INT,INT>', '[[1,1],[null,2]]')).toEqual(
      dirty('null_not_allowed', 'c[1]: a key of a MAP is NULL'),
    );
  });
});

describe('STRUCT columns', () => {
  const type = 'STRUCT<id:BIGINT,Name:STRING,`a b`:STRUCT<x:INT>>';

  it('take objects by field name, exact or else in any case', () => {
    expect(json(type, '{"name":"n","ID":1,"A B":{"X":2}}')).toEqual([1n, 'n', [2]]);
    expect(json(type, '{"NAME":"other","Name":"own","name":"late"}')).toEqual([null, 'own', null]);
    expect(json(type, '{"name":"a","NAME":"b"}')).toEqual([null, 'b', null]);
    expect(json(type, '{"id":1,"id":2}')).toEqual([2n, null, null]);
  });

  it('are NULL where a field is missing, and leave out what they do not know', () => {
    expect(json(type, '{}')).toEqual([null, null, null]);
    expect(json(type, '{"z":{"deep":[1]},"id":null,"a b":{}}')).toEqual([null, null, [null]]);
    expect(json(type, '[1,"n"]')).toEqual(dirty('wrong_type', /^\[1,"n"\] cannot be converted to STRUCT</));
  });
});

describe('leaves', () => {
  it('are converted as columns of their type are', () => {
    const type =
      'STRUCT<s:STRING,j:JSON,t:TIMESTAMP,d:DATE,n:DECIMAL(38,18),b:BINARY,f:FLOAT,v:VARCHAR(2),i:INTERVAL_DAY_TIME>';
    const cell = members(
      ['s', members(['k', ofKind(TIME, 30_600)])],
      ['j', items(integer(9007199254740993n), ofKind(DAY, 0))],
      ['t', ofKind(INSTANT, -1, 999_999_999)],
      ['d', ofKind(DAY, -719_162)],
      ['n', number('99999999999999999999.999999999999999999')],
      ['b', bytes(0)],
      ['f', ofKind(DOUBLE, 0.1)],
      ['v', string('\u{1f600}é')],
      ['i', ofKind(TIME, 1, 5)],
    );
    expect(stored(type, cell)).toEqual([
      '{"k":"08:30:00"}',
      '[9007199254740993,"1970-01-01"]',
      -1n,
      -719_162,
      '99999999999999999999.999999999999999999',
      Uint8Array.of(0),
      Math.fround(0.1),
      '\u{1f600}é',
      1_000_000_005n,
    ]);
  });

  it('follow the options of the column', () => {
    const time = { format: 'yyyyMMddHHmmss', zone: 'Asia/Shanghai' };
    expect(json('ARRAY<DATETIME>', '["20261121080000",20261121080000]', { time })).toEqual([
      BigInt(Date.UTC(2026, 10, 21)),
      BigInt(Date.UTC(2026, 10, 21)),
    ]);
    expect(json('ARRAY<DATETIME>', '["2026-11-21"]', { time })).toEqual(
      dirty('bad_time', /^c\[0\]: "2026-11-21" does not match/),
    );
    expect(json('MAP<STRING,INT>', '{" a ":" 1 "}', { trim: true })).toEqual([['a', 1]]);
    expect(json('ARRAY<DECIMAL(3,1)>', '[0.25,1e-9]', { round: true })).toEqual(['0.3', '0']);
    expect(json('ARRAY<STRING>', '["ab","abc"]', { maxFieldBytes: 2 })).toEqual(
      dirty('too_long', /^c\[1\]: 3 bytes/),
    );
    expect(json('ARRAY<JSON>', '[[[1]]]', { maxFieldBytes: 4 })).toEqual(
      dirty('too_long', /^c\[0\]: 5 bytes/),
    );
  });
});

describe('a text in place of a container', () => {
  it('counts as the JSON that it is, unless coercion is strict', () => {
    expect(stored('ARRAY<INT>', string(' [1, 2] '))).toEqual([1, 2]);
    expect(
      stored(
        'STRUCT<a:ARRAY<MAP<STRING,INT>>>',
        string('{"a":"[{},\\"{\\\\\\"k\\\\\\":1}\\",{\\"z\\":2}]"}'),
      ),
    ).toEqual([[[], [['k', 1]], [['z', 2]]]]);
    expect(stored('ARRAY<INT>', string('[1'))).toEqual(
      dirty('wrong_type', '"[1" cannot be converted to ARRAY<INT>'),
    );
    expect(stored('ARRAY<INT>', string('[1]'), { coercion: 'strict' })).toEqual(
      dirty('wrong_type', /coercion is strict/),
    );
    expect(json('ARRAY<ARRAY<INT>>', '["[1]"]', { coercion: 'strict' })).toEqual(
      dirty('wrong_type', /^c\[0\]: .*coercion is strict/),
    );
  });

  it('may not be nested too deep', () => {
    expect(stored('ARRAY<STRING>', string(`${'['.repeat(10_000)}${']'.repeat(10_000)}`))).toEqual(
      dirty('too_deep', /nested deeper/),
    );
  });
});

describe('half a surrogate pair', () => {
  it('is dirty wherever it stands', () => {
    expect(json('ARRAY<STRING>', '["\\ud800"]')).toEqual(
      dirty('invalid_utf8', 'a string in it escapes half a surrogate pair'),
    );
    expect(json('STRUCT<a:INT>', '{"\\udc00":1}')).toEqual(dirty('invalid_utf8', /half a surrogate/));
  });
});

describe('whatever the type and the value', () => {
  const inside = fc.constantFrom('a', 'A', 'b_2', 'order', 'key', 'value', '__proto__', '1', '2026-11-20');
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(null, true, 0, 12, 1.5, -7, '', '1', '[1]', '{"a":1}', '2026-11-20', 'P1M'),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(inside, tie('value'), { maxKeys: 4 }),
    ),
  }));

  it('a value is stored whole or refused whole, and strict takes no more than lenient', () => {
    fc.assert(
      fc.property(anyType, value, (type, source) => {
        const cell = tree(JSON.stringify(source));
        if (cell.kind === NULL) return;
        const [lenient, strict] = (['lenient', 'strict'] as const).map((coercion) =>
          stored(typeText(type), cell, { coercion }),
        );
        const isDirty = (found: unknown) => typeof (found as { code?: unknown } | null)?.code === 'string';
        if (!isDirty(strict)) expect(strict).toEqual(lenient);
      }),
      { numRuns: 500 },
    );
  });
});

/** JSON text as a tree, as typed formats give it. */
function tree(source: string): Cell {
  const content = Buffer.from(source);
  return jsonTree(content, 0, content.length)!;
}
