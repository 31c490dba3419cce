import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import { type Path, parsePath, type Step } from '../../../src/decode/path/path.ts';
import { LIMITS } from '../../../src/limits.ts';
import { type Decoded, decodeOnce, type Plain, run } from '../cells.ts';

function decode(text: string | Uint8Array, ...paths: (string | Path)[]): Decoded {
  const steps = paths.map((path) => (typeof path === 'string' ? parsePath(path) : path));
  return decodeOnce({ format: 'json', paths: steps }, typeof text === 'string' ? Buffer.from(text) : text);
}

function dirty(text: string | Uint8Array, ...paths: (string | Path)[]): string | null {
  const result = decode(text, ...paths);
  return 'dirty' in result ? result.dirty : null;
}

describe('the cells of a JSON value', () => {
  it('carry the source text of what is mapped', () => {
    const text =
      '{ "id" : 9223372036854775807,"price":-12.50, "e":1E+3,"ok":true,"no":false,"nil":null,"name":"\u738b\u{1F600}",' +
      '"tag":{ "desc":"x" , "n":[1, 2]},"items":[{"sku":"A"},{"sku":"B"}],"skipped":{"id":3}}';
    const paths = [
      'id',
      'price',
      'e',
      'ok',
      'no',
      'nil',
      'name',
      'tag',
      'tag.desc',
      'tag.n[1]',
      'items[1].sku',
      'none',
    ];
    expect(decode(text, ...paths)).toEqual({
      cells: [
        { number: '9223372036854775807' },
        { number: '-12.50' },
        { number: '1E+3' },
        true,
        false,
        null,
        { string: '\u738b\u{1F600}' },
        { json: '{ "desc":"x" , "n":[1, 2]}' },
        { string: 'x' },
        { number: '2' },
        { string: 'B' },
        undefined,
      ],
    });
  });

  it('are all filled when several columns take one path', () => {
    expect(decode('{"a":"x\\n"}', 'a', 'a')).toEqual({ cells: [{ string: 'x\n' }, { string: 'x\n' }] });
  });

  it('hold the whole value for the empty path, whatever it is', () => {
    expect(decode(' [1, 2] ', [])).toEqual({ cells: [{ json: '[1, 2]' }] });
    expect(decode('-0', [])).toEqual({ cells: [{ number: '-0' }] });
    expect(decode('"\\u00e9"', [])).toEqual({ cells: [{ string: 'é' }] });
  });

  it('match names exactly, unescaped first', () => {
    expect(decode('{"ID":1,"\\u0069d":2}', 'id', 'ID')).toEqual({
      cells: [{ number: '2' }, { number: '1' }],
    });
    expect(decode('{"a\\b":1}', ['a\\b'], ['a\b'])).toEqual({ cells: [undefined, { number: '1' }] });
    expect(
      decode('{"__proto__":1,"constructor":{"name":2}}', '__proto__', 'constructor.name', 'toString'),
    ).toEqual({
      cells: [{ number: '1' }, { number: '2' }, undefined],
    });
  });

  it('tell an index from a member of the same name', () => {
    expect(decode('{"a":{"0":1},"b":[1]}', 'a[0]', 'a.0', 'b[0]', 'b.0')).toEqual({
      cells: [undefined, { number: '1' }, { number: '1' }, undefined],
    });
  });

  it('hold the last of equal keys, also of parents', () => {
    expect(decode('{"a":1,"a":"x"}', 'a')).toEqual({ cells: [{ string: 'x' }] });
    expect(decode('{"a":{"b":1,"c":2},"a":{"c":3}}', 'a.b', 'a.c')).toEqual({
      cells: [undefined, { number: '3' }],
    });
    expect(decode('{"a":{"b":1},"\\u0061":null}', 'a.b', 'a')).toEqual({ cells: [undefined, null] });
    expect(decode('{"a":[{"b":1}],"a":[]}', 'a[0].b')).toEqual({ cells: [undefined] });
    expect(decode('{"a":"\\ud800","a":"fine"}', 'a')).toEqual({ cells: [{ string: 'fine' }] });
  });
});

