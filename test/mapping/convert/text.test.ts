import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boolean,
  bytes,
  convert,
  day,
  double,
  instant,
  integer,
  jsonText,
  local,
  number,
  string,
} from '../support.ts';

const latin1 = (text: string) => Buffer.from(text).toString('latin1');

describe('text columns', () => {
  it('copy valid UTF-8 as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(convert('STRING', string(text))).toBe(latin1(text));
        expect(convert('STRING', bytes(Buffer.from(text)))).toBe(latin1(text));
        expect(convert('BINARY', string(text))).toBe(latin1(text));
      }),
    );
  });

  it('take the source text of everything else', () => {
    expect(convert('STRING', number('-1.50e3'))).toBe('-1.50e3');
    expect(convert('STRING', jsonText('{"a": [1, 2]}'))).toBe('{"a": [1, 2]}');
    expect(convert('STRING', boolean(false))).toBe('false');
    expect(convert('STRING', integer(-(2n ** 63n)))).toBe('-9223372036854775808');
    expect(convert('STRING', double(0.1))).toBe('0.1');
    expect(convert('STRING', instant(1_714_979_289, 120_000_000))).toBe('2024-05-06T07:08:09.12Z');
    expect(convert('STRING', local(1_714_979_289))).toBe('2024-05-06T07:08:09');
    expect(convert('STRING', day(-1))).toBe('1969-12-31');
  });

  it('refuse bytes that are no UTF-8, of any length', () => {
    for (const length of [1, 20, 100]) {
      const wrong = Buffer.alloc(length, 97);
      wrong[length - 1] = 0xff;
      expect(convert('STRING', bytes(wrong))).toEqual({ code: 'invalid_utf8' });
      expect(convert('VARCHAR(200)', bytes(wrong))).toEqual({ code: 'invalid_utf8' });
      expect(convert('BINARY', bytes(wrong))).toBe(wrong.toString('latin1'));
    }
  });

  it('count characters, not bytes, for VARCHAR and CHAR', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 30 }),
        fc.integer({ min: 1, max: 30 }),
        (text, length) => {
          fc.pre(Buffer.from(text).toString() === text);
          const expected = [...text].length <= length ? latin1(text) : { code: 'too_long' };
          expect(convert(`VARCHAR(${length})`, string(text))).toEqual(expected);
          expect(convert(`CHAR(${length})`, string(text))).toEqual(expected);
        },
      ),
    );
  });

  it('refuse more bytes than a field takes', () => {
    for (const type of ['STRING', 'BINARY', 'VARCHAR(1000)']) {
      expect(convert(type, string('abcde'), { maxFieldBytes: 5 })).toBe('abcde');
      expect(convert(type, string('abcdef'), { maxFieldBytes: 5 })).toEqual({ code: 'too_long' });
    }
    expect(convert('JSON', jsonText('[1,2]'), { maxFieldBytes: 4 })).toEqual({ code: 'too_long' });
  });

  it('BINARY takes texts and bytes only', () => {
    for (const cell of [number('1'), boolean(true), jsonText('[]'), instant(0)]) {
      expect(convert('BINARY', cell)).toEqual({ code: 'wrong_type' });
    }
  });
});

describe('JSON columns', () => {
  it('turn a text into a JSON string that reads back as the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        fc.pre(Buffer.from(text).toString() === text);
        const written = convert('JSON', string(text), { maxFieldBytes: 10_000 }) as string;
        expect(JSON.parse(Buffer.from(written, 'latin1').toString('utf8'))).toBe(text);
      }),
    );
  });

  it('send numbers, booleans, objects and arrays verbatim', () => {
    expect(convert('JSON', number('1.50'))).toBe('1.50');
    expect(convert('JSON', jsonText('{ "a":1 }'))).toBe('{ "a":1 }');
    expect(convert('JSON', boolean(true))).toBe('true');
    expect(convert('JSON', integer(5))).toBe('5');
    expect(convert('JSON', string('{"a":1}'))).toBe(JSON.stringify('{"a":1}'));
    expect(convert('JSON', instant(0))).toBe('"1970-01-01T00:00:00Z"');
  });

  it('refuse what JSON has no text for', () => {
    expect(convert('JSON', double(Number.NaN))).toEqual({ code: 'bad_json_text' });
    expect(convert('JSON', bytes(Buffer.from('{}')))).toEqual({ code: 'wrong_type' });
  });
});

describe('BOOLEAN columns', () => {
  it('take true and false, 0 and 1', () => {
    for (const cell of [
      boolean(true),
      string('TRUE'),
      string('true'),
      number('1'),
      number('1.0'),
      number('10e-1'),
      integer(1),
      double(1),
    ]) {
      expect(convert('BOOLEAN', cell)).toBe(true);
    }
    for (const cell of [
      boolean(false),
      string('False'),
      number('0'),
      number('-0.0'),
      integer(0),
      double(0),
    ]) {
      expect(convert('BOOLEAN', cell)).toBe(false);
    }
  });

  it('refuse everything else', () => {
    for (const cell of [
      number('2'),
      number('-1'),
      number('0.1'),
      number('10'),
      string('yes'),
      string('1'),
      string(''),
      integer(2n ** 62n),
      double(Number.NaN),
      jsonText('[]'),
      day(1),
    ]) {
      expect(convert('BOOLEAN', cell)).toEqual({ code: 'wrong_type' });
    }
  });
});
