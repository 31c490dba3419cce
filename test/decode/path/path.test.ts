import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Path, parsePath, type Step } from '../../../src/decode/path/path.ts';

describe('parsePath', () => {
  it.each<[string, Path]>([
    ['id', ['id']],
    ['tag.desc', ['tag', 'desc']],
    ['items[0].sku', ['items', 0, 'sku']],
    ['grid[1][20]', ['grid', 1, 20]],
    ['[0].id', [0, 'id']],
    ['`a.b`.c', ['a.b', 'c']],
    ['x.`a``b`[2]', ['x', 'a`b', 2]],
    ['王.name with spaces.@x-y', ['王', 'name with spaces', '@x-y']],
    ['items.0', ['items', '0']],
    ['__proto__.constructor', ['__proto__', 'constructor']],
  ])('reads %s', (text, path) => {
    expect(parsePath(text)).toEqual(path);
  });

  it.each<[string, string]>([
    ['', 'a name at character 1'],
    ['a..b', 'a name at character 3'],
    ['.a', 'a name at character 1'],
    ['a.', 'a name at character 3'],
    ['a[-1]', 'an index like [0] at character 2'],
    ['a[01]', 'an index like [0] at character 2'],
    ['a[b]', 'an index like [0] at character 2'],
    ['a[0]b', '`.`, `[` or the end at character 5'],
    ['`a', 'a name at character 1'],
    ['``', 'a name at character 1'],
    ['a]', '`.`, `[` or the end at character 2'],
    ['a.[0]', 'an index like [0] at character 3'],
  ])('refuses %j and says where', (text, message) => {
    expect(() => parsePath(text)).toThrow(message);
  });

  it('reads back every path that is written out', () => {
    const step = fc.oneof(fc.string({ minLength: 1 }), fc.nat({ max: 999_999_999 }));
    fc.assert(
      fc.property(fc.array(step, { minLength: 1 }), (path) => {
        expect(parsePath(write(path))).toEqual(path);
      }),
    );
  });

  it('never fails in another way than by an Error that shows the path', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab.[]`01') }), (text) => {
        try {
          expect(parsePath(text).length).toBeGreaterThan(0);
        } catch (error) {
          expect((error as Error).message).toContain(JSON.stringify(text));
        }
      }),
    );
  });
});

function write(path: readonly Step[]): string {
  return path.reduce<string>((text, step, i) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return `${text}${i > 0 ? '.' : ''}\`${step.replaceAll('`', '``')}\``;
  }, '');
}