describe('a dirty JSON value', () => {
  it.each([
    '',
    ' ',
    '{',
    '{"a":1',
    '{"a":1}x',
    '{"a":01}',
    '{"a":+1}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":1e}',
    '{"a":tru}',
  ])('is invalid_json: %j', (text) => expect(dirty(text, 'a')).toBe('invalid_json'));
  it.each([
    '{"a":"\n"}',
    '{"a":"\\x"}',
    '{"b":"\\u12G4"}',
    '{"a":1,}',
    "{'a':1}",
    '\ufeff\ufeff{}',
    '{"a":NaN}',
    '{"a":1}\0',
  ])('is invalid_json: %j', (text) => expect(dirty(text, 'a')).toBe('invalid_json'));

  it('is told from what follows it in the chunk', () => {
    for (const text of ['1', 'tru', '"a', '{"a":1', '[1,']) {
      for (const behind of ['', '2', 'e"', '"}', ':1}', ']']) {
        const result = decodeOnce({ format: 'json', paths: [[]] }, Buffer.from(text), behind);
        expect(result).toEqual(
          text === '1' ? { cells: [{ number: '1' }] } : expect.objectContaining({ dirty: 'invalid_json' }),
        );
      }
    }
  });

  it('may begin with a byte order mark', () => {
    expect(decode('\ufeff{"a":1}', 'a')).toEqual({ cells: [{ number: '1' }] });
    expect(decode('\ufeff', 'a')).toMatchObject({ dirty: 'invalid_json' });
    for (const broken of [[0xef], [0xef, 0xbb], [0xef, 0xbb, 0x7b]])
      expect(decodeOnce({ format: 'json', paths: [['a']] }, Uint8Array.from(broken))).toMatchObject({
        dirty: 'invalid_utf8',
      });
  });

  it('says where it went wrong', () => {
    expect(decode('{"a":1;}', 'a')).toMatchObject({ message: "unexpected ';' at byte 7 of 8" });
    expect(decode('{"a":1', 'a')).toMatchObject({ message: 'unexpected end after 6 bytes' });
  });

  it('is not_an_object when a field is mapped', () => {
    for (const text of ['1', '"x"', 'null', '[]']) expect(dirty(text, 'a')).toBe('not_an_object');
    expect(dirty('{}', '[0]')).toBe('not_an_object');
    expect(dirty('[{"a":1}]', '[0].a')).toBe(null);
    expect(dirty('1 2', 'a')).toBe('invalid_json');
  });

  it('is too_deep beyond the limit, in mapped and other parts', () => {
    const nested = (depth: number) => `${'[{"x":'.repeat(depth / 2)}0${'}]'.repeat(depth / 2)}`;
    for (const paths of [[[]], [['a']]] as Path[][]) {
      expect(dirty(nested(LIMITS.depth), ...(paths[0]?.length === 0 ? paths : []))).toBe(null);
      expect(dirty(`{"a":${nested(LIMITS.depth)}}`, ...paths)).toBe('too_deep');
    }
    expect(dirty('['.repeat(1_000_000), [])).toBe('too_deep');
  });

  it('is invalid_utf8 for broken bytes anywhere and for half a surrogate pair in a mapped string', () => {
    expect(dirty(Buffer.from('{"b":"\xe9"}', 'latin1'), 'a')).toBe('invalid_utf8');
    expect(dirty(Buffer.from('{"a":"\xed\xa0\x80"}', 'latin1'), 'a')).toBe('invalid_utf8');
    expect(dirty('{"a":"\\ud83d"}', 'a')).toBe('invalid_utf8');
    expect(dirty('{"a":"\\ude00\\ud83d"}', 'a')).toBe('invalid_utf8');
    expect(dirty('{"a":"\\ud83d\\u0041"}', 'a')).toBe('invalid_utf8');
    expect(dirty('{"b":"\\ud83d","\\ud83d":1}', 'a')).toBe(null);
    expect(decode('{"a":"\\ud83d\\ude00"}', 'a')).toEqual({ cells: [{ string: '\u{1F600}' }] });
  });
});

