import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/limits.ts';
import { parseExpression, parseFilter, showProblem } from '../../../src/mapping/expr/expression.ts';
import { parseColumnType } from '../../../src/mapping/parse-type.ts';
import { compile, planOf } from '../support.ts';
import { expr, mapRecords } from './rows.ts';

const problem = (text: string, parse = parseExpression) => {
  const parsed = parse(text);
  return 'message' in parsed ? [parsed.at, parsed.message] : null;
};

describe('what an expression names', () => {
  const named = (text: string) => {
    const parsed = parseExpression(text);
    if ('message' in parsed) throw new Error(parsed.message);
    return parsed.references.map((path) => path.join('|'));
  };
  it.each([
    ['tag.desc + name', ['tag|desc', 'name']],
    ['items[0].sku == items[0]["a.b"]', ['items|0|sku', 'items|0|a.b']],
    ['has(tag.desc) && tag.desc.size() > 1', ['tag|desc']],
    ['(tag).desc', ['tag']],
    ['a // b.c\n .d', ['a']],
    ['items[n].sku', ['items', 'n']],
    ['items.exists(i, i.sku == sku && i.tags.all(t, t != i.x))', ['items', 'sku']],
    ['i == 1 && items.map(i, i).size() == 1', ['i', 'items']],
    ['cel.bind(x, a.b, x + x) + x', ['a|b', 'x']],
    ['type == "order"', ['type']],
    ['type(a) == int', ['a']],
    ['__value__["a.b"] + __headers__["trace"]', ['__value__|a.b', '__headers__|trace']],
    ['"tag.desc" == r"x"', []],
    ['v_0 + a', ['v_0', 'a']],
  ])('%s', (text, names) => expect(named(text)).toEqual(names));

  it('is decoded, and nothing else', () => {
    const plan = planOf({
      columns: { x: 'STRING' },
      table: { columns: { x: { from: '', expr: 'tag.desc + string(__key__) + a' } }, filter: 'a != ""' },
    });
    expect(plan.decoders.value?.paths).toEqual([['tag', 'desc'], ['a']]);
    expect(plan.slots.map(({ from }) => from)).toEqual(['value', 'metadata', 'value', 'expr', 'expr']);
  });
});

describe('a mistake', () => {
  it.each([
    ['price * "x"', 0, 'no such overload: dyn * string'],
    ['__offset__ + "a"', 0, 'no such overload: int + string'],
    ['1 + nosuch(a)', 4, "found no matching overload for 'nosuch(dyn)'"],
    ['tag.desc.substring("x")  + foo(1)', 27, "found no matching overload for 'foo(int)'"],
    ['"abc".substring("x")', 0, "found no matching overload for 'string.substring(string)'"],
    ['a +', 3, 'Unexpected token: EOF'],
    ['package == 1', 0, 'Reserved identifier: package: a field of this name is written __value__["..."]'],
    ['name.matches("([a")', 13, 'the pattern "([a" cannot be used: missing closing ]: `[a`'],
    ['has(1 + 2)', 4, 'has() takes a field such as tag.desc'],
    ['a ? 1 : "x"', 0, "Ternary branches must have the same type, got 'int' and 'string'"],
    ['x'.repeat(LIMITS.expressionChars + 1), 0, 'it has more than 10000 characters'],
  ])('in %s is told with its place', (text, at, message) => expect(problem(text)).toEqual([at, message]));

  it('is shown with the line it stands in', () => {
    const text = 'a == 1 &&\n  foo(b)';
    const parsed = parseExpression(text);
    expect('message' in parsed && showProblem(text, parsed)).toBe(
      "found no matching overload for 'foo(dyn)'\n      foo(b)\n      ^",
    );
  });

  it('is a filter that gives no boolean', () => {
    expect(problem('a + "x"', parseFilter)).toEqual([0, 'a filter gives true or false, this gives string']);
    expect(problem('a', parseFilter)).toBeNull();
    expect(problem('a > 1', parseFilter)).toBeNull();
  });

  it('never ends a parser, whatever the text is', () => {
    const piece = fc.constantFrom(
      ...'a b 1 + ( ) [ ] . , : ? "x" && || has( .map(i, in null { } __value__ // \n'.split(' '),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const parsed = parseExpression(pieces.join(''));
        if ('message' in parsed) expect(parsed.message).not.toBe('');
      }),
      { numRuns: 500 },
    );
  });
});

