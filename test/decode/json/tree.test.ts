import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { treeJson } from '../../../src/decode/cell/tree-json.ts';
import { jsonTree } from '../../../src/decode/json/tree.ts';
import { plain } from '../cells.ts';

/** The tree of a text that stands between other bytes. */
const tree = (text: string, behind = '9e') => {
  const bytes = Buffer.from(`7${text}${behind}`);
  return jsonTree(bytes, 1, bytes.length - Buffer.byteLength(behind));
};
const read = (text: string) => plain(tree(text)!);

describe('JSON text as a tree', () => {
  it('gives objects, arrays and scalars', () => {
    expect(read(' {"a": [1, -2.50e3 ,"x", true,false, null], "b" :{ } } ')).toEqual({
      members: [
        ['a', { items: [{ number: '1' }, { number: '-2.50e3' }, { string: 'x' }, true, false, null] }],
        ['b', { members: [] }],
      ],
    });
    expect(read('[]')).toEqual({ items: [] });
    expect(read('[ [ ] , [[0]] ]')).toEqual({
      items: [{ items: [] }, { items: [{ items: [{ number: '0' }] }] }],
    });
  });

  it('gives a scalar at the top as its own cell, whatever stands behind it', () => {
    expect(read('12')).toEqual({ number: '12' });
    expect(plain(tree('12', 'e')!)).toEqual({ number: '12' });
    expect(read(' -1.5 ')).toEqual({ number: '-1.5' });
    expect(read('null')).toBe(null);
    expect(read('"a"')).toEqual({ string: 'a' });
  });

  it('unescapes strings and names, and keeps equal and hostile names', () => {
    expect(read('{"\\u0061\\n":"\\ud83d\\ude00","a":1,"a":2,"__proto__":3}')).toEqual({
      members: [
        ['a\n', { string: '\u{1f600}' }],
        ['a', { number: '1' }],
        ['a', { number: '2' }],
        ['__proto__', { number: '3' }],
      ],
    });
  });

  it('refuses half a surrogate pair, in a value or a name', () => {
    expect(tree('["\\ud800"]')).toBe(null);
    expect(tree('{"\\udc00":1}')).toBe(null);
  });

  it('is what JSON.parse understands', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.integer({ min: 0, max: 3 }), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), null, indent);
        const cell = tree(spaced)!;
        const back = cell.tree ? treeJson(cell.tree) : null;
        if (back !== null) expect(JSON.parse(back)).toEqual(JSON.parse(text));
      }),
    );
  });
});
