import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeadLetter, deadLetterLine, parseDeadLetter } from '../../src/deadletter/dead-letter.ts';

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text, 'utf8')),
);
const letters: fc.Arbitrary<DeadLetter> = fc.record({
  topic: fc.constantFrom('orders', 'a.b-c_d'),
  partition: fc.nat(9999),
  offset: fc.maxSafeNat(),
  timestamp: fc.option(fc.maxSafeInteger()),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.record({ name: fc.string({ unit: 'binary' }), value: fc.option(bytes) }), {
    maxLength: 4,
  }),
  stage: fc.constant('decode'),
  code: fc.constant('invalid_json'),
  column: fc.option(fc.string()),
  message: fc.string({ unit: 'binary' }),
  sample: fc.option(fc.string({ unit: 'binary' })),
});

const lineOf = (letter: DeadLetter) => [...deadLetterLine(letter)].join('');
const hex = (b: Uint8Array | null) => b && Buffer.from(b).toString('hex');
const plain = (letter: DeadLetter) => ({
  ...letter,
  key: hex(letter.key),
  value: hex(letter.value),
  headers: letter.headers.map((h) => ({ name: h.name, value: hex(h.value) })),
});
const letterOf = (value: Uint8Array | null): DeadLetter => ({
  topic: 'orders',
  partition: 2,
  offset: 77,
  timestamp: null,
  key: null,
  value,
  headers: [],
  stage: 'decode',
  code: 'invalid_json',
  column: null,
  message: 'm',
  sample: null,
});

describe('a dead letter as a line', () => {
  it('gives back every byte of key, value and headers', () => {
    fc.assert(
      fc.property(letters, (letter) => {
        const line = lineOf(letter);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(plain(parseDeadLetter(line))).toEqual(plain(letter));
      }),
    );
  });

  it('is readable where the bytes are UTF-8, and base64 where not', () => {
    expect(JSON.parse(lineOf(letterOf(Buffer.from('{"a": ü'))))).toMatchObject({
      id: 'orders-2-77',
      value: { text: '{"a": ü' },
    });
    expect(JSON.parse(lineOf(letterOf(Buffer.of(0xff, 0xfe)))).value).toEqual({ base64: '//4=' });
    expect(JSON.parse(lineOf(letterOf(Buffer.from('\ufeffx')))).value).toEqual({ text: '\ufeffx' });
  });

  it('tells a null value from an empty one', () => {
    expect(JSON.parse(lineOf(letterOf(null))).value).toBeNull();
    expect(JSON.parse(lineOf(letterOf(Buffer.alloc(0)))).value).toEqual({ text: '' });
  });

  it('writes a large value in pieces of bounded size', () => {
    const value = Buffer.alloc(5 * 1024 * 1024 + 1, 'a\u0001');
    const pieces = [...deadLetterLine(letterOf(value))];
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(300_000);
    expect(value.equals(parseDeadLetter(pieces.join('')).value!)).toBe(true);
  });
});
