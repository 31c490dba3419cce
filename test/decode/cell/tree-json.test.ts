import { describe, expect, it } from 'vitest';
import {
  BOOLEAN,
  type Cell,
  DAY,
  DOUBLE,
  INSTANT,
  JSON_TEXT,
  LOCAL,
  MISSING,
  NULL,
  TIME,
} from '../../../src/decode/cell/cell.ts';
import { treeJson } from '../../../src/decode/cell/tree-json.ts';
import { bytes, integer, items, members, number, ofKind, string, text } from '../trees.ts';

const json = (cell: Cell, limit?: number): string => treeJson(cell.tree!, limit);

describe('a tree as JSON text', () => {
  it('keeps all digits of numbers', () => {
    const cell = items(integer(9223372036854775807n), integer(-5), number('-12.50'), ofKind(DOUBLE, 0.1));
    expect(json(cell)).toBe('[9223372036854775807,-5,-12.50,0.1]');
  });

  it('writes what JSON has no number for as text, and the sign of zero', () => {
    const doubles = [Number.NaN, Number.NEGATIVE_INFINITY, -0, 1e300];
    expect(json(items(...doubles.map((value) => ofKind(DOUBLE, value))))).toBe(
      '["NaN","-Infinity",-0,1e+300]',
    );
  });

  it('writes bytes in base64 and escapes texts', () => {
    expect(json(items(bytes(0, 255, 16), bytes(), string('a"\n\u{1f600}')))).toBe(
      '["AP8Q","","a\\"\\n\u{1f600}"]',
    );
  });

  it('writes times as ISO 8601', () => {
    const times = [
      ofKind(INSTANT, -1, 500_000_000),
      ofKind(LOCAL, 0),
      ofKind(DAY, -719_162),
      ofKind(TIME, 30_600, 123_000_000),
    ];
    expect(json(items(...times))).toBe(
      '["1969-12-31T23:59:59.5Z","1970-01-01T00:00:00","0001-01-01","08:30:00.123"]',
    );
    expect(json(items(ofKind(DAY, 2_932_897), ofKind(DAY, -719_529)))).toBe(
      '["+010000-01-01","-000001-12-31"]',
    );
  });

  it('leaves missing members out and keeps nulls', () => {
    expect(json(members(['a', ofKind(MISSING)], ['b', ofKind(NULL)], ['c', ofKind(BOOLEAN, 1)]))).toBe(
      '{"b":null,"c":true}',
    );
    expect(json(items(ofKind(MISSING), ofKind(NULL)))).toBe('[null,null]');
  });

  it('keeps the last of equal names, and any name', () => {
    const cell = members(['a', integer(1)], ['__proto__', integer(2)], ['a', integer(3)], ['"', items()]);
    expect(json(cell)).toBe('{"__proto__":2,"a":3,"\\"":[]}');
  });

  it('nests, also source text of JSON', () => {
    expect(json(members(['x', items(members(), text(JSON_TEXT, '{"q": [1]}'))]))).toBe(
      '{"x":[{},{"q": [1]}]}',
    );
  });

  it('ends soon behind the limit', () => {
    const cell = items(...Array.from({ length: 1000 }, () => items(string('0123456789'))));
    expect(json(cell, 100).length).toBeGreaterThan(100);
    expect(json(cell, 100).length).toBeLessThan(130);
    expect(json(cell).length).toBe(15_001);
  });
});