describe('sources of an expression', () => {
  const problems = (text: string, value: 'json' | 'text' = 'json') =>
    compile({ columns: { x: 'STRING' }, table: { columns: { x: { from: '', expr: text } } }, value })
      .problems;
  it.each([
    ['__nothing__ == 1', /table\.columns\.x\.expr: there is no metadata __nothing__; known: /],
    ['__topic__.x == 1', /__topic__ has no fields/],
    ['__headers__[0] == 1', /write __headers__\["trace"\]/],
  ])('%s is refused', (text, expected) => expect(problems(text).join()).toMatch(expected));

  it('a field where the value has none is refused', () =>
    expect(problems('a', 'text').join()).toMatch(/decode\.value\.format is text, which has no field a/));
});

describe('values', () => {
  it('are those of the record', () => {
    const record = {
      value: '{"type":"order","tag":{"desc":"d"},"items":[{"sku":"s"}],"a.b":7,"__proto__":{"x":1},"n":null}',
      key: 'k1',
      headers: [
        ['trace', 'abc'],
        ['raw', Buffer.of(0xff)],
      ] as const,
      offset: 9_007_199_254_740_991,
      timestamp: 1_795_252_147_123,
    };
    const columns = {
      a: 'type + tag.desc + items[0].sku',
      b: '__value__["a.b"] + 1',
      c: '__key__ + __topic__ + string(__partition__)',
      d: '__offset__ - 1',
      e: '__timestamp__',
      f: '__headers__["trace"] + string(__headers__.size())',
      g: '__value__.size()',
      h: '__value__["__proto__"].x',
      i: 'string(has(nothing)) + string(has(n))',
      j: '__timestamp__.getHours("Asia/Shanghai")',
    };
    const [row] = mapRecords(
      {
        columns: Object.fromEntries(
          Object.keys(columns).map((name) => [name, name === 'e' ? 'TIMESTAMP' : 'STRING']),
        ),
        table: {
          columns: Object.fromEntries(
            Object.entries(columns).map(([name, text]) => [name, { from: '', expr: text }]),
          ),
        },
      },
      [record],
    );
    expect(row).toEqual({
      ...{ a: 'orderds', b: '8', c: 'k1orders3', d: '9007199254740990', e: [1_795_252_147, 123_000_000] },
      ...{ f: 'abc2', g: '6', h: '1', i: 'falsetrue', j: '17' },
    });
  });

  it('of 64 bits go through exactly', () => {
    const wide = fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(wide, (value) => {
        expect(expr('a', `{"a":${value}}`, 'BIGINT')).toBe(value);
        expect(expr('[a, 1][0]', `{"a":${value}}`, 'BIGINT')).toBe(value);
        expect(expr('string(a)', `{"a":${value}}`)).toBe(String(value));
      }),
      { numRuns: 100 },
    );
    expect(expr('a', '{"a":18446744073709551615}', 'DECIMAL(20,0)')).toBe('18446744073709551615');
    expect(expr('a + 1', '{"a":9223372036854775807}', 'BIGINT')).toMatchObject({
      code: 'expr_failed',
      message: 'integer overflow: 9223372036854775808',
    });
  });

  it.each([
    ['price * quantity', { price: 1.5, quantity: 3 }, '4.5'],
    ['price * quantity', { price: 2, quantity: 3 }, '6'],
    ['10 / 4', {}, '2'],
    ['10 / 4.0', {}, '2.5'],
    ['a == 1.0', { a: 1 }, 'true'],
    ['a > 1.5', { a: 2 }, 'true'],
    ['{"a": a, "b": [a, null, "x"]}', { a: 1 }, '{"a":1,"b":[1,null,"x"]}'],
    [
      'items.map(i, i.p * i.n)',
      {
        items: [
          { p: 2, n: 3 },
          { p: 1.5, n: 2 },
        ],
      },
      '[6,3]',
    ],
    ['tag', { tag: { z: 1, a: [true] } }, '{"z":1,"a":[true]}'],
    ['coalesce(a.b, c, "none")', { c: null }, 'none'],
    ['coalesce(a.b, c, "none")', { a: { b: 'x' } }, 'x'],
    ['"ÄbC".lowerAscii() + "ßa".upperAscii()', {}, 'ÄbcßA'],
    ['"𠮷野家".substring(0, 1) + "𠮷野家".substring(1)', {}, '𠮷野家'],
    ['string("𠮷野家".indexOf("家")) + string("a𠮷a".lastIndexOf("a"))', {}, '22'],
    ['string("aXbX".indexOf("X", 2)) + string("x".indexOf("y"))', {}, '3-1'],
    ['"a-b-c".replace("-", "$&") + "a-b-c".replace("-", "+", 1)', {}, 'a$&b$&ca+b-c'],
    ['" a,b ".trim().split(",").join("|")', {}, 'a|b'],
    ['int("42") + int(3.9)', {}, '45'],
    ['int(timestamp("2026-11-21T09:00:00+08:00"))', {}, '1795222800'],
    ['string(timestamp("2026-11-21T09:00:00.123456789Z"))', {}, '2026-11-21T09:00:00.123456789Z'],
    ['string(timestamp("2026-11-21T23:30:00Z").getDayOfWeek("Asia/Shanghai"))', {}, '0'],
    ['string(double("1e3")) + string(bool("true"))', {}, '1000true'],
    ['name.matches("^[a-z]+$")', { name: 'abc' }, 'true'],
    ['"x" in tags && !("z" in tags)', { tags: ['x', 'y'] }, 'true'],
    ['a.size() == 2 && a.all(x, x > 0) && a.exists_one(x, x == 2)', { a: [1, 2] }, 'true'],
  ])('%s of %j is %s', (text, value, expected) => expect(expr(text, value)).toEqual(toWritten(expected)));

  it('go on to the converter of the column, with its options', () => {
    const one = (type: string, options: object, text: string, value: unknown) =>
      mapRecords({ columns: { x: type }, table: { columns: { x: { from: '', expr: text, ...options } } } }, [
        { value: JSON.stringify(value) },
      ])[0];
    expect(one('BIGINT', { default: 7 }, 'a + 1', {})).toEqual({ x: 7n });
    expect(one('DATETIME', { timeFormat: 'yyyyMMdd', timeZone: 'UTC' }, 'd + "21"', { d: '202611' })).toEqual(
      {
        x: BigInt(Date.UTC(2026, 10, 21)),
      },
    );
    expect(one('TIMESTAMP', {}, 'timestamp(t)', { t: '2026-11-21T00:00:00.123456789Z' })).toEqual({
      x: [Date.UTC(2026, 10, 21) / 1000, 123_456_789],
    });
    expect(one('BOOLEAN', {}, 'a > 1', { a: 2 })).toEqual({ x: true });
    expect(one('BINARY', {}, 'bytes("ab")', {})).toEqual({ x: 'ab' });
    expect(one('TINYINT', {}, 'a * 100', { a: 2 })).toMatchObject({ code: 'out_of_range', column: 'x' });
    expect(one('BIGINT NOT NULL', {}, 'a + 1', {})).toMatchObject({ code: 'null_not_allowed', column: 'x' });
    expect(parseColumnType('BIGINT')).not.toBeNull();
  });
});