describe('records of one chunk', () => {
  it('are checked for UTF-8 one by one when the chunk as a whole is not valid, and not across their ends', () => {
    const paths: Path[] = [['a']];
    const texts = ['{"a":"é"}\0', '{"a":"\xff"}\0', '{"a":"x"}\0'];
    for (const broken of [texts, [texts[0]!, texts[2]!]]) {
      const parts = broken.map((text) => Buffer.from(text, text.includes('\xff') ? 'latin1' : 'utf8'));
      const bytes = new Uint8Array(Buffer.concat(parts));
      const decoder = createDecoder({ format: 'json', paths });
      decoder.beginChunk?.(bytes, bytes.length);
      let at = 0;
      const results = parts.map((part) => {
        at += part.length;
        return run(decoder, paths, bytes, at - part.length, at - 1);
      });
      expect(results.map((result) => ('dirty' in result ? result.dirty : result.cells))).toEqual(
        broken.map((text) => (text.includes('\xff') ? 'invalid_utf8' : [{ string: text.slice(6, 7) }])),
      );
    }
    const cut = new Uint8Array(Buffer.from('é"\0'));
    const decoder = createDecoder({ format: 'text', paths: [[]] });
    decoder.beginChunk?.(cut, cut.length);
    expect(run(decoder, [[]], cut, 0, 1)).toMatchObject({ dirty: 'invalid_utf8' });
    expect(run(decoder, [[]], cut, 1, 3)).toMatchObject({ dirty: 'invalid_utf8' });
    expect(run(decoder, [[]], cut, 0, 2)).toEqual({ cells: [{ string: 'é' }] });
  });

  it('leave the cells of several escaped texts intact while the memory for them grows', () => {
    const long = `${'é'.repeat(3000)}\n`;
    const names = ['a', 'b', 'c', 'd'];
    const text = JSON.stringify(Object.fromEntries(names.map((name, i) => [name, long + i])));
    expect(decode(text, ...names)).toEqual({ cells: names.map((_, i) => ({ string: long + i })) });
  });
});

/** What JSON.parse finds at a path; numbers by value. */
function lookUp(value: unknown, path: readonly Step[]): unknown {
  return path.reduce<unknown>((at, step) => {
    if (typeof at !== 'object' || at === null || Array.isArray(at) !== (typeof step === 'number'))
      return undefined;
    return Object.hasOwn(at, step) ? (at as Record<Step, unknown>)[step] : undefined;
  }, value);
}

function isAsFound(cell: Plain, found: unknown): boolean {
  if (typeof found === 'number') return Object.is(Number((cell as { number: string }).number), found);
  if (typeof found === 'string') return (cell as { string: string }).string === found;
  if (typeof found !== 'object' || found === null) return cell === found;
  return JSON.stringify(JSON.parse((cell as { json: string }).json)) === JSON.stringify(found);
}

const NAMES = ['a', 'b', 'id', 'a.b', '__proto__', 'é', '"', 'name\n'];
const PATHS: Path[] = [
  [],
  ...NAMES.map((name) => [name]),
  ['a', 'b'],
  ['a', 0],
  ['b', 1, 'a'],
  ['a', 'a', 'id'],
  ['id', 0, 0],
];

function check(bytes: Uint8Array): void {
  const decoded = PATHS.map((path) => decodeOnce({ format: 'json', paths: [path] }, bytes));
  const together = decodeOnce({ format: 'json', paths: PATHS.filter((path) => path[0] !== 0) }, bytes);
  if (!isUtf8(bytes)) {
    expect(together).toMatchObject({ dirty: 'invalid_utf8' });
    return;
  }
  let value: unknown;
  try {
    // fatal: what JSON.parse sees is exactly what the bytes say, without one byte order mark
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    expect(decoded).toEqual(PATHS.map(() => expect.objectContaining({ dirty: 'invalid_json' })));
    return;
  }
  PATHS.forEach((path, i) => {
    checkPath(value, path, decoded[i]!);
  });
  const alone = decoded.filter((_, i) => PATHS[i]![0] !== 0);
  if (alone.every((result) => 'cells' in result)) {
    expect(together).toEqual({ cells: alone.flatMap((result) => ('cells' in result ? result.cells : [])) });
  } else expect(together).toHaveProperty('dirty');
}