/** Texts are recorded as latin1. */
const toWritten = (text: string): string => Buffer.from(text).toString('latin1');

describe('missing and null', () => {
  it.each([
    ['a.b', {}],
    ['a.b + "x"', { a: {} }],
    ['items[5].sku', { items: [] }],
    ['items.map(i, i.price)', { items: [{}] }],
    ['a + 1', { a: null }],
    ['a && b', { a: true, b: null }],
    ['a ? "x" : "y"', { a: null }],
    ['size(a)', { a: null }],
    ['items.size()', { items: null }],
    ['null', {}],
  ])('%s of %j is NULL', (text, value) => expect(expr(text, value)).toBeUndefined());

  it.each([
    ['has(a.b) ? a.b : "none"', {}, 'none'],
    ['has(a.b.c) || has(d)', { d: null }, 'true'],
    ['a == null ? "null" : "not"', { a: null }, 'null'],
    ['!has(a) || a > 1', {}, 'true'],
    ['items.filter(i, has(i.p)).size()', { items: [{}, { p: 1 }] }, '1'],
  ])('%s of %j is %s', (text, value, expected) => expect(expr(text, value)).toBe(expected));

  it('are never those of the record before', () => {
    const input = {
      columns: { x: 'STRING' },
      table: { columns: { x: { from: '', expr: 'items.map(i, i.a + b)' } } },
    };
    const values = [
      '{"items":[{"a":"1"}],"b":"x"}',
      '{"items":[{"a":"2"},{}],"b":"y"}',
      '{"items":[]}',
      '{"items":[],"b":"z"}',
    ];
    const rows = mapRecords(
      input,
      values.map((value) => ({ value })),
    );
    expect(rows).toEqual([{ x: '["1x"]' }, {}, { x: '[]' }, { x: '[]' }]);
  });
});

describe('an expression that fails', () => {
  it.each(['a * 2.0', 'a > 1.0', 'o.a', 'string(a)'])(
    '%s: a number that no double holds is dirty',
    (text) => {
      const row = expr(text, '{"a":1e400,"o":{"a":-1e400}}');
      expect(row).toMatchObject({ code: 'expr_failed', message: expect.stringMatching(/range of a double/) });
    },
  );

  it.each([
    ['a / 0', { a: 1 }, /division by zero/],
    ['a + 1', { a: 'x' }, /no such overload: dyn<string> \+ dyn<int>|no such overload: .*string/],
    ['int(a)', { a: 'x' }, /no whole number/],
    ['int(a)', { a: '' }, /no whole number/],
    ['a.substring(0, 9)', { a: 'abc' }, /outside the text/],
    ['timestamp(a)', { a: '2026-11-21' }, /ISO 8601/],
    ['a.matches(b)', { a: 'x', b: '([' }, /cannot be used/],
    ['type(a)', { a: 1 }, /no column takes/],
  ])('%s of %j is dirty, with the reason', (text, value, message) =>
    expect(expr(text, value)).toMatchObject({
      code: 'expr_failed',
      column: 'x',
      message: expect.stringMatching(message),
    }),
  );

  it('ends when its comprehensions take too many steps, also where errors are passed over', () => {
    const items = Array.from({ length: 2_000 }, (_, i) => i);
    for (const text of [
      'items.map(a, items.map(b, a * b)).size()',
      'items.exists(a, items.exists(b, a + b < 0))',
      'items.all(a, items.all(b, a + b >= 0))',
      'items.all(a, items.exists_one(b, a == b) || items.map(c, c).size() == 1)',
      'items.filter(a, items.filter(b, a > b).size() > 0).size()',
    ])
      expect(expr(text, { items })).toMatchObject({ code: 'expr_failed' });
    expect(expr('items.map(a, a * 2).size()', { items })).toBe('2000');
  });

  it('rejects only its record', () => {
    const input = { columns: { x: 'BIGINT' }, table: { columns: { x: { from: '', expr: '10 / a' } } } };
    const rows = mapRecords(input, [{ value: '{"a":0}' }, { value: '{"a":5}' }]);
    expect(rows).toEqual([expect.objectContaining({ code: 'expr_failed', stage: 'type' }), { x: 2n }]);
  });
});

describe('a filter', () => {
  const input = (filter: string) => ({
    columns: { a: 'STRING' },
    table: { columns: { a: { from: 'a' } }, filter },
  });
  it('keeps the rows for which it is true', () => {
    const values = ['{"a":"x","n":1}', '{"a":"y","n":2}', '{"a":"z"}', '{"a":"w","n":null}'];
    const rows = mapRecords(
      input('n > 1'),
      values.map((value) => ({ value })),
    );
    expect(rows).toEqual([null, { a: 'y' }, null, null]);
  });

  it('that fails, or gives something else, rejects the record', () => {
    const rows = mapRecords(input('n'), [{ value: '{"n":"yes"}' }, { value: '{"n":true}' }]);
    expect(rows).toEqual([
      expect.objectContaining({
        code: 'filter_failed',
        stage: 'map',
        message: 'it gives "yes", neither true nor false',
      }),
      {},
    ]);
    expect(mapRecords(input('1 / n == 1'), [{ value: '{"n":0}' }])).toMatchObject([
      { code: 'filter_failed' },
    ]);
  });

  it('sees metadata alone, too', () => {
    const rows = mapRecords(
      {
        columns: { o: 'BIGINT' },
        table: { columns: { o: { from: '__offset__' } }, filter: '__offset__ % 2 == 0' },
      },
      [{ value: null }, { value: null }, { value: null }],
    );
    expect(rows).toEqual([{ o: 0n }, null, { o: 2n }]);
  });
});