function checkPath(value: unknown, path: Path, result: Decoded): void {
  const found = lookUp(value, path);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if ('cells' in result) expect([path, isAsFound(result.cells[0], found)]).toEqual([path, true]);
  else if (typeof found === 'string' && !isWellFormed(found)) expect(result.dirty).toBe('invalid_utf8');
  else expect([path, result.dirty, isObject]).toEqual([path, 'not_an_object', false]);
}

function isWellFormed(text: string): boolean {
  return Buffer.from(text, 'utf8').toString('utf8') === text;
}

const leaf = fc.oneof(
  fc.string({
    unit: fc.oneof(fc.constantFrom(...'"\\/\b\f\n\r\t\u0001\u007f'), fc.string({ unit: 'grapheme' })),
  }),
  fc.string({ unit: 'binary' }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const { document } = fc.letrec<{ document: unknown }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('document'), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), tie('document')), { selector: ([name]) => name })
      .map((members) => {
        const object = {};
        for (const [key, value] of members) Object.defineProperty(object, key, { value, enumerable: true });
        return object;
      }),
  ),
}));
/** JSON with random white space, escapes and repeated members. */
const jsonText = fc
  .tuple(document, fc.infiniteStream(fc.nat({ max: 5 })))
  .map(([value, choices]) => write(value, choices));

function write(value: unknown, choices: Iterator<number>): string {
  const choose = () => choices.next().value as number;
  const space = () => ['', '', '', ' ', '\n\t', '\r '][choose()]!;
  const text = (of: string) =>
    [...JSON.stringify(of)]
      .map((c) => (choose() === 0 && c > '#' && c !== '\\' && !/[bfnrtu/\d]/.test(c) ? escaped(c) : c))
      .join('');
  if (typeof value === 'string') return space() + text(value) + space();
  if (Array.isArray(value))
    return `${space()}[${value.map((item) => write(item, choices)).join(',') || space()}]${space()}`;
  if (typeof value !== 'object' || value === null) return space() + JSON.stringify(value) + space();
  const members = Object.entries(value).map(
    ([key, item]) => `${space()}${text(key)}${space()}:${write(item, choices)}`,
  );
  if (choose() === 0) members.push(...members.slice(0, 1));
  return `${space()}{${members.join(',') || space()}}${space()}`;
}

function escaped(character: string): string {
  return [...Array(character.length).keys()]
    .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
    .join('');
}

describe('against JSON.parse', () => {
  it('finds the same values in every document', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        check(Buffer.from(text));
      }),
      { numRuns: 1500 },
    );
  });

  it('accepts a mutated document if and only if JSON.parse does', () => {
    const interesting = [
      ...Buffer.from('{}[]":,\\/ \n\t0123456789.-+eEtrufalsn\0\u00e9\u738b\ufeff'),
      0x80,
      0xc0,
      0xff,
    ];
    const mutation = fc.tuple(
      fc.constantFrom('put', 'insert', 'delete', 'cut'),
      fc.nat(),
      fc.constantFrom(...interesting),
    );
    fc.assert(
      fc.property(jsonText, fc.array(mutation, { minLength: 1, maxLength: 3 }), (text, mutations) => {
        let bytes = [...Buffer.from(text)];
        for (const [what, where, byte] of mutations) {
          const at = where % (bytes.length + 1);
          if (what === 'cut') bytes = bytes.slice(0, at);
          else bytes.splice(at, what === 'insert' ? 0 : 1, ...(what === 'delete' ? [] : [byte]));
        }
        check(Uint8Array.from(bytes));
      }),
      { numRuns: 2500 },
    );
  });

  it('agrees on numbers', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0019-+.eE'), minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(text, (number) => {
        check(Buffer.from(number));
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees on escapes', () => {
    const piece = fc.constantFrom(
      '\\',
      'u',
      'd83d',
      'de00',
      '\\ud83d',
      '\\ude00',
      '\\u00',
      'n',
      '"',
      'x',
      '\\u0041',
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        check(Buffer.from(`{"a":"${pieces.join('')}"}`));
      }),
      { numRuns: 2000 },
    );
  });
});
